"""The record of a child against its files: what was entered, and what the rules say of it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from registry.database.engine import Database
from registry.errors import NotFound
from registry.patient.reading import read_patient
from tests.oracle.definition import PAPER
from tests.oracle.records import COLUMNS, Measured
from tests.oracle.rules import status
from tests.patient.conftest import RANDOM, Read
from tests.views.clinic import on


def values(rows: Any, *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in names) for row in rows]


def test_who_the_child_is(read: Read) -> None:
    document = read("LOST")
    assert list(document)[:9] == [
        "patient_id",
        "centre",
        "sex",
        "birth_date",
        "onset_on",
        "onset_on_precision",
        "diagnosed_on",
        "diagnosed_on_precision",
        "diagnosis",
    ]
    # Born 2008-05-01, ill from 2018-02-01, diagnosed the day after the tenth birthday.
    known = ("age_at_onset", "age_at_start", "paris_age")
    assert [document[name] for name in known] == [9, 11, "A1b"]


def test_the_course(read: Read) -> None:
    document = read("LOST")
    assert values(document["pcdai_visits"], "visited_on", "score", "phase", "day") == [
        (on(0), 40, "baseline", 0),
        (on(98), 5, "week14", 98),
        (on(154), Decimal("22.5"), "loss", 154),
        (on(210), 10, "after_loss", 210),
    ]
    columns = ("number", "dose_mg_per_kg", "interval_days", "intensified")
    assert values(document["infusions"], *columns) == [
        (1, 5, None, False),
        (2, 5, 14, False),
        (3, 5, 28, False),
        (4, 5, 56, False),
        (5, 8, 56, True),
        (6, 5, 56, False),
    ]
    columns = ("ifx_ug_ml_comparator", "ifx_ug_ml", "is_trough", "trough_level", "threshold_ug_ml")
    assert values(document["tdm_levels"], *columns) == [
        ("<", Decimal("0.4"), True, "below", Decimal("12.7")),
        (None, Decimal("9.5"), False, None, 5),
        (None, 8, True, "above", 5),
    ]
    held = document["definition"]
    assert (held["response_at_most"], held["remission_below"], held["lor_above"]) == (25, 10, 15)


def test_laboratory_values_in_their_own_unit_against_the_limits(read: Read) -> None:
    rows = read("LOST")["lab_results"]
    assert values(rows, "analyte", "own_value", "own_unit", "side", "cut_off", "beyond") == [
        ("CRP", 30, "mg/L", "above", 12, True),
        ("CRP", 20, "mg/L", "above", 12, None),
        ("ESR", 20, "mm/h", "above", 20, False),
        ("HCT", 34, "%", None, None, None),
        ("HGB", 109, "g/L", "below", 110, True),
    ]


def test_what_the_rules_do_not_see(read: Read) -> None:
    document = read("AFTERCUT")
    assert values(document["pcdai_visits"], "visited_on", "seen", "phase")[-1] == (
        date(2024, 2, 14),
        False,
        None,
    )
    columns = ("seen", "number", "dose_mg_per_kg", "interval_days")
    assert values(document["infusions"], *columns)[-1] == (False, None, 5, None)


def cell(value: Any) -> Any:
    return (value.comparator, value.number) if isinstance(value, Measured) else value


def held(row: Any, name: str, kind: str) -> Any:
    if kind == "measured" and row[name] is not None:
        return row[f"{name}_comparator"], row[name]
    if kind == "stop" and row[f"{name}_precision"] not in (None, "day"):
        known = {"year": 4, "month": 7}
        precision = row[f"{name}_precision"]
        return "unknown" if precision == "unknown" else str(row[name])[: known[precision]]
    if name in ("height_z", "bmi_z") and row[f"{name}_source"] != "entered":
        return None
    return row[name]


@pytest.mark.parametrize("patient", RANDOM)
def test_every_cell_of_the_files_is_in_the_record(read: Read, patient: str) -> None:
    document = read(patient)
    for table, kinds in COLUMNS.items():
        if table == "patients":
            continue
        kinds = {name: kind for name, kind in kinds.items() if name != "patient_id"}
        entered = [tuple(cell(row[name]) for name in kinds) for row in RANDOM[patient][table]]
        found = [
            tuple(held(row, name, kind) for name, kind in kinds.items()) for row in document[table]
        ]
        assert sorted(found, key=str) == sorted(entered, key=str), table


@pytest.mark.parametrize("patient", RANDOM)
def test_the_status_is_that_of_the_rules(read: Read, patient: str) -> None:
    found, expected = read(patient)["status"], status(RANDOM[patient], PAPER)
    assert {name: found[name] for name in expected if name in found} == {
        name: value for name, value in expected.items() if name in found
    }


def test_an_unknown_patient(children: Database) -> None:
    with (
        children.engine.connect() as connection,
        pytest.raises(NotFound, match=r"^There is no patient \*\*\*\.") as error,
    ):
        read_patient(connection, "P9", "paper")
    assert "LOST" not in str(error.value)


def test_the_record_is_of_one_definition(children: Database, read: Read) -> None:
    with children.engine.connect() as connection:
        cut = connection.execute(
            text("select data_cut from reference.definition where name = 'recommended'")
        ).scalar_one()
        record = read_patient(connection, "LOST", "recommended")
    held_to = record["definition"]
    assert (held_to["name"], held_to["data_cut"]) == ("recommended", cut)
