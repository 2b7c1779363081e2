"""What visits, drugs, laboratory values, assessments and the patient are answered with."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection, text

from registry.entry.answers.answer import Answer, answer
from registry.errors import NotFound
from registry.models import ENTITIES, Patient
from registry.models.pcdai_visit import ITEMS
from tests.entry.children import ENTITY, INDUCTION, add, add_child, answered, give, on, see, text_of
from tests.schema.catalogue import RECORD_TABLES, VALID


def told(connection: Connection, table: str, patient: int, **values: Any) -> Answer:
    record = add(connection, table, patient, **values)
    return answered(connection, table, patient, record)


@pytest.mark.parametrize("table", RECORD_TABLES)
def test_every_kind_of_record_has_an_answer(database: Connection, table: str) -> None:
    patient = add_child(database)
    assert isinstance(told(database, table, patient, **VALID[table]).to_json(), dict)
    assert set(ENTITY.values()) == set(ENTITIES)


def test_a_definition_that_is_not_there(database: Connection) -> None:
    with pytest.raises(NotFound, match="There is no definition nobody"):
        answer(database, Patient, add_child(database), None, "nobody")


def test_total_severity_and_changes(database: Connection) -> None:
    patient = add_child(database)
    give(database, patient, *INDUCTION)
    see(database, patient, {-5: 40, 98: 12.5})
    visit = told(database, "pcdai_visit", patient, visited_on=on(150), total=Decimal("7.5"))
    assert visit.to_json() == {
        "total": 7.5,
        "declared": 7.5,
        "computed": None,
        "no_height": False,
        "severity": "remission",
        "change_since_baseline": -32.5,
        "change_since_previous": -5,
    }
    assert text_of(visit, "change_since_baseline") == "-32.5 points, from 40 on 2020-01-01"
    assert text_of(visit, "change_since_previous") == "-5 points, from 12.5 on 2020-04-13"


def test_the_baseline_itself_and_a_visit_before_it(database: Connection) -> None:
    patient = add_child(database)
    give(database, patient, 0)
    baseline = told(database, "pcdai_visit", patient, visited_on=on(-5), total=40)
    assert baseline.to_json()["change_since_baseline"] is None
    assert text_of(baseline, "change_since_baseline") == (
        "this is the baseline of the first infusion on 2020-01-06"
    )
    earlier = told(database, "pcdai_visit", patient, visited_on=on(-9), total=30)
    assert text_of(earlier, "change_since_baseline") == "no baseline before this visit"
    assert text_of(earlier, "change_since_previous") == "no visit before"


@pytest.mark.parametrize(
    ("total", "severity"),
    [
        ("0", "remission"),
        ("7.5", "remission"),
        ("10", "mild"),
        ("27.5", "mild"),
        ("30", "moderate"),
        ("37.5", "moderate"),
        ("40", "severe"),
        ("100", "severe"),
    ],
)
def test_bands_of_severity(database: Connection, total: str, severity: str) -> None:
    patient = add_child(database)
    visit = told(database, "pcdai_visit", patient, visited_on=on(0), total=Decimal(total))
    assert visit.to_json()["severity"] == severity


def test_items_without_height_are_said_to_be(database: Connection) -> None:
    patient = add_child(database)
    items: dict[str, Any] = dict.fromkeys(ITEMS, 0) | {"stools": 10, "esr": Decimal("2.5")}
    complete = told(database, "pcdai_visit", patient, visited_on=on(0), **items)
    assert text_of(complete, "total") == "12.5 from the items"
    assert complete.to_json()["no_height"] is False
    items["height"] = None
    without = told(database, "pcdai_visit", patient, visited_on=on(1), **items)
    assert text_of(without, "total") == "12.5 from the items, without height"
    assert without.to_json()["no_height"] is True
    both = told(database, "pcdai_visit", patient, visited_on=on(2), total=20, **items)
    assert text_of(both, "total") == "20 as declared, 12.5 without height"
    assert both.warnings == []
    wrong = told(database, "pcdai_visit", patient, visited_on=on(3), total=25, **items)
    assert wrong.warnings == [f"On {on(3)} the total is 25, but the items allow 12.5 to 22.5."]


def test_a_course_of_a_drug(database: Connection) -> None:
    patient = add_child(database)
    values = {"started_on": on(10), "stopped_on": on(40)}
    add(database, "medication", patient, drug="prednisone", **values)
    add(database, "medication", patient, drug="EEN", started_on=on(0), stopped_on=on(20))
    found = told(
        database,
        "medication",
        patient,
        drug="azathioprine",
        started_on=on(20),
        stopped_on=on(120),
    )
    assert found.to_json() == {
        "drug_class": "immunomodulator",
        "days": 100,
        "ongoing": False,
        "stop_known_to": "day",
        "overlaps": ["prednisone"],
    }
    today = database.execute(text("select current_date")).scalar_one()
    going = told(database, "medication", patient, drug="methotrexate", started_on=on(30))
    assert going.to_json()["ongoing"] is True
    assert going.to_json()["days"] == (today - on(30)).days
    assert going.to_json()["overlaps"] == ["prednisone", "azathioprine"]


def test_biologics_at_a_time_are_warned_of(database: Connection) -> None:
    patient = add_child(database)
    give(database, patient, 0)
    first = told(database, "medication", patient, drug="adalimumab", started_on=on(-30))
    assert first.warnings == [
        "adalimumab from 2019-12-07 to …, but infliximab was infused on 2020-01-06."
    ]
    second = told(database, "medication", patient, drug="ustekinumab", started_on=on(30))
    assert second.warnings == ["Two biologics at a time: adalimumab as well."]


@pytest.mark.parametrize(
    ("analyte", "value", "unit", "key", "reading"),
    [
        ("CRP", "12", "mg/L", "high", False),
        ("CRP", "1.21", "mg/dL", "high", True),
        ("CRP", ">12", "mg/L", "high", True),
        ("CRP", "<20", "mg/L", "high", None),
        ("ESR", "20.1", "mm/h", "high", True),
        ("WBC", "10", "10^9/L", "high", False),
        ("PLT", "401", "10^9/L", "high", True),
        ("HGB", "10.9", "g/dL", "low", True),
        ("HGB", "110", "g/L", "low", False),
        ("ALB", "3.4", "g/dL", "low", True),
        ("ALB", "<35", "g/L", "low", True),
        ("ALB", "<36", "g/L", "low", None),
    ],
)
def test_laboratory_values_in_their_own_unit(
    database: Connection, analyte: str, value: str, unit: str, key: str, reading: bool | None
) -> None:
    found = told(
        database,
        "lab_result",
        add_child(database),
        collected_on=on(0),
        analyte=analyte,
        value=Decimal(value.lstrip("<>")),
        value_comparator=value[0] if value[0] in "<>" else None,
        unit=unit,
    ).to_json()
    assert found[key] is reading
    assert found["unit"] == unit.replace("/dL", "/L").replace("mg/L", "mg/L")
    if unit == "g/dL":
        assert found["value"] == float(Decimal(value) * 10)


def test_a_phenotype_that_goes_back_is_flagged_from_both_sides(database: Connection) -> None:
    patient = add_child(database)
    first = told(
        database,
        "phenotype",
        patient,
        assessed_on=on(100),
        location="L3",
        upper_gi="L4a",
        behaviour="B1",
        perianal=True,
        growth="G0",
    )
    assert first.to_json() == {"paris": "L3 L4a B1 p G0", "previous_on": None}
    assert first.warnings == []
    later = told(database, "phenotype", patient, assessed_on=on(200), perianal=False)
    assert len(later.warnings) == 1
    assert later.warnings[0].startswith("perianal went back from yes (2020-04-15) to no")
    earlier = told(database, "phenotype", patient, assessed_on=on(0), behaviour="B2")
    assert len(earlier.warnings) == 1
    assert earlier.warnings[0].startswith("behaviour went back from B2 (2020-01-06) to B1")


@pytest.mark.parametrize(
    ("cdeis", "severity"),
    [
        ("2.9", "remission"),
        ("3", "mild"),
        ("8.9", "mild"),
        ("9", "moderate"),
        ("12", "severe"),
        ("44", "severe"),
    ],
)
def test_bands_of_the_endoscopic_index(database: Connection, cdeis: str, severity: str) -> None:
    patient = add_child(database)
    add(database, "endoscopy", patient, performed_on=on(0), cdeis=20)
    add(database, "endoscopy", patient, performed_on=on(10))
    found = told(database, "endoscopy", patient, performed_on=on(20), cdeis=Decimal(cdeis))
    assert found.to_json()["severity"] == severity
    assert found.to_json()["change_since_previous"] == float(Decimal(cdeis) - 20)


def test_surgery_condition_and_end_by_the_course(database: Connection) -> None:
    patient = add_child(database)
    give(database, patient, *INDUCTION)
    see(database, patient, {0: 40, 98: 5})
    surgery = told(database, "surgery", patient, performed_on=on(-3), procedure="seton")
    assert text_of(surgery, "day") == "3 days before the first infusion"
    comorbid = told(database, "condition", patient, condition="other", onset_on=on(-3))
    assert comorbid.to_json() == {"contraindication": False, "at_start": True}
    tuberculosis = told(
        database,
        "condition",
        patient,
        condition="active_tuberculosis",
        onset_on=on(-300),
        resolved_on=on(-1),
    )
    assert tuberculosis.to_json() == {"contraindication": True, "at_start": False}
    assert tuberculosis.warnings == []
    lymphoma = told(database, "condition", patient, condition="lymphoma", onset_on=on(20))
    assert lymphoma.warnings == ["Infusions entered while it was active: 2. Check the dates."]
    end = told(database, "follow_up_end", patient, ended_on=on(50), reason="ifx_stopped")
    assert end.to_json() == {"day": 50, "infusions_after": 1, "visits_after": 1}
    assert end.warnings == [
        "Follow-up ended on 2020-02-25 (ifx_stopped), but infliximab was infused on 2020-04-13."
    ]


@pytest.mark.parametrize(
    ("onset", "precision", "years", "very_early"),
    [
        ("2015-01-05", "day", 5, True),
        ("2015-01-06", "day", 6, False),
        ("2014-01-01", "year", 5, True),
        ("2015-01-01", "month", 6, False),
        (None, None, None, None),
    ],
)
def test_age_at_onset(
    database: Connection,
    onset: str | None,
    precision: str | None,
    years: int | None,
    very_early: bool | None,
) -> None:
    """Born 2009-01-06; a year stands for its 1 July, a month for its 15th."""
    patient = add_child(database, onset_on=onset, onset_on_precision=precision)
    found = answered(database, "patient", patient, None).to_json()
    assert found["onset_age_years"] == years
    assert found["very_early_onset"] is very_early


@pytest.mark.parametrize(
    ("diagnosed", "paris"),
    [
        ("2013-01-05", "A1a"),
        ("2013-01-06", "A1b"),
        ("2020-01-05", "A1b"),
        ("2020-01-06", "A2"),
        (None, None),
    ],
)
def test_paris_age_at_diagnosis(
    database: Connection, diagnosed: str | None, paris: str | None
) -> None:
    patient = add_child(
        database,
        birth="2003-01-06",
        diagnosed_on=diagnosed,
        diagnosed_on_precision=diagnosed and "day",
    )
    assert answered(database, "patient", patient, None).to_json()["paris_age"] == paris
