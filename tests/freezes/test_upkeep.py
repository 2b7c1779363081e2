"""A freeze outlives programs and restores, and a child can be taken out of it."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import text

from registry.database.engine import Database
from tests.conftest import Databases, opened_for_test
from tests.programs import Program

STATUS = ("status", "--format", "csv", "--freeze", "one")


def test_made_again_after_a_restore(
    program: Program, study: Database, databases: Databases, tmp_path: Path
) -> None:
    made = program(study, "freeze", "create", "one", "--format", "json").document
    before = program(study, *STATUS).out
    assert program(study, "patient", "void", "P001", "--with-records", "--reason", "x").status == 0
    backup = str(tmp_path / "registry.backup")
    assert program(study, "db", "backup", backup).status == 0
    with opened_for_test(databases.create()) as other:
        assert program(other, "db", "restore", backup).status == 0
        assert program(other, *STATUS).out == before
        again = program(other, "freeze", "show", "one", "--format", "json").document
    assert again["sha256"] == made["sha256"]
    assert again["note"] == "Made again from the audit, with the same hash."


def test_brought_to_another_program(program: Program, study: Database) -> None:
    program(study, "freeze", "create", "one")
    before = program(study, *STATUS).out
    with study.engine.begin() as connection:
        for statement in (
            "drop view freeze_one.status cascade",
            "comment on schema freeze_one is 'What analysts read of a freeze; views older'",
            "alter table frozen_clinical_one.surgery drop column row_version cascade",
        ):
            connection.execute(text(statement))
    assert program(study, *STATUS).out == before
    with study.engine.connect() as connection:
        versions = connection.execute(text("select row_version from frozen_clinical_one.surgery"))
        assert set(versions.scalars()) == {1}


def test_a_child_is_taken_out(program: Program, study: Database) -> None:
    program(study, "freeze", "create", "one")
    others = [line for line in program(study, *STATUS).out.splitlines() if "P003" not in line]
    with study.engine.begin() as connection:
        number = connection.execute(
            text("select patient_id from reference.patient_number where study_id = 'P003'")
        ).scalar_one()
    erased = program(
        study, "patient", "erase", "P003", "--reason", "family asked", "--format", "json"
    )
    assert erased.document["tables"]["frozen_clinical_one.infusion"] > 10
    assert program(study, *STATUS).out.splitlines() == others
    flow = program(study, "analyse", "flow", "--freeze", "one", "--format", "json").document
    assert flow["basis"]["note"].startswith("a child was erased on ")
    with study.engine.connect() as connection:
        schemas = "frozen_clinical_one", "frozen_reference_one", "frozen_derived_one"
        tables = connection.execute(
            text(
                "select table_schema || '.' || table_name from information_schema.columns "
                "where table_schema = any(:schemas) and column_name = 'patient_id'"
            ),
            {"schemas": list(schemas)},
        ).scalars()
        for table in tables.all():
            left = connection.execute(
                text(f"select count(*) from {table} where patient_id = :number"), {"number": number}
            )
            assert left.scalar_one() == 0, table
