"""What holds among the cells of published documents, as a reader knows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, pairwise
from typing import Any

from registry.disclosure_checker.columns import HELD_TO, NUMBERS, column_of
from registry.disclosure_checker.system import System
from registry.disclosure_checker.troughs import troughs

Document = Mapping[str, Any]

LEVELS: Mapping[str, tuple[str, ...]] = {
    "sex": ("male", "female"),
    "severity": (
        "severity_remission", "severity_mild", "severity_moderate", "severity_severe",
    ),
    "cdeis": ("cdeis_remission", "cdeis_mild", "cdeis_moderate", "cdeis_severe"),
    "location": ("L1", "L2", "L3", "L_none"),
    "behaviour": ("B1", "B2", "B3", "B2B3"),
    "upper": ("L4a_only", "L4b_only", "L4a+4b"),
    "p": ("p",),
    "growth_delay": ("growth_delay",),
    "surgery": ("surgery",),
}  # fmt: skip
"""Rows of Table 1 that exclude each other."""
WHOLE = ("sex", "severity", "cdeis", "location", "behaviour")
"""Of these everybody who is known has one."""
SAME = {
    "sex_female": ("female",),
    "perianal": ("p",),
    "growth_delay": ("growth_delay",),
    "location_l2": ("L2",),
    "upper_gi": LEVELS["upper"],
    "behaviour_b2_b3": ("B2", "B3", "B2B3"),
    "severity_moderate_severe": ("severity_moderate", "severity_severe"),
}
"""Covariates of Table 2 that are sums of rows of Table 1."""
HALF_A_TENTH = 0.0501


@dataclass
class Read:
    """What stands in the documents.

    Args:
        system: the numbers and their sums.
        suppressed: cells that stand as suppressed.
        shown: cells that stand with their number.
        nobody: numbers of which a 0 tells nothing of anybody.
        beside: statistics that stand beside suppressed numbers they were computed from.
        wholes: children and losses of each model and of all groups of each curve.
    """

    system: System = field(default_factory=System)
    suppressed: set[str] = field(default_factory=set)
    shown: set[str] = field(default_factory=set)
    nobody: set[str] = field(default_factory=set)
    beside: list[str] = field(default_factory=list)
    wholes: dict[str, tuple[int | None, int | None]] = field(default_factory=dict)

    def cell(self, name: str, value: int | None, least: int = 0) -> str:
        """A number as it stands."""
        (self.suppressed if value is None else self.shown).add(name)
        return self.system.number(name, value, least)

    def share(self, part: str, whole: str, percent: float | None) -> None:
        """A percentage to one decimal."""
        if percent is None:
            return
        self.system.add({part: 100, whole: -percent - HALF_A_TENTH}, float("-inf"), 0)
        self.system.add({part: 100, whole: -percent + HALF_A_TENTH}, 0, float("inf"))


def read(documents: Mapping[str, Document | str], curves: Sequence[Document | str] = ()) -> Read:
    """Everything that the documents of one definition tell together."""
    found = Read()
    for name, document in documents.items():
        # By a covariate or a landmark another of the same kind may stand beside the first.
        kind = name.partition(" ")[0]
        if not isinstance(document, str) and kind in READERS:
            READERS[kind](found, document)
    for document in curves:
        if not isinstance(document, str):
            _curves(found, document)
    _held_to(found)
    _by_whom_they_differ(found)
    return found


def _by_whom_they_differ(found: Read) -> None:
    """Each model and curve is of the cohort but some, so two may differ by those alone."""
    found.wholes["the cohort"] = (
        found.system.known.get("eligible"),
        found.system.known.get("events"),
    )
    for (one, mine), (other, its) in combinations(found.wholes.items(), 2):
        for what, n, m in zip(("children", "losses"), mine, its, strict=True):
            if n is not None and m is not None:
                found.nobody.add(found.cell(f"{what} of {one} or of {other} alone", abs(n - m)))


def _held_to(found: Read) -> None:
    """Of whom a column is known and no side of the covariate that is made of it."""
    for covariate, column in HELD_TO.items():
        first, second = (found.system.known.get(f"{one} missing") for one in (covariate, column))
        if first is not None and second is not None:
            apart = found.cell(f"{column} known but not {covariate}", abs(first - second))
            found.nobody.add(apart)


def _flow(found: Read, flow: Document) -> None:
    for step in ("registered", "no_infliximab", "started", "eligible", "events", "responders"):
        found.cell(step, flow[step])
    found.nobody |= {"no_infliximab", "excluded"}
    # A reason is listed because somebody was excluded for it.
    excluded = [found.cell(f"excluded {one['reason']}", one["n"], 1) for one in flow["excluded"]]
    found.system.whole("registered", "no_infliximab", "started")
    found.system.whole("excluded", *excluded)
    found.system.whole("started", "excluded", "eligible")
    found.system.whole("eligible", "events", "responders")


def _table1(found: Read, table: Document) -> None:
    found.cell("eligible", table["n"])
    rows = {row["id"]: row for row in table["rows"]}
    for variable, ids in LEVELS.items():
        there = [rows[one] for one in ids if one in rows]
        if not there:
            continue
        known, missing, rest = f"{variable} known", f"{variable} missing", f"{variable} none"
        for row in there:
            found.cell(known, row["known"])
            found.cell(missing, row["missing"])
            found.cell(row["id"], row["n"])
            found.share(row["id"], known, row["percent"])
        found.nobody.add(missing)
        levels = [row["id"] for row in there]
        found.system.whole("eligible", known, missing)
        found.system.whole(known, *levels, *(() if variable in WHOLE else (rest,)))
    for row, column in NUMBERS.items():
        if row in rows:
            _known(found, column, rows[row]["missing"])


def _known(found: Read, column: str, missing: int | None, known: int | None = None) -> str:
    """Of whom a column is known, and of whom not; returns the name of the latter."""
    without = found.cell(f"{column} missing", missing)
    found.nobody.add(without)
    of = f"{column} known"
    if known is not None:
        found.cell(of, known)
    found.system.whole("eligible", of, without)
    return without


def _missing(found: Read, table: Document) -> None:
    found.cell("eligible", table["n"])
    for row in table["rows"]:
        column = column_of(row["variable"])
        missing = _known(found, column, row["missing"], row["known"])
        found.share(missing, "eligible", row["percent"])


def _table2(found: Read, table: Document) -> None:
    found.cell("eligible", table["n"])
    found.cell("events", table["events"])
    found.system.whole("eligible", "events", "responders")
    for row in table["rows"]:
        name = row["covariate"]
        cells = [
            found.cell(f"{name} {key}", row[key])
            for key in ("n_true", "n_false", "events_true", "events_false", "missing")
        ]
        _divided(found, name, {"true": cells[0], "false": cells[1]}, f"{name} missing")
        if any(row[key] is None for key in ("events_true", "events_false")):
            found.beside += [f"{name} {one}" for one in ("chi2", "p", "p_holm") if row[one]]
        if name in SAME:
            found.system.whole(f"{name} n_true", *SAME[name])


def _divided(found: Read, name: str, groups: Mapping[str, str], missing: str) -> None:
    """Children divided by a covariate, and each group by the outcome."""
    system, lost_missing, kept_missing = (
        found.system, f"{name} missing lost", f"{name} missing kept",
    )  # fmt: skip
    lost = [f"{name} events_{group}" for group in groups]
    kept = [f"{name} kept_{group}" for group in groups]
    found.nobody |= {missing, lost_missing, kept_missing}
    system.whole("eligible", *groups.values(), missing)
    system.whole(missing, lost_missing, kept_missing)
    system.whole("events", *lost, lost_missing)
    for n, one, other in zip(groups.values(), lost, kept, strict=True):
        system.whole(n, one, other)


def _curves(found: Read, curves: Document, steps: str = "") -> None:
    """Numbers at risk and steps are of curves, and what leaves between two readings is told."""
    from_start = curves["landmark_months"] is None and not curves["never_at_risk"]
    name = str(curves["by"] or "all")
    if not from_start:
        name += f" from {curves['landmark_months'] or 'entry'}"
    groups: dict[str, str] = {}
    events: list[str] = []
    for group in curves["groups"]:
        which = group["group"]
        groups[which] = found.cell(f"{name} n_{which}", group["n"])
        events.append(found.cell(f"{name} events_{which}", group["events"]))
        _steps(found, f"{name}{steps} {which}", group)
    found.wholes[f"the curves of {name}"] = tuple(
        sum(one[key] for one in curves["groups"]) for key in ("n", "events")
    )
    missing = found.cell(f"{name} missing", curves["missing"])
    if from_start:
        _divided(found, name, groups, missing)
    else:
        before = found.cell(f"{name} never", curves["never_at_risk"])
        lost, left = f"{name} lost before", f"{name} left before"
        found.nobody |= {before, missing}
        found.system.whole("eligible", *groups.values(), missing, before)
        if curves["missing"] == 0:
            found.system.whole(before, lost, left)
            found.system.whole("events", *events, lost)


def _steps(found: Read, name: str, group: Document) -> None:
    _left(found, name, [group["n"], *(one["at_risk"] for one in group["estimates"])])
    for kind in ("events", "censored"):
        for place, n in enumerate(group.get("curve", {}).get(kind, ())):
            found.nobody.add(found.cell(f"{name} {kind} step {place}", n))


def _left(found: Read, name: str, at_risk: Sequence[int | None]) -> None:
    """Who left between two readings of a curve."""
    for place, (before, after) in enumerate(pairwise(at_risk)):
        if before is not None and after is not None and before >= after:
            found.nobody.add(found.cell(f"{name} left by reading {place}", before - after))


def _competing(found: Read, curves: Document) -> None:
    """Every event is of children who are on the Kaplan-Meier curve by the same covariate too."""
    name = str(curves["by"] or "all")
    if curves["never_at_risk"]:
        name += " from entry"
    for group in curves["groups"]:
        which = f"{name} {group['group']}"
        n = found.cell(f"{name} n_{group['group']}", group["n"])
        loss, *others = group["causes"]
        lost = found.cell(f"{name} events_{group['group']}", loss["events"])
        compete = [found.cell(f"{which} {one['cause']}", one["events"]) for one in others]
        censored = found.cell(f"{which} censored", group["censored"])
        found.system.whole(n, lost, *compete, censored)
        found.system.whole(f"{which} competing", *compete)
        _left(found, f"{which} competing", [group["n"], *group["at_risk"]])
        curve = group.get("curve", {"causes": (), "censored": ()})
        for kind, steps in enumerate((curve["censored"], *curve["causes"])):
            for place, number in enumerate(steps):
                found.nobody.add(found.cell(f"{which} {kind} step {place}", number))
    if curves["by"] is not None and not curves["missing"]:
        parts = [f"{name} {group['group']} competing" for group in curves["groups"]]
        found.system.whole("all all competing", *parts)


def _outcomes(found: Read, after: Document) -> None:
    found.cell("events", after["lor"])
    for key in (
        "stopped", "optimised", "neither", "regained", "not_regained", "regained_unknown",
    ):  # fmt: skip
        found.cell(key, after[key])
    found.system.whole("events", "stopped", "optimised", "neither")
    found.system.whole("optimised", "regained", "not_regained", "regained_unknown")


def _model(found: Read, name: str, model: Document, terms: int = 0) -> None:
    """Who is in a model and who is not; a number that it has no place for is not known."""

    def known(key: str) -> str:
        held = f"{name} {key}"
        return found.cell(held, model[key]) if key in model else found.system.number(held)

    system = found.system
    n, dropped, never, events = (known(key) for key in ("n", "dropped", "never_at_risk", "events"))
    lost, kept = f"{name} lost apart", f"{name} kept apart"
    found.nobody |= {dropped, never, lost, kept}
    found.wholes[name] = (model["n"], model["events"])
    system.whole("eligible", n, dropped, never)
    system.whole("events", events, lost)
    system.whole(n, events, f"{name} kept")
    system.add({dropped: 1, never: 1, lost: -1, kept: -1})
    if model.get("events_per_term") is not None:
        each = model["events_per_term"] * terms
        system.add({events: 1}, each - HALF_A_TENTH, each + HALF_A_TENTH)
    if model.get("never_at_risk") != 0 or model.get("landmark_months") is not None:
        return
    for term in model["terms"]:
        missing, further = f"{term['covariate']} missing", f"{name} but {term['covariate']}"
        if missing in found.shown:
            found.nobody.add(further)
            system.whole(dropped, missing, further)


def _one_model(name: str) -> Callable[[Read, Document], None]:
    return lambda found, document: _model(found, name, document, len(document["terms"]))


def _compared(found: Read, document: Document) -> None:
    for step in document["models"]:
        if step["model"] is not None:
            _model(found, step["id"], step["model"], len(step["model"]["terms"]))


def _imputed(found: Read, document: Document) -> None:
    sizes = {key: document[key] for key in ("n", "events", "never_at_risk")}
    _model(found, "imputed", {**sizes, "dropped": document["without_stratum"], "terms": ()})
    _model(found, "complete cases", {
        **{key: document["complete_cases"][key] for key in ("n", "events")}, "terms": (),
    })  # fmt: skip


def _readings(found: Read, document: Document) -> None:
    for place, one in enumerate(document["specifications"]):
        name = f"reading {place} {one['model']}"
        if one["reference"]:
            _model(found, name, {**{key: one[key] for key in ("n", "events")}, "terms": ()})
        found.wholes[name] = (one["n"], one["events"])


READERS = {
    "flow": _flow,
    "table1": _table1,
    "table2": _table2,
    "km": _curves,
    # The same children, in steps of their own.
    "km_sound": lambda found, document: _curves(found, document, " from week 14"),
    "cuminc": _competing,
    "missing": _missing,
    "tdm": troughs,
    "outcomes": _outcomes,
    "cox": _one_model("cox"),
    "interval-censored": _one_model("between visits"),
    "compare-published": _compared,
    "impute": _imputed,
    "sensitivity": _readings,
}
