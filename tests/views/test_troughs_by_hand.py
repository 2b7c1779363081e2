"""Levels against infusions, thresholds and assays, and the mechanism of a loss, row by row."""

from __future__ import annotations

from typing import Any

import pytest

from tests.oracle.records import Records
from tests.views.clinic import Clinic, child
from tests.views.conftest import OpenClinic

# Assays by what their laboratory has told: drug tolerance, positive from, high-titre from.
ASSAYS = (
    "insert into reference.assay values ('tolerant', true, 10, 100), ('sensitive', false, 10, 100),"
    " ('no high', true, 10, null), ('no positive', true, null, 100), ('unknown', null, null, null)"
)

INFUSIONS = (0, 14, 42, 98, 154, 210)
LOSS = {0: "40", 98: "5", 160: "30"}

# Level 6 days before the loss, on the day of the fifth infusion: infliximab, antibodies, assay.
TROUGHS = [
    ("7.5", "<10", "tolerant"),
    ("7.5", "250", "tolerant"),
    ("5", "", "tolerant"),
    (">5", "<10", "tolerant"),
    ("4.99", "<10", "tolerant"),
    ("<5", "0", "tolerant"),
    ("2", "10", "tolerant"),
    ("2", "99.9", "tolerant"),
    ("2", "100", "tolerant"),
    ("2", ">100", "tolerant"),
    ("2", ">10", "tolerant"),
    ("2", "<11", "tolerant"),
    ("2", "", "tolerant"),
    ("2", "<10", "sensitive"),
    ("2", "9.9", "sensitive"),
    ("<0.4", "<10", "sensitive"),
    ("0", "<10", "sensitive"),
    ("2", "50", "sensitive"),
    ("2", "50", "no high"),
    ("2", "100", "no positive"),
    ("2", "99", "no positive"),
    ("2", "<10", "unknown"),
    ("<0.4", "<10", "unknown"),
    ("2", "0", "unknown"),
    ("2", "50", "unknown"),
    ("2", "50", ""),
    ("<6", "<10", "tolerant"),
    (">4", "250", "tolerant"),
]
MECHANISMS = [
    child(f"M{number:02}", infusions=INFUSIONS, scores=LOSS, levels=[(154, *level)])
    for number, level in enumerate(TROUGHS, start=1)
]


def levelled(patient: str, *levels: tuple[int, str], loss: int = 160, **more: Any) -> Records:
    """A child with a loss and levels by the tolerant assay, without antibodies."""
    scores = {0: "40", 98: "5", loss: "30"}
    drawn = [(day, value, "<10", "tolerant") for day, value in levels]
    return child(patient, infusions=INFUSIONS, scores=scores, levels=drawn, **more)


CHOICES = [
    levelled("C01"),
    # Of levels that tell the nearest: a trough, or one between infusions that is low already.
    levelled("C02", (150, "3"), (154, "8")),
    levelled("C03", (154, "8"), (158, "3")),
    # High between infusions tells nothing, however near.
    levelled("C04", (154, "2"), (160, "9")),
    levelled("C05", (160, "9")),
    levelled("C06", (160, "<9")),
    # The earlier of two equally near.
    levelled("C07", (158, "3"), (162, "2")),
    # After the last infusion no trough follows.
    levelled("C08", (215, "1"), loss=212),
    # The window, to its days.
    levelled("C09", (103, "1")),
    levelled("C10", (104, "1")),
    levelled("C11", (188, "1")),
    levelled("C12", (189, "1")),
    # Perianal disease has a threshold of its own at week 14, by the last assessment till then.
    levelled("C13", (98, "8"), loss=120, phenotypes=[(-5, "no"), (98, "yes"), (99, "no")]),
    levelled("C14", (98, "8"), loss=120, phenotypes=[(-5, "yes"), (10, "no")]),
    levelled("C15", (98, "8"), loss=120, phenotypes=[(-5, "yes"), (10, "")]),
    levelled("C16", (154, "8"), phenotypes=[(-5, "yes")]),
    # Two assays on one day: the first by name, one without a name last.
    child(
        "C17",
        infusions=INFUSIONS,
        scores=LOSS,
        levels=[(154, "1", "", ""), (154, "2", "", "zeta"), (154, "8", "", "alpha")],
    ),
    # Antibodies alone are no level of infliximab.
    child("C18", infusions=INFUSIONS, scores=LOSS, levels=[(154, "", "50", "tolerant")]),
    # A trough that proves nothing never displaces one that tells, however near.
    levelled("C19", (154, "2"), (210, "<6"), loss=185),
    # An assay that nobody described, and one that was not named.
    child("C20", infusions=INFUSIONS, scores=LOSS, levels=[(154, "2", "<10", "other")]),
    child("C21", infusions=INFUSIONS, scores=LOSS, levels=[(154, "2", "<10", "")]),
    # None tells: the nearest, be it a trough or not.
    levelled("C22", (154, "<6"), (159, "9")),
]

TIMES = child(
    "T01",
    infusions=INFUSIONS,
    scores={0: "40", 98: "5"},
    levels=[
        (-1, "1", "", ""),
        (0, "1", "", ""),
        (1, "60", "", ""),
        (12, "28.9", "", ""),
        (11, "29", "", ""),
        (42, "18", "", ""),
        (95, "4", "", ""),
        (96, "5", "", ""),
        (152, "<5.1", "", ""),
        (205, ">7", "", ""),
        (211, "1", "", ""),
    ],
    phenotypes=[(-10, "yes")],
    end=(205, "ifx_stopped"),
)
NEVER = child("T02", infusions=[], levels=[(5, "1", "", "")])


@pytest.fixture(scope="module")
def clinic(open_clinic: OpenClinic) -> Clinic:
    return open_clinic(
        [*MECHANISMS, *CHOICES, TIMES, NEVER],
        setup=[ASSAYS],
        definitions={"cut": ["data_cut=2020-06-07"]},
    )


def test_which_levels_are_troughs(clinic: Clinic) -> None:
    clinic.check(
        "trough",
        """
        day  days_to_infusion  is_trough  timepoint    phenotype_held_to     threshold_ug_ml
        -1   1                 no         -            -                     -
        0    0                 no         -            -                     -
        1    13                no         week_2       any                   29
        11   3                 no         week_2       any                   29
        12   2                 yes        week_2       any                   29
        42   0                 yes        week_6       any                   18
        95   3                 no         week_14      perianal_fistulising  12.7
        96   2                 yes        week_14      perianal_fistulising  12.7
        152  2                 yes        maintenance  any                   5
        205  5                 no         maintenance  any                   5
        211  -                 no         -            -                     -
        """,
        "definition = 'paper' and patient_id = 'T01'",
        "day",
    )
    clinic.check(
        "trough",
        """
        day  trough_level  low_between_infusions
        -1   -             -
        0    -             -
        1    -             no
        11   -             no
        12   below         -
        42   above         -
        95   -             yes
        96   below         -
        152  undetermined  -
        205  -             no
        211  -             -
        """,
        "definition = 'paper' and patient_id = 'T01'",
        "day",
    )


def test_what_lies_after_the_cut_is_not_seen(clinic: Clinic) -> None:
    """The cut is day 153: the infusion of day 154 does not make a trough of the level before it."""
    clinic.check(
        "trough",
        """
        day  next_infusion_on  is_trough  timepoint
        96   d98               yes        week_14
        152  -                 no         -
        """,
        "definition = 'cut' and patient_id = 'T01' and day > 95",
    )


def test_levels_of_and_after_the_observation(clinic: Clinic) -> None:
    clinic.check(
        "trough",
        """
        patient_id  day  eligible  within_observation  after_event  ifx_for_mean  censored
        C08         215  yes       yes                 yes          1             no
        C18         154  yes       yes                 no           -             -
        T01         -1   yes       no                  no           1             no
        T01         152  yes       yes                 no           2.55          yes
        T01         205  yes       yes                 no           7             yes
        T01         211  yes       no                  no           1             no
        T02         -    no        -                   -            1             no
        """,
        "definition = 'paper' and (patient_id in ('C08', 'C18', 'T02') "
        "or patient_id = 'T01' and day in (-1, 152, 205, 211))",
        "patient_id, day",
    )


def test_mechanisms(clinic: Clinic) -> None:
    """The domain's table, row by row, with what makes a row of it: M01 to M28 in order."""
    clinic.check(
        "lor_mechanism",
        """
        patient_id  trough_status  ada_status          mechanism
        M01         within         undetected          pharmacodynamic
        M02         within         high_titre          pharmacodynamic
        M03         within         absent              pharmacodynamic
        M04         within         undetected          pharmacodynamic
        M05         low            undetected          pharmacokinetic
        M06         low            undetected          pharmacokinetic
        M07         low            low_titre           immunogenic_low_titre
        M08         low            low_titre           immunogenic_low_titre
        M09         low            high_titre          immunogenic
        M10         low            high_titre          immunogenic
        M11         low            positive_unclassed  undetermined
        M12         low            unclassed           undetermined
        M13         low            absent              undetermined
        M14         low            not_evaluable       undetermined
        M15         low            not_evaluable       undetermined
        M16         low            undetected          pharmacokinetic
        M17         low            undetected          pharmacokinetic
        M18         low            low_titre           immunogenic_low_titre
        M19         low            positive_unclassed  undetermined
        M20         low            high_titre          immunogenic
        M21         low            unclassed           undetermined
        M22         low            undetected_no_cut_off  pharmacokinetic
        M23         low            undetected_no_cut_off  pharmacokinetic
        M24         low            undetected_no_cut_off  pharmacokinetic
        M25         low            unclassed           undetermined
        M26         low            unclassed           undetermined
        M27         undetermined   undetected          undetermined
        M28         undetermined   high_titre          undetermined
        """,
        "definition = 'paper' and patient_id like 'M%'",
        "patient_id",
    )


def test_advice(clinic: Clinic) -> None:
    """One line a mechanism and reason; the source stands beside it."""
    clinic.check(
        "lor_mechanism",
        """
        patient_id  action
        C01         measure first
        C05         measure first
        M01         switch to another class
        M05         raise the dose, shorten the interval or add an immunomodulator
        M07         raise the dose, shorten the interval or add an immunomodulator
        M09         switch to another anti-TNF or another biologic
        M14         repeat the measurement
        M27         repeat the measurement
        """,
        "definition = 'paper' and patient_id in "
        "('C01', 'C05', 'M01', 'M05', 'M07', 'M09', 'M14', 'M27')",
    )
    sources = clinic.rows("select distinct action_source from analytics.lor_mechanism")
    assert len(sources) == 1
    assert "10.21037/tp-2025-344" in sources[0]["action_source"]


def test_caveats(clinic: Clinic) -> None:
    """Said where an assay that is not wholly described found nothing, or where nothing tells."""
    rows = clinic.rows(
        "select caveat, array_agg(patient_id order by patient_id) as patients "
        "from analytics.lor_mechanism where definition = 'paper' and caveat is not null "
        "group by caveat"
    )
    assert {row["caveat"].split(":")[0]: row["patients"] for row in rows} == {
        "antibodies undetected, cut-off of the assay not known": ["M23"],
        "antibodies undetected, cut-off and drug tolerance of the assay not known": [
            *("C20", "C21", "M22", "M24"),
        ],
        "the cut-offs of the assay are not known": ["M11", "M12", "M19", "M21", "M25", "M26"],
        "no level within the window tells what the trough was": ["C05", "C06", "C08", "C22"],
    }


def test_which_level_tells(clinic: Clinic) -> None:
    clinic.check(
        "lor_mechanism",
        """
        patient_id  levels_in_window  sampled_on  days_from_event  is_trough
        C01         0                 -           -                -
        C02         2                 d154        -6               yes
        C03         2                 d158        -2               no
        C04         2                 d154        -6               yes
        C05         1                 d160        0                no
        C06         1                 d160        0                no
        C07         2                 d158        -2               no
        C08         1                 d215        3                no
        C09         0                 -           -                -
        C10         1                 d104        -56              no
        C11         1                 d188        28               no
        C12         0                 -           -                -
        C13         1                 d98         -22              yes
        C14         1                 d98         -22              yes
        C15         1                 d98         -22              yes
        C16         1                 d154        -6               yes
        C17         3                 d154        -6               yes
        C18         0                 -           -                -
        C19         2                 d154        -31              yes
        C20         1                 d154        -6               yes
        C21         1                 d154        -6               yes
        C22         2                 d159        -1               no
        """,
        "definition = 'paper' and patient_id like 'C%'",
        "patient_id",
    )
    clinic.check(
        "lor_mechanism",
        """
        patient_id  threshold_ug_ml  trough_status
        C01         -                none
        C02         5                within
        C03         5                low
        C04         5                low
        C05         5                none
        C06         5                none
        C07         5                low
        C08         -                none
        C09         -                none
        C10         5                low
        C11         5                low
        C12         -                none
        C13         12.7             low
        C14         5                within
        C15         5                within
        C16         5                within
        C17         5                within
        C18         -                none
        C19         5                low
        C20         5                low
        C21         5                low
        C22         5                none
        """,
        "definition = 'paper' and patient_id like 'C%'",
        "patient_id",
    )
    clinic.check(
        "lor_mechanism",
        """
        patient_id  assay  ifx_ug_ml
        C17         alpha  8
        """,
        "definition = 'paper' and patient_id = 'C17'",
    )


def test_newest_version_of_the_thresholds(clinic: Clinic) -> None:
    """A later edition counts as soon as it is there; taken back, so that the others stay true."""
    with clinic.database.engine.connect() as connection:
        connection.exec_driver_sql(
            "insert into reference.tdm_threshold "
            "values ('2031', 'maintenance', 'any', 'therapeutic', 10, 'a later guideline')"
        )
        row = connection.exec_driver_sql(
            "select threshold_version, threshold_ug_ml, threshold_source, trough_level "
            "from analytics.trough where definition = 'paper' and patient_id = 'M01'"
        ).one()
        connection.rollback()
    assert tuple(row) == ("2031", 10, "a later guideline", "below")
