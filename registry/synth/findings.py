"""Phenotypes, endoscopies, operations and other conditions, with their rows."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from registry.synth.child import Child
from registry.synth.course import Course
from registry.synth.days import iso
from registry.synth.edges import Edge
from registry.synth.pools import Pools
from registry.synth.tables import Rows
from registry.vocabulary import CONTRAINDICATIONS

# Shares as in the study's Table 1: L1 20, L2 29, L3 51 %; B1 62, B2 23, B3 10, B2B3 4 %.
LOCATIONS = (*["L1"] * 4, *["L2"] * 6, *["L3"] * 10)
UPPER = (*[""] * 52, *["L4a"] * 31, *["L4b"] * 3, *["L4ab"] * 14)
BEHAVIOURS = (*["B1"] * 62, *["B2"] * 24, *["B3"] * 10, *["B2B3"] * 4)
LATER_BEHAVIOUR = {
    "B1": ("B1", "B1", "B2", "B3"),
    "B2": ("B2", "B2B3"),
    "B3": ("B3", "B2B3"),
    "B2B3": ("B2B3",),
}
# Terms of CTCAE v5.0.
EVENTS = (
    "infusion related reaction",
    "upper respiratory infection",
    "rash maculo-papular",
    "skin infection",
    "alanine aminotransferase increased",
    "headache",
)


def add_phenotypes(rng: Random, rows: Rows, child: Child, until: int) -> None:
    """Add the Paris assessments: before the first infusion, sometimes earlier, sometimes later."""
    if child.diagnosis != "CD":
        rows.add("phenotypes", (iso(child.start), "", "", "", "no", "G0"), day=child.start)
        return
    location, upper = rng.choice(LOCATIONS), rng.choice(UPPER)
    if upper and rng.random() < 0.03:
        location = "none"
    behaviour = rng.choice(BEHAVIOURS)
    perianal = "yes" if child.perianal else "no"
    growth = "G1" if child.growth_delay else "G0"
    day = child.start - rng.choice((0, 0, 1, 2, 3, 7, 14, 21))
    later = child.start + rng.randint(300, 900)
    if Edge.LATE_PHENOTYPE in child.edges:
        day, later = child.start + rng.randint(1, 30), later + 30
    elif rng.random() < 0.12 and day - 90 > child.onset:
        earlier = rng.choice(("B1", behaviour))
        rows.add("phenotypes", (iso(day - 90), location, upper, earlier, "no", "G0"), day=day - 90)
    cells = [location, upper, behaviour, perianal, growth]
    for field in (0, 2, 3, 4):  # an empty upper_gi would mean none, not unknown
        if rng.random() < 0.015:
            cells[field] = ""
    rows.add("phenotypes", (iso(day), *cells), day=day)
    if later <= until and rng.random() < 0.4:
        behaviour = rng.choice(LATER_BEHAVIOUR[behaviour])
        if Edge.BACKWARD_PHENOTYPE in child.edges:
            behaviour = "B1"
        if rng.random() < 0.05:
            perianal = "yes"
        rows.add(
            "phenotypes", (iso(later), location, upper, behaviour, perianal, growth), day=later
        )


def add_endoscopies(rng: Random, rows: Rows, child: Child, course: Course) -> None:
    """Add the colonoscopy before infliximab that most have, and some later ones."""
    if rng.random() < 0.9:
        _endoscopy(rng, rows, child.start - rng.randint(1, 40), course.baseline)
    if rng.random() < 0.3:
        day = child.start + rng.randint(180, 800)
        if day <= course.treated_until:
            _endoscopy(rng, rows, day, 12 if course.active(day) else 2)


def _endoscopy(rng: Random, rows: Rows, day: int, steps: int) -> None:
    cdeis = max(0.0, min(44.0, rng.gauss(0.7 * steps, 3.5)))
    text = "" if rng.random() < 0.04 else f"{cdeis:.1f}"
    rows.add("endoscopies", (iso(day), text), day=day)


def add_surgeries(rng: Random, rows: Rows, child: Child, course: Course, pools: Pools) -> None:
    """Add operations: before infliximab in one of ten (as in the study), some after a loss."""
    days = []
    if rng.random() < 0.1:
        days.append(max(child.onset, child.start - rng.randint(10, 700)))
    if course.seen is not None and rng.random() < 0.12:
        days.append(course.seen + rng.randint(10, 200))
    for day in days:
        perianal = child.perianal and rng.random() < 0.5
        procedure = rng.choice(pools.perianal_procedures if perianal else pools.procedures)
        rows.add("surgeries", (iso(day), procedure), day=day, key=procedure)


def add_conditions(rng: Random, rows: Rows, child: Child) -> None:
    """Add what forbids infliximab, what would at another time, and what never does."""
    start = child.start
    if Edge.CONTRAINDICATION in child.edges:
        # Not over by the first infusion: it may begin on that day, or be resolved only on it.
        onset = max(child.birth, start - rng.choice((0, 1, rng.randint(10, 200))))
        resolved = rng.choice((None, None, start, start + rng.randint(1, 200)))
        _condition(rows, rng.choice(CONTRAINDICATIONS), onset, resolved)
    if Edge.HARMLESS_CONDITION in child.edges:
        condition = rng.choice(CONTRAINDICATIONS)
        past = max(child.birth, start - rng.randint(2, 300))
        later = start + rng.choice((1, rng.randint(2, 400)))
        kind = rng.randint(0, 2)
        if kind == 0:
            _condition(rows, condition, past, start - 1)
        elif kind == 1:
            _condition(rows, condition, later, later + rng.randint(0, 90))
        else:
            _condition(rows, "other", past, None)
    elif rng.random() < 0.05:
        onset = start + rng.randint(-200, 600)
        _condition(rows, "other", onset, rng.choice((None, onset, onset + 20)))


def _condition(rows: Rows, condition: str, onset: int, resolved: int | None) -> None:
    cells = (condition, iso(onset), rows.optional(resolved))
    rows.add("conditions", cells, day=onset, key=condition)


def add_adverse_events(rng: Random, rows: Rows, child: Child, course: Course) -> None:
    """Add events of one child in three, most of them mild and over within weeks."""
    if rng.random() < 0.65:
        return
    for _ in range(rng.choice((1, 1, 1, 2))):
        onset = child.start + rng.randint(0, max(0, course.treated_until - child.start))
        severity = rng.choice((*["mild"] * 6, *["moderate"] * 4, *["severe"] * 2))
        serious = severity == "severe" and rng.random() < 0.5
        resolved = rng.choice((onset, onset + 3, onset + rng.randint(5, 40), None))
        term = rng.choice(EVENTS)
        cells = (iso(onset), term, severity, "yes" if serious else "no", rows.optional(resolved))
        rows.add("adverse_events", cells, day=onset, key=term)


def add_consents(rng: Random, rows: Rows, child: Child, course: Course) -> None:
    """Add what a parent signed by the first infusion; being asked again is sometimes withdrawn."""
    signed = max(child.birth, child.start - rng.randint(0, 20))
    scopes = ["registry", "research"]
    scopes += [scope for scope in ("genetics", "contact") if rng.random() < 0.7]
    for scope in scopes:
        withdrawn = scope == "contact" and rng.random() < 0.1
        until = iso(min(child.start + 100, course.treated_until)) if withdrawn else ""
        cells = (scope, iso(signed), "parent_or_guardian", "1", "", until)
        rows.add("consents", cells, day=signed, key=scope)


# Tables that came later: each draws by itself, so that the files before them keep their bytes.
LATER: tuple[Callable[[Random, Rows, Child, Course], None], ...] = (
    add_adverse_events,
    add_consents,
)
