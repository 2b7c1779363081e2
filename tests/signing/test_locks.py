"""What is locked is changed by nobody and no way, until it is unlocked for a reason."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from registry.clinical_tables import CLINICAL_TABLES
from registry.database.engine import Database
from tests.programs import Program

P023 = "(select patient_id from reference.patient_number where study_id = 'P023')"
LOCK = ("lock", "patient", "P023", "--user", "anna", "--reason", "reviewed")
UNLOCK = ("unlock", "patient", "P023", "--reason", "a dose")


def test_nobody_changes_a_locked_record(study: Database, program: Program, cohort: Path) -> None:
    amend = ("infusion", "amend", "P023", "2020-01-21", "--dose-mg", "120", "--reason", "x")
    assert "only for a reason" in program(study, *LOCK[:3]).refused(2)
    assert program(study, *LOCK).status == 0
    refused = program(study, *amend).refused(1)
    assert "The records of P023 are locked since" in refused
    assert "by anna: reviewed" in refused
    assert "registry unlock patient P023" in refused

    # A file that changes it among a thousand other rows changes nothing at all; one that says the
    # same goes through.
    assert program(study, "import", str(cohort)).status == 0
    file = cohort / "infusions.csv"
    rows = file.read_text(encoding="utf-8").splitlines()
    rows[1:] = [
        row.replace("113.6", "120.6") if row.startswith("P023,2020-01-21") else row
        for row in rows[1:]
    ]
    file.write_text("\n".join([*rows, "P001,2024-01-01,200,40,infliximab"]) + "\n")
    assert "P023 are locked" in program(
        study, "import", str(file), "--update", "--reason", "x"
    ).refused(1)
    for statement in (
        f"update clinical.infusion set dose_mg = 1 where patient_id = {P023}",
        f"delete from clinical.infusion where patient_id = {P023}",
        f"insert into clinical.surgery (patient_id, performed_on, procedure) "
        f"values ({P023}, '2020-03-01', 'resection')",
        f"update clinical.patient set sex = 'male' where patient_id = {P023}",
        "update reference.patient_number set study_id = 'P999' where study_id = 'P023'",
        "insert into clinical.infusion (patient_id, infused_on, dose_mg, weight_kg) select "
        "patient_id, date '2024-06-01', 100, 30 from clinical.patient",
    ):
        with study.engine.begin() as connection, pytest.raises(DBAPIError, match="are locked"):
            connection.execute(text(statement))
    void = ("patient", "void", "P023", "--with-records", "--reason", "x")
    assert "P023 are locked" in program(study, *void).refused(1)
    assert program(study, "infusion", "list", "P001", "--format", "json").document

    assert program(study, *UNLOCK).status == 0
    assert "are not locked" in program(study, *UNLOCK).refused(1)
    assert program(study, *amend).status == 0
    with study.engine.connect() as connection:
        told = connection.execute(
            text(
                "select operation, c.reason from audit.reference_change a "
                "join reference.change_set c using (change_id) where table_name = 'record_lock' "
                "order by audit_id"
            )
        ).all()
    assert [tuple(row) for row in told] == [("insert", "reviewed"), ("delete", "a dose")]

    # A family's right to leave is above a lock.
    assert program(study, *LOCK).status == 0
    assert program(study, "patient", "erase", "P023", "--reason", "asked").status == 0
    assert program(study, "lock", "list", "--format", "json").document == []


def test_a_period_up_to_a_day_and_a_freeze(study: Database, program: Program) -> None:
    assert "is no day" in program(study, *LOCK, "--until", "then").refused(2)
    assert program(study, *LOCK, "--until", "2020-12-31").status == 0
    dose = ("--dose-mg", "120", "--reason", "x")
    more = ("--dose-mg", "130", "--reason", "x")
    first = program(study, "infusion", "amend", "P023", "2020-01-21", *dose)
    assert "P023 up to 2020-12-31 are locked" in first.refused(1)
    later = ("infusion", "add", "P023", "--infused-on", "2021-06-01", "--weight-kg", "25")
    assert program(study, *later, "--dose-mg", "120").status == 0
    # A record does not leave the period either, nor does a birth date move under it.
    moved = ("infusion", "amend", "P023", "2021-06-01", "--infused-on", "2020-12-30")
    assert "are locked" in program(study, *moved, "--reason", "x").refused(1)
    born = ("patient", "amend", "P023", "--birth-date", "2010-01-01", "--reason", "x")
    assert "are locked" in program(study, *born).refused(1)
    # More can be locked; less needs an unlocking.
    assert "locked already" in program(study, *LOCK, "--until", "2020-06-30").refused(1)
    assert program(study, *LOCK).status == 0
    assert program(study, "infusion", "amend", "P023", "2021-06-01", *more).status == 1

    assert "There is no freeze" in program(study, "lock", "freeze", "x", "--reason", "x").refused(1)
    assert program(study, "freeze", "create", "paper").status == 0
    why = ("--reason", "the manuscript")
    assert program(study, "lock", "freeze", "paper", *why).status == 0
    assert "locked already" in program(study, "lock", "freeze", "paper", *why).refused(1)
    drop = ("freeze", "drop", "paper", "--reason", "room")
    assert "The freeze paper is locked since" in program(study, *drop).refused(1)
    listed = program(study, "lock", "list", "--format", "json").document
    assert [(one["what"], one["name"], one["reason"]) for one in listed] == [
        ("freeze", "paper", "the manuscript"),
        ("patient", "P023", "reviewed"),
    ]
    assert program(study, "unlock", "freeze", "paper", *why).status == 0
    assert "is not locked" in program(study, "unlock", "freeze", "paper", *why).refused(1)
    assert program(study, *drop).status == 0


def test_every_table_of_records_is_held_to_the_locks(study: Database) -> None:
    with study.engine.connect() as connection:
        held = connection.execute(
            text(
                "select c.relname from pg_trigger t join pg_class c on c.oid = t.tgrelid "
                "join pg_proc p on p.oid = t.tgfoid and p.proname = 'refuse_locked' "
                "group by 1 having count(*) = 3"
            )
        ).scalars()
        assert set(held) == {*(one.name for one in CLINICAL_TABLES), "patient_number"}
        connection.execute(
            text("select clinical.make_table('new', 'seen_on date', '{seen_on}', '{seen_on}')")
        )
        connection.execute(text(f"insert into reference.record_lock values ({P023}, '2020-01-01')"))
        with pytest.raises(DBAPIError, match="are locked"):
            connection.execute(
                text(
                    f"insert into clinical.new (patient_id, seen_on) values ({P023}, '2019-01-01')"
                )
            )
