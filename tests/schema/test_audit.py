"""The audit: whatever way a record is changed, the database keeps who, when, why and what."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from registry.database.engine import Database
from registry.records.change import change_number, declare_change, summarise_change
from tests.schema.catalogue import CLINICAL_TABLES, RECORD_TABLES, add_patient, add_row
from tests.schema.test_triggers import CHANGE, triggers

EVENTS = ("delete", "insert", "update")
COUNTED = "select count(*) from reference.change_set where command <> 'db upgrade'"


def audited(connection: Connection, table: str) -> list[dict[str, Any]]:
    """The audit's rows of a table, the first one first."""
    rows = connection.execute(
        text(
            "select a.patient_id, a.record_id, a.operation, a.row_version, a.old_values, "
            "a.new_values, c.made_by, c.command, c.reason from audit.record_change a "
            "join reference.change_set c using (change_id) where table_name = :table "
            "order by audit_id"
        ),
        {"table": table},
    ).mappings()
    return [dict(row) for row in rows]


def stands(connection: Connection, table: str, patient: int) -> dict[str, Any]:
    """The patient's one row of a table, as JSON."""
    row = connection.execute(
        text(f"select to_jsonb(t) from clinical.{table} t where patient_id = :patient"),
        {"patient": patient},
    ).scalar_one()
    assert isinstance(row, dict)
    return row


def give(connection: Connection, reason: str) -> None:
    """The reason for what this transaction changes, as somebody in psql gives it."""
    connection.execute(
        text("select set_config('registry.reason', :reason, true)"), {"reason": reason}
    )


def test_every_clinical_table_is_audited(database: Connection) -> None:
    assert triggers(database, "record_rows") == {
        (table, event) for table in CLINICAL_TABLES for event in EVENTS
    }
    assert triggers(database, "refuse_truncation") == {
        (table, "truncate") for table in CLINICAL_TABLES
    }
    assert triggers(database, "next_row_version") == {
        (table, "update") for table in CLINICAL_TABLES
    }


@pytest.mark.parametrize("table", RECORD_TABLES)
def test_the_life_of_a_record(database: Connection, patient: int, table: str) -> None:
    add_row(database, table, patient)
    entered = stands(database, table, patient)
    database.execute(text(f"update clinical.{table} set {CHANGE[table]}"))
    amended = stands(database, table, patient)
    database.execute(text(f"delete from clinical.{table}"))
    life = audited(database, table)
    assert [(row["operation"], row["row_version"]) for row in life] == [
        ("insert", 1),
        ("update", 2),
        ("delete", 2),
    ]
    assert {row["record_id"] for row in life} == {entered["record_id"]}
    assert [(row["old_values"], row["new_values"]) for row in life] == [
        (None, entered),
        (entered, amended),
        (amended, None),
    ]
    assert entered != amended
    assert (entered["row_version"], amended["row_version"]) == (1, 2)


@pytest.mark.parametrize(
    "statement",
    [
        "update clinical.infusion set product = 'x'",
        "update clinical.infusion set product = null",
        "delete from clinical.infusion",
        "update clinical.patient set onset_on = null, onset_on_precision = null",
    ],
)
@pytest.mark.parametrize("reason", ["", "  "])
def test_nothing_is_changed_without_a_reason(
    registry: Database, statement: str, reason: str
) -> None:
    with registry.engine.begin() as connection:
        number = add_patient(connection, onset_on="2015-01-01", onset_on_precision="day")
        add_row(connection, "infusion", number)
    with registry.engine.connect() as connection:
        give(connection, reason)
        with pytest.raises(DBAPIError, match="only for a reason"):
            connection.execute(text(statement))
    with registry.engine.connect() as connection:
        assert len(audited(connection, "infusion")) == 1


def test_a_record_is_entered_without_a_reason(registry: Database) -> None:
    with registry.engine.begin() as connection:
        give(connection, "")
        add_patient(connection)
    with registry.engine.connect() as connection:
        (row,) = audited(connection, "patient")
    assert (row["operation"], row["reason"], row["command"]) == ("insert", None, "sql")


def test_by_hand_the_role_is_the_person_and_a_transaction_the_change(registry: Database) -> None:
    with registry.engine.begin() as connection:
        role = connection.execute(text("select session_user::text")).scalar_one()
        number = add_patient(connection)
        for day in (10, 20):
            add_row(connection, "infusion", number, infused_on=f"2020-02-{day}")
    with registry.engine.begin() as connection:
        give(connection, "typed wrong")
        connection.execute(text("update clinical.infusion set dose_mg = 220"))
    with registry.engine.connect() as connection:
        rows = audited(connection, "infusion")
        changes = connection.execute(text(COUNTED))
        assert changes.scalar_one() == 2
    assert {row["made_by"] for row in rows} == {role}
    assert [row["reason"] for row in rows] == ["a test"] * 2 + ["typed wrong"] * 2


def test_a_command_says_who_and_why_and_what_it_came_to(registry: Database) -> None:
    with registry.engine.begin() as connection:
        declare_change(connection, user="dm", command="infusion add", reason=None)
        assert change_number(connection) is None
        number = add_patient(connection)
        change = change_number(connection)
        add_row(connection, "infusion", number)
        assert change_number(connection) == change
        summarise_change(connection, "1 inserted")
    with registry.engine.connect() as connection:
        assert connection.execute(
            text(
                "select made_by, command, reason, summary from reference.change_set "
                "where command <> 'db upgrade'"
            )
        ).all() == [("dm", "infusion add", None, "1 inserted")]
        with pytest.raises(DBAPIError, match="only ever added"):
            connection.execute(text("update reference.change_set set summary = 'more'"))


def test_a_command_that_changed_nothing_leaves_no_trace(registry: Database) -> None:
    with registry.engine.begin() as connection:
        declare_change(connection, user="dm", command="import", reason="x")
        connection.execute(text("update clinical.infusion set dose_mg = 1"))
        summarise_change(connection, "nothing")
    with registry.engine.connect() as connection:
        assert connection.execute(text(COUNTED)).scalar() == 0


def test_a_record_that_goes_to_another_patient_leaves_the_one_and_comes_to_the_other(
    database: Connection, patient: int
) -> None:
    other = add_patient(database, "T-2")
    add_row(database, "infusion", patient)
    database.execute(text("update clinical.infusion set patient_id = :other"), {"other": other})
    moved = [(row["operation"], row["patient_id"]) for row in audited(database, "infusion")]
    assert moved[0] == ("insert", patient)
    assert sorted(moved[1:]) == [("delete", patient), ("insert", other)]


@pytest.mark.parametrize("table", ["clinical.patient", "clinical.infusion", "reference.drug"])
def test_a_table_is_never_truncated(database: Connection, table: str) -> None:
    with pytest.raises(DBAPIError, match="taken out by delete, for a reason"):
        database.execute(text(f"truncate {table} cascade"))


def test_the_version_is_the_databases_own(database: Connection, patient: int) -> None:
    add_row(database, "infusion", patient)
    database.execute(text("update clinical.infusion set row_version = 90"))
    assert stands(database, "infusion", patient)["row_version"] == 2


def test_inspectors_see_changes_by_study_id_and_only_what_changed(
    database: Connection, patient: int
) -> None:
    add_row(database, "infusion", patient, product="A")
    database.execute(text("update clinical.infusion set product = null, dose_mg = 250"))
    row = database.execute(
        text(
            "select patient_id, old_values, new_values from inspection.record_change "
            "where operation = 'update'"
        )
    ).one()
    assert row.patient_id == "T-1"
    assert row.old_values == {"product": "A", "dose_mg": 200}
    assert row.new_values == {"product": None, "dose_mg": 250}
