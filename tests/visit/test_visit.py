"""A visit on real tables: what is written, what is refused, what is left alone."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import Connection

from registry.cli.visit.words import lines_of
from registry.definitions.store import set_default_definition
from registry.entry.save import amend
from registry.entry.stored import find_record
from registry.entry.visit.day import Visit, read_day
from registry.entry.visit.plan import plan_of
from registry.entry.visit.write import VisitRejected, preview, proposals, save
from registry.errors import NotFound, Refused, WrongUsage
from registry.models import LabResult, PcdaiVisit
from registry.records.change import declare_change
from tests.visit.clinic import (
    DAY,
    DAYS_WORK,
    ROWS,
    add_responder,
    begin_change,
    everything,
    rows_of,
    saved,
)


@pytest.fixture
def patient(database: Connection) -> int:
    return add_responder(database, "V1")


def test_a_visit_is_written_whole(database: Connection, patient: int) -> None:
    outcome = saved(database, "V1", DAYS_WORK)
    assert rows_of(database, patient) == ROWS
    assert [(one.did, one.stored.entity.file_name) for one in outcome.said] == [
        ("stopped", "medications"),
        ("entered", "anthropometry"),
        ("entered", "pcdai_visits"),
        ("entered", "tdm_levels"),
        ("entered", "infusions"),
        ("entered", "lab_results"),
        ("entered", "lab_results"),
        ("entered", "medications"),
    ]
    # 22.5 is above 15 and above the 5 of week 14.
    lost = [one for one in outcome.consequences if one.kind == "loss_of_response"]
    assert {name for one in lost for name in one.definitions} == {"current", "paper", "recommended"}
    assert {one.on for one in lost} == {DAY}


def test_asking_first_leaves_nothing(database: Connection, patient: int) -> None:
    before = everything(database)
    visit = Visit(read_day(database, "V1", DAY), DAYS_WORK)
    asked = preview(database, visit)
    assert everything(database) == before
    done = save(database, visit, user="tester")
    assert [one.text for one in asked.consequences] == [one.text for one in done.consequences]
    assert asked.warnings() == done.warnings()
    assert [one.answer for one in asked.said] == [one.answer for one in done.said]


def test_that_a_day_lies_after_the_data_cut_is_said_once(
    database: Connection, patient: int
) -> None:
    set_default_definition(database, "paper", user="tester", reason="a test")
    late = Visit(read_day(database, "V1", date(2024, 3, 25)), DAYS_WORK)
    lines = lines_of(preview(database, late))
    about = "Dated: after 2023-12-31, the data cut of paper: its analyses do not see it"
    assert [line for line in lines if "data cut of paper" in line[1]] == [("note", about)]


def test_a_visit_that_is_there_says_nothing_new(database: Connection, patient: int) -> None:
    saved(database, "V1", DAYS_WORK)
    day = read_day(database, "V1", DAY)
    assert not plan_of(Visit(day, {}))
    assert not plan_of(Visit(day, DAYS_WORK | {"anthropometry.weight_kg": "31.50"}))


WRONG = {
    "anthropometry.weight_kg": ("315", "is outside 1 to 250 kg"),
    "anthropometry.height_cm": ("tall", "is not a number"),
    "lab.CRP": ("low", "is not a number, <number or >number"),
    "lab.ALB": ("34 mg/L", "is not in a unit of ALB: g/L, g/dL"),
    "lab.WBC": ("-1", "is outside 0 or more"),
    "pcdai.stools": ("7", "is outside 0 to 10 in steps of 5 points"),
    "tdm.ada_au_ml": ("20000", "is outside 0 to 10000 AU/mL"),
    "infusion.dose_mg": ("0", "is outside above 0 to 2000 mg"),
    "medication.stopped": ("EEN", "is not taken on that day; taken are: azathioprine"),
}


def test_whatever_is_wrong_is_said_at_once_each_of_its_field(
    database: Connection, patient: int
) -> None:
    typed = {field: typed for field, (typed, _) in WRONG.items()}
    before = everything(database)
    with pytest.raises(VisitRejected) as raised, database.begin_nested():
        saved(database, "V1", DAYS_WORK | typed)
    said = {one.field: (one.value, one.problem) for one in raised.value.complaints}
    assert said == WRONG
    assert everything(database) == before


def test_a_total_is_held_to_its_items(database: Connection, patient: int) -> None:
    asked = preview(
        database, Visit(read_day(database, "V1", DAY), DAYS_WORK | {"pcdai.total": "30"})
    )
    assert [str(one) for one in asked.complaints] == [
        "pcdai.total '30' is not the sum of the items, 22.5"
    ]
    # What nothing is against is answered all the same.
    assert "infusions" in {one.stored.entity.file_name for one in asked.said}


def test_an_infusion_needs_the_weight_of_the_day(database: Connection, patient: int) -> None:
    asked = preview(database, Visit(read_day(database, "V1", DAY), {"infusion.dose_mg": "200"}))
    assert [(one.field, one.problem) for one in asked.complaints] == [
        ("anthropometry.weight_kg", "is missing")
    ]


def test_a_day_before_the_birth_is_no_day(database: Connection, patient: int) -> None:
    day = read_day(database, "V1", DAY.replace(year=1999))
    asked = preview(database, Visit(day, {"pcdai.total": "30"}))
    assert [(one.field, one.problem) for one in asked.complaints] == [
        ("on", "lies before the birth")
    ]


def test_nobody_is_not_visited(database: Connection) -> None:
    with pytest.raises(NotFound):
        read_day(database, "NOBODY", DAY)


def test_a_change_needs_a_reason_and_touches_no_other_record(
    database: Connection, patient: int
) -> None:
    saved(database, "V1", DAYS_WORK)
    values = {"lab.ALB": "34 g/L", "anthropometry.weight_kg": "32"}
    with pytest.raises(WrongUsage):
        saved(database, "V1", values)
    outcome = saved(database, "V1", values, reason="scales read again")
    # The infusion was given for the weight of the day.
    assert [(o.did, o.stored.entity.file_name, o.stored.version) for o in outcome.said] == [
        ("amended", "anthropometry", 2),
        ("amended", "infusions", 2),
        ("amended", "lab_results", 2),
    ]
    expected = {name: list(rows) for name, rows in ROWS.items()}
    expected["anthropometry"] = [("2020-06-08", "138", "32")]
    expected["infusion"] = [("2020-06-08", "200", "32", "Remicade")]
    expected["lab_result"][0] = ("2020-06-08", "ALB", "34", None, "g/L")
    assert rows_of(database, patient) == expected


def test_a_record_that_is_emptied_is_taken_out(database: Connection, patient: int) -> None:
    saved(database, "V1", DAYS_WORK)
    emptied = {"lab.CRP": "", "infusion.dose_mg": "", "infusion.product": "", "tdm.ada_au_ml": ""}
    outcome = saved(database, "V1", emptied, reason="of another child")
    assert [(one.did, one.stored.entity.file_name) for one in outcome.said] == [
        ("voided", "infusions"),
        ("voided", "lab_results"),
        ("amended", "tdm_levels"),
    ]
    rows = rows_of(database, patient)
    assert (rows["infusion"], len(rows["lab_result"])) == ([], 1)
    assert rows["tdm_level"] == [("2020-06-08", "0.4", "<", None, None, "ELISA")]


def test_a_stop_and_a_start_are_taken_back(database: Connection, patient: int) -> None:
    saved(database, "V1", DAYS_WORK)
    saved(
        database, "V1", {"medication.started": "", "medication.stopped": ""}, reason="not that day"
    )
    assert rows_of(database, patient)["medication"] == [("azathioprine", "2020-01-06", None)]


def test_a_drug_is_stopped_and_begun_anew_on_one_day(database: Connection, patient: int) -> None:
    drugs = {"medication.stopped": "Azathioprine", "medication.started": "azathioprine，EEN"}
    saved(database, "V1", drugs)
    assert rows_of(database, patient)["medication"] == [
        ("EEN", "2020-06-08", None),
        ("azathioprine", "2020-01-06", "2020-06-08"),
        ("azathioprine", "2020-06-08", None),
    ]


def test_a_unit_that_is_not_written_is_the_last_one(database: Connection, patient: int) -> None:
    day = read_day(database, "V1", DAY)
    assert (day.units["ALB"], day.units["CRP"]) == ("g/dL", "mg/L")
    saved(database, "V1", {"lab.ALB": "3.4", "lab.CRP": "1.2 mg/dl"})
    assert rows_of(database, patient)["lab_result"] == [
        ("2020-06-08", "ALB", "3.4", None, "g/dL"),
        ("2020-06-08", "CRP", "1.2", None, "mg/dL"),
    ]


def test_what_is_typed_is_proposed_from(database: Connection, patient: int) -> None:
    """Albumin of 3.4 g/dL is 34 g/L: five points; a haematocrit of 33 % in a boy of 11: 2.5."""
    values = {"lab.ALB": "3.4", "lab.HCT": "0.33 L/L", "lab.ESR": "fast"}
    found = proposals(database, Visit(read_day(database, "V1", DAY), values))
    assert {one.item: float(one.points) for one in found} == {"albumin": 5, "hematocrit": 2.5}


def test_a_level_is_more_than_an_assay(database: Connection, patient: int) -> None:
    asked = preview(database, Visit(read_day(database, "V1", DAY), {"tdm.assay": "ELISA"}))
    assert [(one.field, one.problem) for one in asked.complaints] == [
        ("tdm.assay", "stands without a level")
    ]


@pytest.mark.parametrize("entity", [PcdaiVisit, LabResult])
def test_a_record_changed_meanwhile_refuses_the_visit(
    database: Connection, patient: int, entity: type
) -> None:
    saved(database, "V1", {"pcdai.total": "20", "lab.CRP": "5"})
    visit = Visit(read_day(database, "V1", DAY), {"anthropometry.height_cm": "138"})
    key = {"analyte": "CRP"} if entity is LabResult else {"visited_on": DAY.isoformat()}
    other = find_record(database, entity, "V1", key=key)
    begin_change(database)
    declare_change(database, user="other", command="amend", reason="letter")
    amend(database, other, {"value" if entity is LabResult else "total": "10"})
    before = everything(database)
    with pytest.raises(Refused, match="has been changed meanwhile: it is at version 2, not 1"):
        save(database, visit, user="tester")
    assert everything(database) == before


def test_a_record_entered_meanwhile_is_not_overwritten(database: Connection, patient: int) -> None:
    visit = Visit(read_day(database, "V1", DAY), {"pcdai.total": "20"})
    saved(database, "V1", {"pcdai.total": "10"})
    with pytest.raises(VisitRejected) as raised, database.begin_nested():
        save(database, visit, user="tester")
    [complaint] = raised.value.complaints
    assert complaint.field == "pcdai.total"
    assert complaint.problem.startswith("is not what the record")
