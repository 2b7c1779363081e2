"""Laboratory values that follow the activity of the disease, and the `lab_results` rows."""

from __future__ import annotations

from collections.abc import Iterable
from math import exp
from random import Random

from registry.synth.child import Child
from registry.synth.days import iso
from registry.synth.edges import Edge
from registry.synth.tables import Rows
from registry.vocabulary import ANALYTE_UNITS

BASELINE_ANALYTES = ("CRP", "ESR", "WBC", "HGB", "HCT", "PLT", "ALB")
SOME_ANALYTES = (("CRP",), ("CRP", "ESR"), ("CRP", "HGB", "ALB"), ("FCAL",), ("CRP", "PLT"))
# Values on a limit of the covariates, or censored around one: what proves it and what does not.
AT_LIMIT = {
    "CRP": ("12", "12.1", "<20", ">12", "<12", ">10"),
    "ESR": ("20", "21", ">20", "<40"),
    "WBC": ("10", "10.1", ">10", "<12"),
    "HGB": ("110", "109.9", "<110", "<120"),
    "HCT": ("33", "35", "37"),
    "PLT": ("400", "401", ">400", ">300"),
    "ALB": ("35", "34.9", "<35", "<40"),
}
OWN_UNIT = {analyte: next(iter(units)) for analyte, units in ANALYTE_UNITS.items()}


def add_samples(
    rng: Random, rows: Rows, child: Child, visits: dict[int, int], week14: int | None
) -> None:
    """Add the baseline values, those of the week-14 visit and some of the later ones."""
    start = child.start
    baseline = visits[min(visits, key=lambda day: abs(day - start))] if visits else 12
    if Edge.NO_LABS not in child.edges:
        old = Edge.OLD_BASELINE_VALUES in child.edges
        day = start - (rng.randint(30, 45) if old else rng.choice((0, 1, 1, 2, 3, 5, 9, 30)))
        taken = [analyte for analyte in BASELINE_ANALYTES if rng.random() > 0.04]
        at_limit = Edge.LABS_AT_LIMIT in child.edges
        _sample(rng, rows, child, day, baseline, taken, at_limit=at_limit)
        if rng.random() < 0.15:  # the last value of the window counts
            _sample(rng, rows, child, day - rng.randint(1, 20), baseline, taken)
    for day, steps in sorted(visits.items()):
        if day == week14:
            _sample(rng, rows, child, day, steps, ("CRP", "ESR", "HGB", "ALB", "FCAL"))
        elif day > start and rng.random() < 0.45:
            _sample(rng, rows, child, day, steps, rng.choice(SOME_ANALYTES))


def _sample(
    rng: Random,
    rows: Rows,
    child: Child,
    day: int,
    steps: int,
    analytes: Iterable[str],
    *,
    at_limit: bool = False,
) -> None:
    activity = steps / 16  # 1 at a PCDAI of 40, where severe disease begins
    for analyte in analytes:
        if at_limit and rng.random() < 0.6:
            value, unit = rng.choice(AT_LIMIT[analyte]), OWN_UNIT[analyte]
        else:
            value, unit = _measured(rng, child, analyte, activity)
        rows.add("lab_results", (iso(day), analyte, value, unit), day=day, key=analyte)


def _measured(rng: Random, child: Child, analyte: str, activity: float) -> tuple[str, str]:
    """Value and unit as the child's centre reports them, censored at the ends of the method."""
    unit = OWN_UNIT[analyte]
    if analyte == "CRP":
        crp = exp(rng.gauss(0.4 + 2.9 * activity, 1.0))
        if child.centre.crp_in_mg_dl:
            return ("<0.05" if crp < 0.5 else f"{min(crp, 300) / 10:.2f}"), "mg/dL"
        return ("<0.5" if crp < 0.5 else ">200" if crp > 200 else f"{crp:.1f}"), unit
    if analyte == "FCAL":
        fcal = exp(rng.gauss(4.3 + 2.6 * activity, 0.9))
        return ("<30" if fcal < 30 else ">1800" if fcal > 1800 else f"{fcal:.0f}"), unit
    if analyte == "ESR":
        return f"{max(1.0, min(140.0, rng.gauss(7 + 24 * activity, 11))):.0f}", unit
    if analyte == "WBC":
        return f"{max(1.5, rng.gauss(6.8 + 1.5 * activity, 2.3)):.1f}", unit
    if analyte == "HCT":
        return f"{max(15.0, rng.gauss(40 - 5 * activity, 3)):.1f}", unit
    if analyte == "PLT":
        return f"{max(40.0, rng.gauss(280 + 110 * activity, 80)):.0f}", unit
    grams = (
        max(50.0, rng.gauss(131 - 18 * activity, 12))
        if analyte == "HGB"
        else max(15.0, rng.gauss(43 - 7 * activity, 3.5))
    )
    if child.centre.grams_in_dl:
        return f"{grams / 10:.{1 if analyte == 'HGB' else 2}f}", "g/dL"
    return f"{grams:.{0 if analyte == 'HGB' else 1}f}", unit
