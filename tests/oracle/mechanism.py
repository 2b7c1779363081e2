"""Why response was lost, as far as drug levels tell, read from section 4 of the domain."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from .definition import Definition
from .records import Measured, Records, Row
from .rules import Course, observe, status_of

DAYS_BEFORE, DAYS_AFTER = 56, 28

# Therapeutic thresholds in ug/mL by the number of the infusion that a trough precedes.
THRESHOLDS = {2: Decimal(29), 3: Decimal(18), 4: Decimal(5)}
MAINTENANCE = Decimal(5)
PERIANAL_WEEK_14 = Decimal("12.7")

OPTIMISE = "raise the dose, shorten the interval or add an immunomodulator"
REPEAT = "repeat the measurement"


@dataclass(frozen=True)
class Assay:
    """What a laboratory tells of its assay; None is what it does not tell."""

    drug_tolerant: bool | None = None
    positive_from: Decimal | None = None
    high_from: Decimal | None = None


NOT_DESCRIBED = Assay()


def against(value: Measured, limit: Decimal) -> str | None:
    """low, within (at or above), or None where a value reported as a limit does not prove it."""
    if value.comparator == "<":
        return "low" if value.number <= limit else None
    if value.comparator == ">":
        return "within" if value.number >= limit else None
    return "low" if value.number < limit else "within"


def perianal(course: Course, on: date) -> bool:
    """Whether the last phenotype on or before the day says so; an empty field says nothing."""
    known = [row for row in course.records["phenotypes"] if row["assessed_on"] <= on]
    last = max(known, key=lambda row: row["assessed_on"], default=None)
    return last is not None and bool(last["perianal"])


@dataclass(frozen=True)
class Level:
    """A level of infliximab, and what it says of the trough: low, within or nothing."""

    row: Row
    is_trough: bool
    says: str | None


def read_level(row: Row, course: Course, definition: Definition) -> Level:
    """Before the first infusion and after the last a level says nothing of a trough."""
    on, value = row["sampled_on"], row["ifx_ug_ml"]
    before = [i for i in course.infusions if i["infused_on"] < on]
    after = [i for i in course.infusions if i["infused_on"] >= on]
    if not before or not after:
        return Level(row, False, None)
    number = len(before) + 1
    threshold = THRESHOLDS.get(number, MAINTENANCE)
    if number == 4 and perianal(course, on):
        threshold = PERIANAL_WEEK_14
    found = against(value, threshold)
    if (after[0]["infused_on"] - on).days <= definition.trough_days_before:
        return Level(row, True, found)
    # Between two infusions a level can only fall: low already tells, anything else does not.
    return Level(row, False, "low" if found == "low" else None)


def antibodies(row: Row, assay: Assay) -> str:
    """What the antibodies of a sample are by the cut-offs of its assay."""
    value, drug = row["ada_au_ml"], row["ifx_ug_ml"]
    if value is None:
        return "absent"
    high = None if assay.high_from is None else against(value, assay.high_from)
    if high == "within":
        return "high_titre"
    if assay.positive_from is None:
        if value.comparator != "<" and value.number != 0:
            return "unclassed"
        negative = "undetected_no_cut_off"
    else:
        positive = against(value, assay.positive_from)
        if positive is None:
            return "unclassed"
        if positive == "within":
            return "low_titre" if high == "low" else "positive_unclassed"
        negative = "undetected"
    # Not measured is not the same as none: there may be drug.
    no_drug = drug is not None and (
        drug.comparator == "<" or (drug.comparator is None and drug.number == 0)
    )
    return "not_evaluable" if assay.drug_tolerant is False and not no_drug else negative


def mechanism(
    records: Records, definition: Definition, assays: dict[str, Assay]
) -> dict[str, Any] | None:
    """Mechanism, advice and the level behind them; None for a patient without a loss."""
    course = observe(records, definition)
    derived = status_of(course, definition)
    if not derived["event"]:
        return None
    lost_on = derived["event_on"]
    levels = [
        read_level(row, course, definition)
        for row in course.records["tdm_levels"]
        if row["ifx_ug_ml"] is not None
        and -DAYS_BEFORE <= (row["sampled_on"] - lost_on).days <= DAYS_AFTER
    ]
    found: dict[str, Any] = {"levels_in_window": len(levels), "event_on": lost_on}
    if not levels:
        return found | {
            "sampled_on": None,
            "trough_status": "none",
            "mechanism": "undetermined",
            "action": "measure first",
            "caveat": None,
        }

    def order(level: Level) -> tuple[bool, int, date, bool, str]:
        on, assay = level.row["sampled_on"], level.row["assay"]
        return level.says is None, abs((on - lost_on).days), on, assay is None, assay or ""

    level = min(levels, key=order)
    assay = assays.get(level.row["assay"] or "", NOT_DESCRIBED)
    ada = antibodies(level.row, assay)
    trough = level.says or ("undetermined" if level.is_trough else "none")
    caveat = None
    if trough == "within":
        name, action = "pharmacodynamic", "switch to another class"
    elif trough == "undetermined":
        name, action = "undetermined", REPEAT
    elif trough == "none":
        name, action = "undetermined", "measure first"
        caveat = "no level within the window tells what the trough was"
    elif ada.startswith("undetected"):
        name, action = "pharmacokinetic", OPTIMISE
        drug_may_disturb = assay.drug_tolerant is None and level.row["ifx_ug_ml"].comparator != "<"
        caveat = {
            (True, False): "antibodies undetected, cut-off of the assay not known",
            (False, True): (
                "the drug tolerance of the assay is not known: antibodies may have been missed"
            ),
            (
                True,
                True,
            ): "antibodies undetected, cut-off and drug tolerance of the assay not known",
        }.get((ada != "undetected", drug_may_disturb))
    elif ada == "low_titre":
        name, action = "immunogenic_low_titre", OPTIMISE
    elif ada == "high_titre":
        name, action = "immunogenic", "switch to another anti-TNF or another biologic"
    else:
        name, action = "undetermined", REPEAT
        if ada in ("positive_unclassed", "unclassed"):
            caveat = "the cut-offs of the assay are not known"
    return found | {
        "sampled_on": level.row["sampled_on"],
        "assay": level.row["assay"],
        "ada_status": ada,
        "trough_status": trough,
        "mechanism": name,
        "action": action,
        "caveat": caveat,
    }
