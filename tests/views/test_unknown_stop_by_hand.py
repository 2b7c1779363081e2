"""Courses whose stop is not known to the day: the days on a drug and what follows from them."""

from __future__ import annotations

import pytest

from registry.analysis.dataset import covariates_by_id, treatment_notes
from registry.analysis.reading import read_patients
from registry.derivation.explanation import explain
from tests.views.clinic import Clinic, child
from tests.views.conftest import OpenClinic

# t0 is 2020-01-06, and every observation but one ends on day 210, 2020-08-03.
END = (210, "ifx_stopped")

CHILDREN = [
    # Azathioprine from day 10, and nobody knows when it was stopped: its first day counts.
    child("N1", end=END, drugs=[("azathioprine", 10, "unknown")]),
    # Begun before t0: nothing shows that it was taken after it.
    child("N2", end=END, drugs=[("azathioprine", -10, "unknown")]),
    # The middle of July 2020 is the 15th, day 191.
    child("N3", end=END, drugs=[("azathioprine", 0, "2020-07")]),
    # The middle of 2020 is the 1st of July, day 177.
    child("N4", end=END, drugs=[("azathioprine", 0, "2020")]),
    # Begun on 2020-07-24: the middle of the year lies before it, and it cannot.
    child("N5", end=END, drugs=[("azathioprine", 200, "2020")]),
    # A steroid to an unknown day beside an immunomodulator that is still taken.
    child("N6", end=END, drugs=[("prednisone", 30, "unknown"), ("azathioprine", 0, None)]),
    # Stopped in 2019, whenever that was: before t0.
    child("N7", end=END, drugs=[("azathioprine", -300, "2019")]),
    # A biologic before t0 is one whatever is known of its stop.
    child("N8", end=END, drugs=[("adalimumab", -100, "unknown")]),
]


@pytest.fixture(scope="module")
def clinic(open_clinic: OpenClinic) -> Clinic:
    return open_clinic(CHILDREN, definitions={"without": ["unknown_stop=left_out"]})


def test_days_on_a_drug(clinic: Clinic) -> None:
    clinic.check(
        "baseline",
        """
        patient_id  immunomodulator_days  glucocorticoid_days  stops_known_to
        N1          1                     0                    unknown
        N2          0                     0                    unknown
        N3          191                   0                    month
        N4          177                   0                    year
        N5          0                     0                    year
        N6          210                   1                    unknown
        N7          0                     0                    -
        """,
    )
    clinic.check(
        "baseline",
        """
        patient_id  ifx_monotherapy  ifx_with_glucocorticoid  im_over_6_months
        N1          no               no                       no
        N2          yes              no                       no
        N3          no               no                       yes
        N4          no               no                       no
        N5          yes              no                       no
        N6          no               yes                      yes
        N7          yes              no                       no
        """,
    )


def test_left_out_where_the_definition_says(clinic: Clinic) -> None:
    clinic.check(
        "baseline",
        """
        patient_id  immunomodulator_days  glucocorticoid_days  stops_known_to  ifx_monotherapy
        N1          0                     0                    -               yes
        N2          0                     0                    -               yes
        N3          191                   0                    month           no
        N4          177                   0                    year            no
        N5          0                     0                    year            yes
        N6          210                   0                    -               no
        N7          0                     0                    -               yes
        """,
        "definition = 'without'",
    )


def test_the_days_of_exposure_add_up_to_the_same(clinic: Clinic) -> None:
    clinic.check(
        "exposure",
        """
        start_day  stop_day  immunomodulator  combination_days  ifx_monotherapy  stops_known_to
        0          10        no               0                 yes              -
        10         11        yes              0                 no               unknown
        11         14        no               1                 no               unknown
        14         42        no               1                 no               unknown
        42         98        no               1                 no               unknown
        98         210       no               1                 no               unknown
        """,
        "definition = 'paper' and patient_id = 'N1'",
    )


@pytest.mark.parametrize("definition", ["paper", "without"])
def test_a_biologic_before_infliximab_excludes(clinic: Clinic, definition: str) -> None:
    clinic.check(
        "status",
        """
        patient_id  reason
        N8          prior_biologic
        """,
        f"definition = '{definition}' and reason is not null",
    )


def test_explain_tells_each_course_that_ends_on_an_unknown_day(clinic: Clinic) -> None:
    with clinic.database.engine.connect() as connection:
        told = {
            patient: [
                (step.finding, step.passed, step.table, str(step.on))
                for step in explain(connection, patient, "paper").rules
                if step.rule == "Treatment beside infliximab"
            ]
            for patient in ("N1", "N3", "N6", "N7")
        }
    day = "stopped on a day that nobody knows: its first day counts"
    assert told == {
        "N1": [(f"azathioprine from 2020-01-16, {day}", None, "medication", "2020-01-16")],
        "N3": [
            (
                "azathioprine from 2020-01-06, of its stop the month is known: it counts until "
                "2020-07-15",
                *(None, "medication", "2020-01-06"),
            )
        ],
        "N6": [(f"prednisone from 2020-02-05, {day}", None, "medication", "2020-02-05")],
        "N7": [],
    }


def test_who_is_counted_so_is_noted_where_the_drugs_are_compared(clinic: Clinic) -> None:
    with clinic.database.engine.connect() as connection:
        frame = read_patients(connection, "paper")
    monotherapy, sex = covariates_by_id(["ifx_monotherapy", "sex_female"])
    said = "Of 6 patients the end of a drug beside infliximab is not known to the day"
    # N1 to N6; that of N7 lies before t0 whatever its day, and N8 is not in the cohort.
    assert treatment_notes([monotherapy], frame)[-1].startswith(said)
    assert treatment_notes([sex], frame) == ()
