"""The course of the index, the genes, and one row a patient."""

from __future__ import annotations

import pytest

from tests.views.clinic import Clinic, child
from tests.views.conftest import OpenClinic

# Forty points with every item, and twenty without height.
ITEMS = {
    "abdominal_pain": "10",
    "stools": "10",
    "functioning": "10",
    "hematocrit": "5",
    "esr": "5",
    "albumin": "0",
    "weight": "0",
    "height": "0",
    "abdomen": "0",
    "perirectal": "0",
    "extraintestinal": "0",
}
NO_HEIGHT = {name: points for name, points in ITEMS.items() if name != "height"} | {"stools": "0"}

CHILDREN = [
    child(
        "P1",
        scores={
            -40: "27.5",
            -3: ITEMS,
            20: NO_HEIGHT | {"total": "32.5"},
            98: NO_HEIGHT | {"functioning": "0"} | {"hematocrit": "0", "esr": "0"},
            150: "7.5",
            200: "37.5",
            250: "10",
            301: "40",
            1455: "0",
            1456: "90",
        },
        end=(300, "ifx_stopped"),
        genes=[(50, "XIAP", "c.664C>T", "p.R222X"), (1456, "IL10RA", "c.301C>T", "")],
        phenotypes=[(-9, "yes"), (1, "no")],
    ),
    child("P2", scores={0: "40", 83: "5", 112: "2.5", 113: "5", 120: NO_HEIGHT}),
    child("P3", infusions=[0, 14, 42], scores={1: "40", 112: "5", 113: "5"}),
    child("P4", infusions=[], scores={0: "40"}, genes=[(None, "XIAP", "c.664C>T", "p.Arg222Ter")]),
    child(
        "P5",
        scores={0: "40", 98: "20", 99: "20"},
        sex="female",
        birth_date="2014-01-06",
        onset_on="2019-01",
        genes=[(9, "XIAP", "c.665G>A", "")],
        end=(200, "died"),
    ),
]


@pytest.fixture(scope="module")
def clinic(open_clinic: OpenClinic) -> Clinic:
    return open_clinic(CHILDREN)


def test_scores(clinic: Clinic) -> None:
    clinic.check(
        "pcdai_course",
        """
        day   phase              score  severity   since_baseline  since_previous  previous_on
        -40   before             27.5   mild       -               -               -
        -3    baseline           40     severe     0               12.5            d-40
        20    induction          32.5   moderate   -7.5            -7.5            d-3
        98    week14             10     mild       -30             -22.5           d20
        150   follow_up          7.5    remission  -32.5           -2.5            d98
        200   loss               37.5   moderate   -2.5            30              d150
        250   after_loss         10     mild       -30             -27.5           d200
        301   after_observation  40     severe     0               30              d250
        1455  after_observation  0      remission  -40             -40             d301
        """,
        "definition = 'paper' and patient_id = 'P1'",
        "day",
    )


def test_where_scores_come_from(clinic: Clinic) -> None:
    clinic.check(
        "pcdai_course",
        """
        day  score_source  total  computed_total  no_height
        -40  declared      27.5   -               -
        -3   computed      -      40              no
        20   declared      32.5   30              yes
        98   computed      -      10              yes
        """,
        "definition = 'paper' and patient_id = 'P1' and day < 100",
        "day",
    )


def test_phases_outside_the_cohort(clinic: Clinic) -> None:
    clinic.check(
        "pcdai_course",
        """
        patient_id  eligible  day  phase      since_baseline  since_previous
        P3          no        1    induction  -               -
        P3          no        112  week14     -               -35
        P3          no        113  follow_up  -               0
        P4          no        -    -          -               -
        """,
        "definition = 'paper' and patient_id in ('P3', 'P4')",
        "patient_id, day",
    )


def test_genes(clinic: Clinic) -> None:
    """What is reported after the cut is not seen, what has no date is."""
    clinic.check(
        "gene_summary",
        """
        gene  hgvs_c    hgvs_p         patients  boys  veo  in_cohort  losses  first_reported_on
        XIAP  c.664C>T  p.(Arg222Ter)  2         2     0    1          1       d50
        XIAP  c.665G>A  -              1         0     1    1          1       d9
        """,
    )


def test_one_row_a_patient(clinic: Clinic) -> None:
    clinic.check(
        "adsl",
        """
        usubjid  siteid  age  ageu   sex  saffl  fasfl  reason
        P1       BCH     11   YEARS  M    Y      Y      -
        P2       BCH     11   YEARS  M    Y      Y      -
        P3       BCH     11   YEARS  M    Y      N      fewer_than_4_infusions
        P4       BCH     -    -      M    N      N      no_infliximab
        P5       BCH     6    YEARS  F    Y      Y      -
        """,
    )
    clinic.check(
        "adsl",
        """
        usubjid  trtsdt  trtedt  trtdurd  infusions
        P1       d0      d98     99       4
        P2       d0      d98     99       4
        P3       d0      d42     43       3
        P4       -       -       -        0
        P5       d0      d98     99       4
        """,
    )
    clinic.check(
        "adsl",
        """
        usubjid  eosstt        eosdt  dcsreas      dthfl  dthdt
        P1       DISCONTINUED  d300   ifx_stopped  -      -
        P2       ONGOING       d1455  -            -      -
        P3       ONGOING       d1455  -            -      -
        P4       -             -      -            -      -
        P5       DISCONTINUED  d200   died         Y      d200
        """,
    )
    clinic.check(
        "adsl",
        """
        usubjid  perianal  week14_pcdai  state
        P1       yes       10            loss_of_response
        P2       -         2.5           loss_of_response
        P3       -         5             fewer_than_4_infusions
        P4       -         -             no_infliximab
        P5       -         20            loss_of_response
        """,
    )
