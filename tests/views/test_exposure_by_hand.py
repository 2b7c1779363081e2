"""The start-stop rows of children whose every day can be counted on paper."""

from __future__ import annotations

import pytest

from tests.views.clinic import Clinic, child
from tests.views.conftest import OpenClinic

CHILDREN = [
    # Two immunomodulators that overlap, a glucocorticoid, a step up, a loss, a stop after it.
    child(
        "E1",
        infusions=[0, 14, 42, 98, (154, "210")],
        scores={0: "40", 98: "5", 130: "20", 200: "5"},
        drugs=[
            ("azathioprine", -10, 20),
            ("methotrexate", 10, 60),
            ("prednisone", 30, 50),
            ("mesalazine", -5, None),
        ],
        levels=[(-1, "1", "", ""), (41, "3.1", "", ""), (100, "9", "", ""), (154, "<0.4", "", "")],
        end=(200, "ifx_stopped"),
    ),
    # Months of combination reached between two infusions; the loss on the last day.
    child(
        "E2",
        infusions=[0, 14, 42, 98, 154, 210],
        scores={0: "40", 98: "5", 250: "17.5"},
        drugs=[("azathioprine", 10, None), ("prednisone", -30, 0)],
        end=(250, "ifx_stopped"),
    ),
    # The last day of combination that the definition asks for is the last of observation.
    child("E3", drugs=[("azathioprine", 0, None)], end=(184, "lost_to_follow_up")),
    # Every change at once, on an infusion; a level that is not a trough.
    child(
        "E4",
        infusions=[0, 14, 42, 98, 150],
        drugs=[("mercaptopurine", 98, 150), ("budesonide", 98, 98)],
        levels=[(147, "8", "", ""), (98, "6", "", "A"), (98, "7", "", "B"), (97, "5", "", "A")],
        end=(150, "ifx_stopped"),
    ),
    # Not in the cohort: no row.
    child("E5", infusions=[0, 14, 42]),
]


@pytest.fixture(scope="module")
def clinic(open_clinic: OpenClinic) -> Clinic:
    return open_clinic(
        CHILDREN, definitions={"clock14": ["time_zero=week14_visit", "im_min_days=4"]}
    )


def of(patient: str, definition: str = "paper") -> str:
    return f"patient_id = '{patient}' and definition = '{definition}'"


def test_drugs_event_and_risk(clinic: Clinic) -> None:
    clinic.check(
        "exposure",
        """
        start_day  stop_day  from_on  to_on  immunomodulator  glucocorticoid  event  at_risk
        0          10        d0       d10    yes              no              0      yes
        10         14        d10      d14    yes              no              0      yes
        14         20        d14      d20    yes              no              0      yes
        20         30        d20      d30    yes              no              0      yes
        30         42        d30      d42    yes              yes             0      yes
        42         50        d42      d50    yes              yes             0      yes
        50         60        d50      d60    yes              no              0      yes
        60         98        d60      d98    no               no              0      yes
        98         130       d98      d130   no               no              1      yes
        130        154       d130     d154   no               no              0      no
        154        200       d154     d200   no               no              0      no
        """,
        of("E1"),
    )


def test_infusions_and_troughs(clinic: Clinic) -> None:
    clinic.check(
        "exposure",
        """
        start_day  infusion_number  dose_mg_per_kg  interval_days  intensified
        0          1                5               -              no
        10         1                5               -              no
        14         2                5               14             no
        20         2                5               14             no
        30         2                5               14             no
        42         3                5               28             no
        50         3                5               28             no
        60         3                5               28             no
        98         4                5               56             no
        130        4                5               56             no
        154        5                7               56             yes
        """,
        of("E1"),
    )
    clinic.check(
        "exposure",
        """
        start_day  trough_ug_ml  trough_comparator  trough_sampled_on
        0          -             -                  -
        10         -             -                  -
        14         -             -                  -
        20         -             -                  -
        30         -             -                  -
        42         3.1           -                  d41
        50         3.1           -                  d41
        60         3.1           -                  d41
        98         3.1           -                  d41
        130        3.1           -                  d41
        154        0.4           <                  d154
        """,
        of("E1"),
    )


def test_what_is_known_so_far(clinic: Clinic) -> None:
    clinic.check(
        "exposure",
        """
        start_day  combination_days  ifx_monotherapy  ifx_with_glucocorticoid  im_over_6_months
        0          0                 no               no                       no
        10         10                no               no                       no
        14         14                no               no                       no
        20         20                no               no                       no
        30         30                no               yes                      no
        42         42                no               yes                      no
        50         50                no               yes                      no
        60         60                no               yes                      no
        98         60                no               yes                      no
        130        60                no               yes                      no
        154        60                no               yes                      no
        """,
        of("E1"),
    )


def test_months_of_combination_cut_a_row(clinic: Clinic) -> None:
    """On azathioprine from day 10 on: on day 194 there are 184 days of it, one more than 183."""
    clinic.check(
        "exposure",
        """
        start_day  stop_day  combination_days  ifx_monotherapy  im_over_6_months  event
        0          10        0                 yes              no                0
        10         14        0                 no               no                0
        14         42        4                 no               no                0
        42         98        32                no               no                0
        98         154       88                no               no                0
        154        194       144               no               no                0
        194        210       184               no               yes               0
        210        250       200               no               yes               1
        """,
        of("E2"),
    )


def test_months_of_combination_reached_at_the_end(clinic: Clinic) -> None:
    """The 184th day is the last: there is no row of which it could be said beforehand."""
    clinic.check(
        "exposure",
        """
        start_day  stop_day  combination_days  im_over_6_months
        0          14        0                 no
        14         42        14                no
        42         98        42                no
        98         184       98                no
        """,
        of("E3"),
    )
    fixed = clinic.rows(
        "select im_over_6_months from analytics.analysis_set where patient_id = 'E3' "
        "and definition = 'paper'"
    )
    assert fixed == [{"im_over_6_months": True}]


def test_changes_on_one_day(clinic: Clinic) -> None:
    """One row from infusion 4 on; its trough is the last drawn, the first assay by name."""
    clinic.check(
        "exposure",
        """
        start_day  stop_day  immunomodulator  glucocorticoid  infusion_number  trough_ug_ml
        0          14        no               no              1                -
        14         42        no               no              2                -
        42         98        no               no              3                -
        98         150       yes              no              4                6
        """,
        of("E4"),
    )


def test_clock_and_months_of_the_definition(clinic: Clinic) -> None:
    """Four days of combination lie before the row of infusion 2, whose first day is the fifth."""
    clinic.check(
        "exposure",
        """
        start_day  stop_day  entry_day  origin_day  im_over_6_months
        0          10        98         98          no
        10         14        98         98          no
        14         15        98         98          no
        15         42        98         98          yes
        42         98        98         98          yes
        98         154       98         98          yes
        154        210       98         98          yes
        210        250       98         98          yes
        """,
        of("E2", "clock14"),
    )
    clinic.check(
        "exposure",
        """
        patient_id  origin_day
        E1          0
        E2          0
        E3          0
        E4          0
        """,
        "definition = 'paper' and start_day = 0",
    )
