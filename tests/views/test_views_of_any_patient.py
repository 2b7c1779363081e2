"""What must hold of any patient, on random ones full of the cases on which readings part.

REGISTRY_TEST_SEED draws other patients and definitions.
"""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import fields
from datetime import timedelta
from functools import cache
from random import Random
from typing import Any

import pytest
from sqlalchemy import text

from registry.database.engine import Database
from tests.oracle.definition import CURRENT, PAPER, RECOMMENDED, Definition
from tests.oracle.patients import random_patients
from tests.oracle.random_definition import random_definition
from tests.oracle.records import Measured
from tests.oracle.rules import Course, observe, status_of
from tests.property.test_rules_against_oracle import changes_from_paper
from tests.views.conftest import OpenRegistry
from tests.views.daily import Day, days_of, read_levels

SEED = int(os.environ.get("REGISTRY_TEST_SEED", "20240229"))
PATIENTS = {records["patients"][0]["patient_id"]: records for records in random_patients(SEED, 220)}
DRAWN = {f"random_{number}": random_definition(Random(SEED + number)) for number in range(2)}
DEFINITIONS: dict[str, Definition] = {
    "current": CURRENT,
    "paper": PAPER,
    "recommended": RECOMMENDED,
} | DRAWN

# Columns of baseline and the analytes that they show.
ANALYTES = {"crp": "CRP", "esr": "ESR", "wbc": "WBC", "hb": "HGB", "plt": "PLT", "alb": "ALB"}
# Child by child and analyte by analyte.
LAST_OF_THE_WINDOW = """
select n.study_id, c.name, l.value, l.comparator
from derived.lor_status s
join rules.definition d on d.name = s.definition
join reference.patient_number n using (patient_id)
cross join unnest(cast(:names as text[]), cast(:analytes as text[])) c (name, analyte)
left join lateral (
    select r.value * u.factor as value, r.value_comparator as comparator
    from clinical.lab_result r
    join reference.analyte_unit u using (analyte, unit)
    where r.patient_id = s.patient_id and r.analyte = c.analyte
        and r.collected_on <= s.start_on
        and r.collected_on >= s.start_on - d.covariate_window_days
    order by r.collected_on desc limit 1
) l on true
where s.eligible and s.definition = :definition
"""

Rows = dict[str, list[dict[str, Any]]]
by_definition = pytest.mark.parametrize("name", DEFINITIONS)


@pytest.fixture(scope="module")
def registry_of_any(open_registry: OpenRegistry) -> Database:
    drawn = {name: changes_from_paper(definition) for name, definition in DRAWN.items()}
    return open_registry(list(PATIENTS.values()), definitions=drawn)


def read(database: Database, view: str, name: str, key: str = "patient_id") -> Rows:
    """A view's rows under one definition, by patient."""
    found: Rows = defaultdict(list)
    with database.engine.connect() as connection:
        statement = text(f"select * from analytics.{view} where definition = :name")
        for row in connection.execute(statement, {"name": name}).mappings():
            found[row[key]].append(dict(row))
    return found


@cache
def courses(definition: Definition) -> dict[str, Course]:
    """Every patient as the rules see him."""
    return {patient: observe(records, definition) for patient, records in PATIENTS.items()}


@cache
def cohort(definition: Definition) -> dict[str, tuple[Course, dict[str, Any]]]:
    """The eligible patients with their status."""
    found = {}
    for patient, course in courses(definition).items():
        derived = status_of(course, definition)
        if derived["eligible"]:
            found[patient] = course, derived
    return found


def tiles_of(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: row["start_day"])


def day_told_by(row: dict[str, Any]) -> Day:
    """What a row of exposure says of its first day."""
    value = row["trough_ug_ml"]
    told = {field.name: row[field.name] for field in fields(Day) if field.name in row}
    return Day(
        **told
        | {
            "dose_mg_per_kg": round(float(row["dose_mg_per_kg"]), 9),
            "trough": None if value is None else Measured(row["trough_comparator"], value),
        }
    )


@by_definition
def test_exposure_tiles_the_observation(registry_of_any: Database, name: str) -> None:
    """No gap, no overlap, from t0 to the end; one event, on its day, and no risk after it."""
    stored = read(registry_of_any, "exposure", name)
    eligible = cohort(DEFINITIONS[name])
    assert set(stored) == {p for p, (c, _) in eligible.items() if c.start_on != c.end_on}
    for patient, rows in stored.items():
        course, derived = eligible[patient]
        assert course.start_on is not None
        assert course.end_on is not None
        tiles = tiles_of(rows)
        borders = [0, *(row["stop_day"] for row in tiles)]
        assert [row["start_day"] for row in tiles] == borders[:-1], patient
        assert borders[-1] == (course.end_on - course.start_on).days, patient
        assert borders == sorted(set(borders)), patient
        for row in tiles:
            assert (row["from_on"] - course.start_on).days == row["start_day"]
            assert (row["to_on"] - course.start_on).days == row["stop_day"]
            assert row["event"] == (row["to_on"] == derived["event_on"])
            assert row["at_risk"] == (not derived["event"] or row["to_on"] <= derived["event_on"])
        assert sum(row["event"] for row in rows) == derived["event"], patient
        last_at_risk = max(row["stop_day"] for row in rows if row["at_risk"])
        assert last_at_risk - rows[0]["origin_day"] == derived["time_days"], patient


@by_definition
def test_every_day_of_exposure_is_as_its_row_says(registry_of_any: Database, name: str) -> None:
    definition = DEFINITIONS[name]
    eligible = cohort(definition)
    for patient, rows in read(registry_of_any, "exposure", name).items():
        days = days_of(eligible[patient][0], definition)
        for row in rows:
            told = day_told_by(row)
            for number in range(row["stop_day"] - row["start_day"]):
                day = days[row["from_on"] + timedelta(days=number)]
                assert day == told, (patient, number)
                combined = told.combination_days + number * told.immunomodulator
                assert day.combination_days == combined, (patient, number)


@by_definition
def test_laboratory_values_are_the_last_of_their_window(
    registry_of_any: Database, name: str
) -> None:
    asked = {"names": [*ANALYTES], "analytes": [*ANALYTES.values()], "definition": name}
    with registry_of_any.engine.connect() as connection:
        last = {
            (child, column): (value, comparator)
            for child, column, value, comparator in connection.execute(
                text(LAST_OF_THE_WINDOW), asked
            )
        }
    found = {
        (child, column): (row[column], row[f"{column}_comparator"])
        for child, (row,) in read(registry_of_any, "baseline", name).items()
        for column in ANALYTES
    }
    assert found == last
    assert any(value is not None for value, _ in last.values())
    assert any(comparator is not None for _, comparator in last.values())


def test_a_unit_without_a_factor_says_nothing(registry_of_any: Database) -> None:
    # The last haemoglobin of every child has a unit of which nothing is known: that before counts.
    unknown = """
        update clinical.lab_result r set unit = 'g/dL', value = value / 10
        from derived.lor_status s
        where s.definition = 'current' and r.patient_id = s.patient_id and r.analyte = 'HGB'
            and r.collected_on = (
                select max(collected_on) from clinical.lab_result o
                where o.patient_id = s.patient_id and o.analyte = 'HGB'
                    and o.collected_on <= s.start_on
            )
    """
    asked = {"names": ["hb"], "analytes": ["HGB"], "definition": "current"}
    with registry_of_any.engine.connect() as connection:
        connection.execute(text("select set_config('registry.reason', 'test', true)"))
        connection.execute(text(unknown))
        connection.execute(
            text("delete from reference.analyte_unit where (analyte, unit) = ('HGB', 'g/dL')")
        )
        last = connection.execute(text(LAST_OF_THE_WINDOW), asked)
        expected = {child: value for child, _, value, _ in last}
        found = connection.execute(
            text("select patient_id, hb from analytics.baseline where definition = 'current'")
        )
        assert {row.patient_id: row.hb for row in found} == expected
        connection.rollback()
    assert {value is None for value in expected.values()} == {True, False}


@by_definition
def test_totals_of_exposure_are_those_of_baseline(registry_of_any: Database, name: str) -> None:
    stored = read(registry_of_any, "exposure", name)
    baseline = read(registry_of_any, "baseline", name)
    on_drug = 0
    for patient, rows in stored.items():
        (fixed,) = baseline[patient]
        for drug in ("immunomodulator", "glucocorticoid"):
            days = sum(row["stop_day"] - row["start_day"] for row in rows if row[drug])
            assert days == fixed[f"{drug}_days"], (patient, drug)
            on_drug += days
        last = tiles_of(rows)[-1]
        for covariate in ("ifx_monotherapy", "ifx_with_glucocorticoid"):
            assert last[covariate] == fixed[covariate], (patient, covariate)
        # The row knows what was before it; the fixed covariate also counts the days within it.
        within = last["stop_day"] - last["start_day"] if last["immunomodulator"] else 0
        over = last["combination_days"] + within > DEFINITIONS[name].im_min_days
        assert over == fixed["im_over_6_months"], patient
    assert on_drug > 0


@by_definition
def test_levels(registry_of_any: Database, name: str) -> None:
    definition = DEFINITIONS[name]
    stored = read(registry_of_any, "trough", name)
    expected = {
        (patient, level["sampled_on"], level["assay"]): level
        for patient, course in courses(definition).items()
        for level in read_levels(course, definition)
    }
    found = {
        (patient, row["sampled_on"], row["assay"]): row
        for patient, rows in stored.items()
        for row in rows
    }
    assert found.keys() == expected.keys()
    for key, level in expected.items():
        told = {field: found[key][field] for field in level if field != "value"}
        assert {field: level[field] for field in told} == told, key
    seen = {level["trough_level"] for level in expected.values()}
    assert {"below", "above"} <= seen


@by_definition
def test_interval_censoring_and_competing_events(registry_of_any: Database, name: str) -> None:
    definition = DEFINITIONS[name]
    intervals = read(registry_of_any, "interval_censored", name)
    ends = read(registry_of_any, "competing_events", name)
    eligible = cohort(definition)
    assert intervals.keys() == ends.keys() == eligible.keys()
    codes = {"loss_of_response": 1, "ifx_stopped": 2, "transferred_to_adult_care": 3, "died": 4}
    for patient, (course, derived) in eligible.items():
        assert course.week14 is not None
        assert course.start_on is not None
        (interval,), (end,) = intervals[patient], ends[patient]
        at_week14 = definition.time_zero == "week14_visit"
        origin = course.week14.on if at_week14 else course.start_on
        left_on = derived["last_negative_on"] or course.week14.on
        assert interval["left_days"] == (left_on - origin).days
        if derived["event"]:
            assert interval["right_days"] == derived["time_days"] > interval["left_days"]
        else:
            assert interval["right_days"] is None
        assert interval["entry_days"] == end["entry_days"] == (course.week14.on - origin).days
        kind = "loss_of_response" if derived["event"] else derived["censor_reason"]
        assert end["event_code"] == codes.get(kind, 0)
        assert end["event_type"] == (kind if kind in codes else "censored")
        assert (end["time_days"], end["censor_reason"]) == (
            derived["time_days"],
            derived["censor_reason"],
        )


@by_definition
def test_adtte(registry_of_any: Database, name: str) -> None:
    definition = DEFINITIONS[name]
    stored = read(registry_of_any, "adtte", name, key="usubjid")
    eligible = cohort(definition)
    assert stored.keys() == eligible.keys()
    for patient, (course, derived) in eligible.items():
        assert course.end_on is not None
        by_end, by_visit = sorted(stored[patient], key=lambda row: row["paramcd"])
        assert (by_end["paramcd"], by_visit["paramcd"]) == ("TTLOR", "TTLORV")
        assert by_end["aval"] == derived["time_days"]
        for row in (by_end, by_visit):
            assert (row["cnsr"] == 0) == derived["event"] == (row["cnsdtdsc"] is None)
            assert row["aval"] == (row["adt"] - row["startdt"]).days
        last = max(visit.on for visit in course.visits if visit.on <= course.end_on)
        assert by_visit["adt"] == (derived["event_on"] or last)
        assert by_visit["srcdom"] == "pcdai_visit"
