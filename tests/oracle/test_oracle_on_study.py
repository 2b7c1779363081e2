"""The oracle against the study's cohort: what an independent computation found there.

Source of the numbers: the file `cohort_expected.json` that came with the cohort (it is not part of
the program), and for the 85, 69 and 18, the outcomes after a loss and the means of the troughs the
publication itself, Translational Pediatrics, doi 10.21037/tp-2025-344.
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest

from .after_loss import lor_outcome, week14_trough
from .cohort import read_cohort
from .covariates import DAYS_PER_MONTH, covariates
from .definition import PAPER, RECOMMENDED, Definition
from .records import Records
from .rules import status

COHORT = Path(__file__).parents[2] / "registry" / "demo" / "cohort"
PRESETS = pytest.mark.parametrize("definition", [PAPER, RECOMMENDED], ids=["paper", "recommended"])

FLOW = {
    None: 69,
    "age_18_or_over": 1,
    "prior_biologic": 2,
    "contraindication": 2,
    "fewer_than_4_infusions": 3,
    "late_induction_infusion": 2,
    "no_week14_pcdai": 1,
    "primary_non_response": 5,
}

# Of 18 with and 51 without a loss of response, those with the level that the covariate names.
WITH_LEVEL = {
    "sex_female": (7, 21),
    "veo_cd": (2, 4),
    "duration_ge_6_months": (10, 29),
    "initial_dose_ge_7": (8, 23),
    "bmi_z_low": (16, 30),
    "perianal": (9, 14),
    "severity_moderate_severe": (16, 37),
    "location_l2": (7, 13),
    "upper_gi": (7, 26),
    "behaviour_b2_b3": (6, 20),
    "growth_delay": (5, 6),
    "crp_high": (15, 31),
    "esr_high": (13, 32),
    "wbc_high": (7, 17),
    "plt_high": (9, 31),
    "hb_low": (9, 23),
    "alb_low": (12, 26),
    "response_without_remission": (4, 1),
    "ifx_monotherapy": (7, 19),
    "ifx_with_glucocorticoid": (4, 6),
    "im_over_6_months": (5, 25),
}


@pytest.fixture(scope="module")
def cohort() -> dict[str, Records]:
    return read_cohort(COHORT)


def eligible(
    cohort: dict[str, Records], definition: Definition, event: bool | None = None
) -> list[Records]:
    """The patients in the cohort, all or only those with or without a loss."""
    found = []
    for records in cohort.values():
        derived = status(records, definition)
        if derived["eligible"] and event in {None, derived["event"]}:
            found.append(records)
    return found


def quartiles(values: list[Fraction]) -> list[Fraction]:
    """By the (n+1)p rule."""
    values = sorted(values)
    found = []
    for quarter in (1, 2, 3):
        place = Fraction((len(values) + 1) * quarter, 4) - 1
        low = int(place)
        found.append(values[low] + (place - low) * (values[low + 1] - values[low]))
    return found


@PRESETS
def test_flow(cohort: dict[str, Records], definition: Definition) -> None:
    assert len(cohort) == 85
    assert Counter(status(records, definition)["reason"] for records in cohort.values()) == FLOW


@PRESETS
def test_covariates_by_loss(cohort: dict[str, Records], definition: Definition) -> None:
    counts = {}
    for event in (True, False):
        levels = [covariates(r, definition) or {} for r in eligible(cohort, definition, event)]
        assert len(levels) == (18 if event else 51)
        assert not any(None in level.values() for level in levels)
        counts[event] = {name: sum(level[name] is True for level in levels) for name in WITH_LEVEL}
    assert {name: (counts[True][name], counts[False][name]) for name in WITH_LEVEL} == WITH_LEVEL


@PRESETS
def test_quartiles_of_the_times_of_the_losses(
    cohort: dict[str, Records], definition: Definition
) -> None:
    """Printed as a median time to loss: it is taken over the 18 losses alone."""
    days = [status(r, definition)["time_days"] for r in eligible(cohort, definition, True)]
    months = quartiles([day / DAYS_PER_MONTH for day in days])
    assert [round(float(month), 2) for month in months] == [11.58, 16.2, 29.17]


@PRESETS
def test_quartiles_of_the_infusions(cohort: dict[str, Records], definition: Definition) -> None:
    """All infusions of the observation count, those after a loss too."""
    numbers = []
    for records in eligible(cohort, definition):
        end_on = status(records, definition)["end_on"]
        given = [row for row in records["infusions"] if row["infused_on"] <= end_on]
        numbers.append(Fraction(len(given)))
    assert quartiles(numbers) == [9, 13, Fraction(47, 2)]


@PRESETS
def test_outcomes_after_loss(cohort: dict[str, Records], definition: Definition) -> None:
    outcomes = [lor_outcome(r, definition) or {} for r in eligible(cohort, definition, True)]
    assert Counter((found["outcome"], found["regained"]) for found in outcomes) == {
        ("stopped", None): 7,
        ("optimised", True): 5,
        ("optimised", False): 6,
    }


@PRESETS
@pytest.mark.parametrize(("event", "n", "mean"), [(True, 6, 2.55), (False, 28, 6.654)])
def test_week14_troughs(
    cohort: dict[str, Records], definition: Definition, event: bool, n: int, mean: float
) -> None:
    troughs = [week14_trough(r, definition) for r in eligible(cohort, definition, event)]
    used = [trough["used"] for trough in troughs if trough is not None]
    assert len(used) == n
    assert round(float(sum(used) / n), 3) == mean
