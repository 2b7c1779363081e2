"""What a visit, an infusion or anything else does to a status, told at once."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, text

from registry.database.engine import Database
from registry.entry.answers.consequences import Consequence, differences, status_of
from tests.entry.children import INDUCTION, START, add, add_child, give, on, see


def done(connection: Connection, patient: int, table: str, **values: object) -> list[Consequence]:
    before = status_of(connection, [patient])
    add(connection, table, patient, **values)
    return differences(before, status_of(connection, [patient]))


def visited(connection: Connection, patient: int, day: int, total: float) -> list[str]:
    found = done(connection, patient, "pcdai_visit", visited_on=on(day), total=total)
    return [consequence.text for consequence in found]


@pytest.mark.parametrize(
    ("baseline", "week14", "sentences"),
    [
        (
            40,
            7.5,
            [
                "Week-14 score of 2020-04-12 (current, paper, recommended): 7.5, remission; it "
                "fell by 32.5."
            ],
        ),
        (
            40,
            10,
            [
                "Week-14 score of 2020-04-12 (current, paper, recommended): 10, response without "
                "remission; it fell by 30."
            ],
        ),
        (
            25,
            12.5,
            [
                "Week-14 score of 2020-04-12 (current, paper, recommended): 12.5, primary "
                "non-response; it fell by 12.5, a response is 15 or more."
            ],
        ),
        (
            17.5,
            5,
            [
                "Week-14 score of 2020-04-12 (current, recommended): 5, remission; it fell by "
                "12.5.",
                "Week-14 score of 2020-04-12 (paper): 5, primary non-response; it fell by 12.5, "
                "a response is 15 or more.",
            ],
        ),
        (
            None,
            5,
            [
                "Week-14 score of 2020-04-12 (current, paper, recommended): 5, below 10; without a "
                "baseline PCDAI there is no response to judge."
            ],
        ),
    ],
)
def test_the_week_14_visit_tells_the_response_before_infusion_4_is_there(
    database: Connection, baseline: float | None, week14: float, sentences: list[str]
) -> None:
    patient = add_child(database)
    give(database, patient, 0, 14, 42)
    if baseline is not None:
        see(database, patient, {0: baseline})
    assert visited(database, patient, 97, week14) == sentences


def test_the_fourth_infusion_makes_the_cohort(database: Connection) -> None:
    patient = add_child(database)
    give(database, patient, 0, 14, 42)
    see(database, patient, {0: 40, 97: 5})
    found = done(database, patient, "infusion", infused_on=on(98), dose_mg=150, weight_kg=30)
    assert [one.text for one in found] == [
        "In the cohort (current, paper, recommended): all conditions hold."
    ]


def test_a_loss_of_response_is_told_at_its_visit(database: Connection) -> None:
    patient = add_child(database)
    give(database, patient, *INDUCTION, 154, 210)
    see(database, patient, {0: 40, 98: 10})
    assert visited(database, patient, 150, 15) == []
    assert visited(database, patient, 200, 17.5) == [
        "Loss of response on 2020-07-24 (current, recommended): PCDAI 17.5 is above 15 and above "
        "the 10 of week 14.",
        "Loss of response on 2020-07-24 (paper): PCDAI 17.5 is above 15.",
    ]
    assert visited(database, patient, 205, 40) == []
    assert visited(database, patient, 160, 20) == [
        "Loss of response on 2020-06-14 (current, recommended): PCDAI 20 is above 15 and above "
        "the 10 of week 14.",
        "Loss of response on 2020-06-14 (paper): PCDAI 20 is above 15.",
    ]


def test_a_responder_still_above_15_is_a_loss_by_the_paper_alone(database: Connection) -> None:
    patient = add_child(database)
    give(database, patient, *INDUCTION, 154)
    see(database, patient, {0: 50, 98: 20})
    assert visited(database, patient, 150, 20) == [
        "Loss of response on 2020-06-04 (paper): PCDAI 20 is above 15."
    ]


def test_what_comes_after_the_data_cut_is_told_as_such(database: Connection) -> None:
    patient = add_child(database)
    give(database, patient, *INDUCTION)
    see(database, patient, {0: 40, 98: 5})
    before = status_of(database, [patient])
    add(database, "pcdai_visit", patient, visited_on="2024-02-01", total=20)
    (found,) = differences(before, status_of(database, [patient]))
    assert found.to_json() == {
        "patient_id": "E001",
        "kind": "loss_of_response",
        "on": "2024-02-01",
        "definitions": ["paper"],
        "as_of_today": True,
        "text": "Loss of response on 2024-02-01 (paper, as of today, beyond the data cut): "
        "PCDAI 20 is above 15.",
    }


def test_what_is_taken_back_is_told(database: Connection) -> None:
    patient = add_child(database)
    give(database, patient, *INDUCTION)
    see(database, patient, {0: 40, 98: 5, 140: 30})
    assert [
        one.text
        for one in done(database, patient, "follow_up_end", ended_on=on(120), reason="ifx_stopped")
    ] == [
        "No loss of response any more (current, paper, recommended): it was on 2020-05-25.",
        "Observation ends on 2020-05-05 (current, paper, recommended): infliximab was stopped.",
    ]
    assert [
        one.text
        for one in done(database, patient, "condition", condition="lymphoma", onset_on=START)
    ] == [
        "No longer in the cohort (current, paper, recommended): contraindication to infliximab.",
    ]


def test_nothing_is_said_of_others_and_of_what_stays(database: Connection) -> None:
    patient, other = add_child(database), add_child(database, "E002")
    for child in (patient, other):
        give(database, child, *INDUCTION)
        see(database, child, {0: 40})
    before = status_of(database, [patient, other])
    see(database, other, {98: 5})
    after = status_of(database, [patient, other])
    assert {one.study_id for one in differences(before, after)} == {"E002"}
    assert differences(after, after) == []


def test_a_definition_of_ones_own_is_told_too(database: Connection) -> None:
    database.execute(
        text(
            "create temporary table own on commit drop as select * from reference.definition "
            "where name = 'paper'"
        )
    )
    database.execute(
        text("update own set name = 'stricter', lor_above = 10, hash = '', derived_hash = null")
    )
    database.execute(text("insert into reference.definition select * from own"))
    patient = add_child(database)
    give(database, patient, *INDUCTION)
    see(database, patient, {0: 40, 98: 5})
    assert visited(database, patient, 120, 12.5) == [
        "Loss of response on 2020-05-05 (stricter): PCDAI 12.5 is above 10."
    ]


# Of some children research was withdrawn, of others it will be.
_CONSENTS = """
insert into clinical.consent (patient_id, scope, signed_on, given_by, withdrawn_on)
select patient_id, 'research', s.signed_on, 'parent_or_guardian', s.signed_on + 30
from clinical.patient
cross join (values (0, date '2018-05-01'), (1, date '2023-06-01')) s (third, signed_on)
where patient_id % 3 = s.third
"""


@pytest.mark.parametrize("day", ["", "2019-06-01", "2023-06-10"])
def test_both_days_of_one_text_are_as_the_views_of_each_say(
    shared_study: Database, day: str
) -> None:
    """On a day before the data cut as well, when `rules` see more than `present`."""
    with shared_study.engine.connect() as connection:
        connection.execute(text("select set_config('registry.today', :day, true)"), {"day": day})
        connection.execute(text("select set_config('registry.reason', 'test', true)"))
        connection.execute(text(_CONSENTS))
        expected = {}
        for schema, which in (("rules", "d.data_cut is not null"), ("present", "true")):
            found = connection.execute(
                text(
                    "select n.study_id, d.*, e.*, n.patient_id from reference.patient_number n "
                    f"join {schema}.eligibility e using (patient_id) "
                    f"join {schema}.definition d on d.name = e.definition where {which}"
                )
            )
            for row in found.mappings():
                of_today = schema == "present"
                key = row["study_id"], row["name"], of_today and row["data_cut"] is not None
                expected[key] = {**row, "up_to_today": of_today}
        children = {row["patient_id"] for row in expected.values()}
        told = status_of(connection, children)
        connection.rollback()
    assert {row["reason"] for row in expected.values()} >= {None, "no_research_consent"}
    assert told.keys() == expected.keys()
    for key, row in expected.items():
        assert {name: told[key][name] for name in row} == row
