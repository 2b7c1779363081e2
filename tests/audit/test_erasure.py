"""A child who leaves: every value goes, the seals hold, the others are as they were."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from registry.audit.seals import make_seal
from registry.audit.verify import verify
from registry.database import migrate
from registry.database.engine import Database
from registry.database.erasures import ENDING
from tests.programs import Program
from tests.schema.catalogue import OF_CHILDREN, fill_every_table

P001 = "(select patient_id from reference.patient_number where study_id = 'P001')"
# Tables of the audit have the number of a child; what else of his they have is emptied.
EMPTIED = {"audit.record_change", "audit.sealed_row", "audit.erasure"}
# Its row goes with the study id.
EMPTIED |= {"audit.child_centre"}
# What has no number and may hold a text or document about a child -> where that is gone through.
GONE_THROUGH = {"derived.scheduled_run", "reference.change_set"}
# By a trigger of its own, since it may hold the children of other registries: tests/hub.
GONE_THROUGH |= {"derived.hub_record"}
# What is of no child: parameters, codes and their words, counts, the audit's own.
OF_NO_CHILD = {
    *("audit.reference_change", "audit.seal", "audit.secret", "audit.committed_change"),
    "audit.stamp",
    *("derived.derivation_run", "derived.kept_worklist", "derived.quality_run"),
    *("reference.analyte_unit", "reference.assay", "reference.centre", "reference.definition"),
    *("reference.drug", "reference.entry_limit", "reference.gene", "reference.growth_reference"),
    *("reference.registry_setting", "reference.score_band", "reference.tdm_threshold"),
    *("reference.worklist_rule", "reference.worklist_setting"),
    *("reference.consent_form", "reference.data_freeze", "reference.data_release"),
    *("reference.freeze_lock", "reference.login_role", "reference.signing_password"),
    *("reference.study_answer", "reference.lab_code"),
    "reference.wrong_password",
    # Whose the ids were nobody knows any more.
    "derived.release_erased",
    # Numbers of children, and nothing else of them.
    *("derived.hub_child", "derived.hub_leaving"),
}


def erase(database: Database, program: Program, *options: str, patient: str = "P001") -> Any:
    """As a person does; what it said."""
    return program(database, "patient", "erase", patient, "--reason", "consent withdrawn", *options)


def test_a_new_table_is_gone_through_or_said_to_be_of_no_child(database: Connection) -> None:
    with_number = set(
        database.execute(
            text("select schema_name || '.' || table_name from audit.tables_of_patients()")
        ).scalars()
    )
    every = set(
        database.execute(
            text(
                "select schemaname || '.' || tablename from pg_tables "
                "where schemaname in ('audit', 'clinical', 'derived', 'reference')"
            )
        ).scalars()
    )
    assert every - with_number - EMPTIED - GONE_THROUGH == OF_NO_CHILD, (
        "a table that holds something of a child has a column patient_id, or audit.erase_patient "
        "goes through it; name it here"
    )
    assert with_number >= {"clinical.patient", "derived.lor_status", "reference.query_step"}


def test_a_child_with_a_row_in_every_table_is_in_none_afterwards(
    study: Database, program: Program
) -> None:
    with study.engine.begin() as connection:
        number = connection.execute(text(f"select {P001}")).scalar_one()
        connection.execute(text("set local registry.reason = 'for a test'"))
        fill_every_table(connection, number)
        tables = connection.execute(
            text("select schema_name || '.' || table_name from audit.tables_of_patients()")
        ).scalars()
        assert [one for one in tables.all() if not rows_of(connection, one, number)] == []
    done = erase(study, program, "--format", "json").document
    with study.engine.begin() as connection:
        every = connection.execute(
            text(
                "select attrelid::regclass::text from pg_attribute join pg_class c "
                "on c.oid = attrelid where attname = 'patient_id' and c.relkind in ('r', 'p') "
                "and not c.relispartition"
            )
        ).scalars()
        left = {one for one in every.all() if rows_of(connection, one, number)}
        assert left == EMPTIED - {"audit.child_centre"}
        values = "select count(*) from audit.record_change where patient_id = :number and "
        values += "coalesce(old_values, '{}') || coalesce(new_values, '{}') <> '{}'"
        assert connection.execute(text(values), {"number": number}).scalar_one() == 0
        # Whose the id was in a release nobody knows any more; that it is to be removed, one does.
        gone = connection.execute(text("select child_id from derived.release_erased")).scalars()
        assert gone.all() == [f"child {number}"]
    assert {*OF_CHILDREN, "clinical.consent", "clinical.adverse_event"} <= set(done["tables"])
    assert verify(study.engine).findings == []


def rows_of(connection: Connection, table: str, number: int) -> int:
    """How many rows of the child a table has."""
    counted = text(f"select count(*) from {table} where patient_id = :number")
    return int(connection.execute(counted, {"number": number}).scalar_one())


def test_the_others_are_as_they_were(study: Database, program: Program, tmp_path: Path) -> None:
    query = program(study, "query", "list", "--format", "json").document
    with study.engine.begin() as connection:
        connection.execute(
            text(
                "insert into reference.query_step (patient_id, query, from_table, state, words) "
                f"values ({P001}, 'q', 'infusion', 'new', 'why?')"
            )
        )
        connection.execute(
            text(f"update clinical.infusion set dose_mg = dose_mg + 1 where patient_id = {P001}")
        )
    program(study, "derive")
    others = ("status", "P002"), ("explain", "P003"), ("patient", "show", "P004")
    before = [program(study, *one, "--format", "json").out for one in others]
    every = {
        row["patient_id"]: row for row in program(study, "status", "--format", "json").document
    }
    kept = tmp_path / "P001.json"
    done = erase(study, program, "--certificate", str(kept), "--format", "json")
    assert done.status == 0, done
    certificate = json.loads(kept.read_text())
    assert done.document["patient_id"] == certificate["patient_id"] == "P001"
    assert certificate["tables"] == done.document["tables"]
    assert done.document["values_removed"] == sum(done.document["tables"].values())
    assert {"clinical.infusion", "reference.query_step", "audit.record_change"} < set(
        done.document["tables"]
    )
    assert [program(study, *one, "--format", "json").out for one in others] == before
    del every["P001"]
    left = program(study, "status", "--format", "json").document
    assert {row["patient_id"]: row for row in left} == every
    assert len(program(study, "query", "list", "--format", "json").document) <= len(query)
    verified = verify(study.engine, head=certificate["erasure"]["head_before"])
    assert verified.findings == []
    assert verified.head == certificate["erasure"]["head_after"]
    assert certificate["erasure"]["seal_after"] == certificate["erasure"]["seal_before"] + 1
    # The id is told by nobody and known again.
    salt = bytes.fromhex(certificate["erasure"]["id_salt"])
    assert hashlib.sha256(salt + b"P001").hexdigest() == certificate["erasure"]["id_hash"]
    assert "P001" not in program(study, "patient", "erasures", "--format", "json").out
    add = ("patient", "add", "P001", "--centre", "A", "--sex", "male", "--birth-date", "2010-01-01")
    refused = program(study, *add, "--diagnosis", "CD", "--allow-id", "--reason", "again")
    assert "this patient was erased" in refused.refused(1)
    assert program(study, "patient", "show", "P001").status == 1
    again = erase(study, program, "--format", "json")
    assert (again.document["erasure"], again.status) == (certificate["erasure"], 0)


def test_a_server_lost_after_the_removal_is_told_as_that(
    study: Database, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The removal stands, so it is not told that nothing was; the next time does the rest."""

    def cut_off(connection: Connection) -> None:
        connection.execute(text("select pg_terminate_backend(pg_backend_pid())"))

    with monkeypatch.context() as patch:
        patch.setattr("registry.audit.erasure.make_seal", cut_off)
        said = erase(study, program).refused(1)
    assert "Every value of P001 is removed" in said
    assert "Run the command again" in said
    assert "Nothing was changed" not in said
    assert program(study, "patient", "show", "P001").status == 1
    done = erase(study, program, "--format", "json").document
    assert done["patient_id"] == "P001"
    assert done["values_removed"] > 0
    assert verify(study.engine).ok


def test_what_stays_of_the_audit_is_that_there_were_rows(study: Database, program: Program) -> None:
    assert program(study, "freeze", "create", "before").status == 0
    with study.engine.begin() as connection:
        number = connection.scalar(text(f"select {P001}"))
        rows = "select count(*) from audit.record_change where patient_id = :number"
        before = connection.execute(text(rows), {"number": number}).scalar_one()
        connection.execute(
            text("update clinical.surgery set procedure = 'x' where patient_id <> :number"),
            {"number": number},
        )
        connection.execute(text("select set_config('registry.change', '', true)"))
    with study.engine.begin() as connection:
        connection.execute(text("set local registry.reason = 'P001 was typed wrong'"))
        connection.execute(
            text("update clinical.patient set centre = 'X' where patient_id <> :number"),
            {"number": number},
        )
    with study.engine.begin() as connection:
        connection.execute(
            text("insert into audit.erasure (patient_id) values (:number)"), {"number": number}
        )
    with study.engine.begin() as connection:
        after = connection.execute(text(rows), {"number": number}).scalar_one()
        assert after > before
        held = text(
            "select count(*) from audit.record_change where patient_id = :number "
            "and coalesce(old_values, '{}') || coalesce(new_values, '{}') <> '{}'"
        )
        assert connection.execute(held, {"number": number}).scalar_one() == 0
        words = connection.execute(text("select reason from reference.change_set")).scalars().all()
        assert "erased" in words
        assert not any("P001" in (said or "") for said in words)
        secrets = "select count(*) from audit.secret where holder = 'patient' and number = :number"
        assert connection.execute(text(secrets), {"number": number}).scalar_one() == 0
        make_seal(connection)
        frozen = "select count(*) from frozen_clinical_before.patient where patient_id = :number"
        assert connection.execute(text(frozen), {"number": number}).scalar_one() == 0
        note = connection.scalar(text("select note from reference.data_freeze"))
        assert str(note).startswith("a child was erased on ")
    assert verify(study.engine).findings == []
    # The child is in no state of any day.
    with study.engine.connect() as connection:
        past = connection.execute(
            text("select count(*) from audit.replay('infusion', 2) where patient_id = :number"),
            {"number": number},
        )
        assert past.scalar_one() == 0


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("insert into audit.erasure (patient_id) values (-1)", "no such patient"),
        (
            "set local registry.reason = 'P001 asked'; "
            f"insert into audit.erasure (patient_id) values ({P001})",
            "must not name",
        ),
        ("update audit.record_change set new_values = '{}'", "only ever added"),
        ("delete from audit.secret", "only ever added"),
        ("update audit.sealed_row set commitment = leaf", "only ever added"),
        ("update reference.change_set set reason = 'erased'", "only ever added"),
    ],
)
def test_nothing_is_emptied_by_hand(shared_study: Database, statement: str, words: str) -> None:
    with shared_study.engine.connect() as connection, pytest.raises(DBAPIError, match=words):
        connection.exec_driver_sql(statement)


def test_values_that_are_gone_without_an_erasure_are_found(study: Database) -> None:
    with study.engine.begin() as connection:
        make_seal(connection)
        connection.exec_driver_sql(
            "alter table audit.record_change disable trigger user; "
            "alter table audit.sealed_row disable trigger user; "
            "update audit.sealed_row s set commitment = l.commitment from audit.leaves(0, 99) l "
            "where l.source = 'record_change' and l.row_number = s.row_number "
            f"and l.source = s.source and l.patient_id = {P001}; "
            f"update audit.record_change set new_values = '{{}}' where patient_id = {P001} "
            "and table_name = 'infusion'; "
            "alter table audit.record_change enable trigger user; "
            "alter table audit.sealed_row enable trigger user"
        )
    found = {(one.kind, one.table, one.patient_id) for one in verify(study.engine).findings}
    assert ("sealed_row_changed", "infusion", "P001") in found


def test_a_backup_from_before_does_not_bring_the_child_back(
    study: Database, program: Program, tmp_path: Path
) -> None:
    old, new = tmp_path / "old" / "a.backup", tmp_path / "new.backup"
    old.parent.mkdir()
    assert program(study, "db", "backup", str(old)).status == 0
    assert erase(study, program).status == 0
    assert program(study, "db", "backup", str(new)).status == 0
    beside = Path(f"{new}{ENDING}")
    assert "P001" not in beside.read_text()
    # What this registry knows of, then what a list has that somebody brings.
    restore = ("db", "restore", str(old), "--replace", "--reason", "a drill")
    ended = program(study, *restore)
    assert "1 patient was erased since" in ended.err, ended
    held(study)
    with study.engine.begin() as connection:
        names = ", ".join(migrate.SCHEMAS)
        connection.exec_driver_sql(f"drop schema {names} cascade; drop table alembic_version")
    ended = program(study, "db", "restore", str(old), "--erasures", str(beside))
    assert "1 patient was erased since" in ended.err, ended
    held(study)
    wrong = program(study, *restore, "--erasures", str(tmp_path / "none.json"))
    assert "There is no file" in wrong.refused(1)


def held(database: Database) -> None:
    """Nothing of the child is there, and everything is as the audit has it."""
    with database.engine.begin() as connection:
        make_seal(connection)
        assert connection.scalar(text(f"select {P001}")) is None
        assert (
            connection.execute(
                text(
                    "select count(*) from audit.record_change where "
                    "coalesce(new_values, old_values)::text like '%P001%'"
                )
            ).scalar_one()
            == 0
        )
    assert verify(database.engine).findings == []
