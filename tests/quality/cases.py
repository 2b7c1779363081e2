"""The rules of plausibility: what makes each speak, what is just inside, and what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Cells = Mapping[str, str]


@dataclass(frozen=True)
class Case:
    """One rule: the records that are `given`, the one that fails it, and that one just inside.

    `given` and `table` are named as import files; `record` holds the cells of both, which
    `failing` and `inside` complete. `column` is where the rule finds fault, `says` what it says.
    """

    rule: str
    table: str
    record: Cells
    failing: Cells
    inside: Cells
    column: str | None
    says: str
    given: tuple[tuple[str, Cells], ...] = ()
    child: Cells = field(default_factory=dict)


def lab(rule: str, analyte: str, failing: str, inside: str, says: str, column: str) -> Case:
    """A laboratory value of a day, with its unit behind it."""
    return Case(
        rule,
        "lab_results",
        {"collected_on": "2022-03-01", "analyte": analyte},
        _measured(failing),
        _measured(inside),
        column,
        says,
    )


def _measured(text: str) -> Cells:
    value, unit = text.split()
    return {"value": value, "unit": unit}


CASES = (
    lab(
        "lab_unit",
        "ALB",
        "3.5 g/L",
        "35 g/L",
        "ALB of 3.5 g/L is outside the usual 10 to 60 g/L; in g/dL it would be usual (35 g/L). "
        "Is the unit right?",
        "unit",
    ),
    lab(
        "lab_slip",
        "ALB",
        "352 g/L",
        "35.2 g/L",
        "ALB of 352 g/L is outside the usual 10 to 60 g/L; 35.2 g/L would be usual. "
        "Is the decimal point right, or the unit?",
        "value",
    ),
    lab(
        "lab_unit",
        "HCT",
        "0.35 %",
        "0.35 L/L",
        "HCT of 0.35 % is outside the usual 10 to 65 %; in L/L it would be usual (35 %). "
        "Is the unit right?",
        "unit",
    ),
    lab(
        "lab_unit",
        "PLT",
        "300000 10^9/L",
        "300000 /uL",
        "PLT of 300000 10^9/L is outside the usual 40 to 2000 10^9/L; in /uL it would be usual "
        "(300 10^9/L). Is the unit right?",
        "unit",
    ),
    lab(
        "lab_slip",
        "CRP",
        "12000 mg/L",
        "500 mg/L",
        "CRP of 12000 mg/L is outside the usual 0 to 500 mg/L; 12 mg/L would be usual. "
        "Is the decimal point right, or the unit?",
        "value",
    ),
    lab(
        "lab_slip",
        "ESR",
        "900 mm/h",
        "150 mm/h",
        "ESR of 900 mm/h is outside the usual 0 to 150 mm/h; 90 mm/h would be usual. "
        "Is the decimal point right, or the unit?",
        "value",
    ),
    lab(
        "lab_unit",
        "HGB",
        "110 g/dL",
        "11 g/dL",
        "HGB of 110 g/dL is outside the usual 30 to 220 g/L; in g/L it would be usual (110 g/L). "
        "Is the unit right?",
        "unit",
    ),
    lab(
        "lab_unit",
        "WBC",
        "7200 10^9/L",
        "7.2 10^9/L",
        "WBC of 7200 10^9/L is outside the usual 0.5 to 60 10^9/L; in /uL it would be usual "
        "(7.2 10^9/L). Is the unit right?",
        "unit",
    ),
    lab(
        "lab_low",
        "ALB",
        "0 g/L",
        "10 g/L",
        "ALB of 0 g/L is below the usual 10 to 60 g/L.",
        "value",
    ),
    lab(
        "lab_high",
        "WBC",
        "60001 10^9/L",
        "60 10^9/L",
        "WBC of 60001 10^9/L is above the usual 0.5 to 60 10^9/L.",
        "value",
    ),
    Case(
        "two_weights",
        "infusions",
        {"infused_on": "2022-03-01", "dose_mg": "150"},
        {"weight_kg": "33.1"},
        {"weight_kg": "33"},
        "weight_kg",
        "Two weights on 2022-03-01: 33.1 kg at the infusion, 30 kg measured.",
        given=(("anthropometry", {"measured_on": "2022-03-01", "weight_kg": "30"}),),
    ),
)
