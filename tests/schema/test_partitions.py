"""A registry in partitions: it answers, writes, refuses, and is held to its catalogue as before.

With REGISTRY_TEST_PARTITIONS=4 every registry of the tests is one.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from registry.audit.catalogue import check_catalogue
from registry.database.engine import Database
from registry.database.partitions import TABLES, divide, number_of, schemas
from registry.views.build import drop_views
from tests.conftest import Databases, opened_for_test
from tests.programs import Program

PARTITIONS = 3
VIEWS = ("analytics.status", "analytics.analysis_set", "rules.infusion_step", "analytics.survival")
P001 = "(select patient_id from reference.patient_number where study_id = 'P001')"
P010 = P001.replace("P001", "P010")


def content(database: Database) -> dict[str, str]:
    """What the tables and some of the views over them hold."""
    with database.engine.connect() as connection:
        return {
            name: connection.exec_driver_sql(
                f"select md5(string_agg(t::text, '|' order by t::text)) from {name} t"
            ).scalar_one()
            for name in (*TABLES, *VIEWS)
        }


def described(database: Database) -> list[str]:
    """What the catalogue says of the tables."""
    with database.engine.connect() as connection:
        return described_by(connection)


def described_by(connection: Connection) -> list[str]:
    """Columns, indexes, constraints and triggers of the tables, and the places of sequences."""
    return list(
        connection.execute(
            text(
                "select concat_ws(' ', attrelid::regclass, attname, attnotnull, attidentity, "
                "attgenerated, col_description(attrelid, attnum)) from pg_attribute where "
                "attrelid = any(cast(:tables as regclass[])) and attnum > 0 union all "
                "select replace(pg_get_indexdef(indexrelid), ' ONLY ', ' ') from pg_index "
                "where indrelid = any(cast(:tables as regclass[])) union all "
                "select concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid)) "
                "from pg_constraint where conrelid = any(cast(:tables as regclass[])) "
                "union all select pg_get_triggerdef(oid) from pg_trigger "
                "where tgrelid = any(cast(:tables as regclass[])) and not tgisinternal "
                "union all select concat_ws(' ', schemaname, sequencename, last_value) "
                "from pg_sequences where schemaname in ('clinical', 'audit') order by 1"
            ),
            {"tables": list(TABLES)},
        ).scalars()
    )


@pytest.fixture(scope="module")
def spread(databases: Databases, study_template: str) -> Iterator[Database]:
    """The study in partitions."""
    with opened_for_test(databases.create(study_template)) as opened:
        yield opened


@pytest.fixture
def spread_by_command(spread: Database, program: Program) -> Database:
    """Once: the tests after the first find it done."""
    with spread.engine.connect() as connection:
        number = number_of(connection)
    if number != PARTITIONS:
        before = content(spread), described(spread)
        done = program(spread, "db", "partition", str(PARTITIONS))
        assert done.status == 0, done
        assert done.err.startswith("3 partitions by patient each: anthropometry, infusion, ")
        assert (content(spread), described(spread)) == before
    return spread


def test_all_is_as_before_and_status_tells(spread_by_command: Database, program: Program) -> None:
    with spread_by_command.engine.connect() as connection:
        assert {number_of(connection, table) for table in TABLES} == {PARTITIONS}
        held = [
            connection.exec_driver_sql(f"select count(*) from {schema}.infusion").scalar_one()
            for schema in schemas(PARTITIONS)
        ]
        assert min(held) > 100, "every partition has its share"
        assert check_catalogue(connection) == []
    told = program(spread_by_command, "db", "status", "--format", "json").document
    assert (told["partitions"], told["standby"], told["catalogue"]) == (PARTITIONS, None, [])
    assert "3 partitions by patient" in program(spread_by_command, "db", "status").out
    for number in ("0", "65", "two"):
        assert program(spread_by_command, "db", "partition", number).status == 2


def test_a_record_is_written_audited_marked_and_refused_alike(spread_by_command: Database) -> None:
    with spread_by_command.engine.connect() as connection:
        run = connection.exec_driver_sql
        run("delete from derived.changed_patient")
        run("set local registry.reason = 'a test'")
        one = "(patient_id, record_id) = (select patient_id, max(record_id) from "
        one += f"clinical.infusion where patient_id = {P001} group by 1)"
        run(f"update clinical.infusion set dose_mg = 321 where {one}")
        assert run(
            "select operation, new_values ->> 'dose_mg', row_version from audit.record_change "
            "order by audit_id desc limit 1"
        ).one() == ("update", "321", 2)
        assert run("select count(*) from derived.changed_patient").scalar_one() == 1
        # From one child to another, who lies elsewhere: taken out there and entered here.
        for other in ("P002", "P003", "P004", "P005"):
            to = P001.replace("P001", other)
            run(
                f"update clinical.infusion set patient_id = {to}, infused_on = '2020-02-02' "
                f"where {one} and infused_on <> '2020-02-02'"
            )
        kinds = run("select operation from audit.record_change order by audit_id desc limit 8")
        assert sorted(kinds.scalars()) == ["delete"] * 4 + ["insert"] * 4
        for statement, constraint in (
            (f"update clinical.infusion set dose_mg = -1 where patient_id = {P001}",
             "ck_infusion_dose_mg"),
            (f"update clinical.infusion set infused_on = '2020-01-01' where patient_id = {P010}",
             "uq_infusion_natural_key"),
            (f"update clinical.infusion set infused_on = '1999-01-01' where {one}",
             "lies before the birth"),
            ("insert into clinical.infusion (patient_id, infused_on, dose_mg, weight_kg) "
             "values (-1, '2020-01-01', 100, 20)", "fk_infusion_patient_id"),
            ("delete from partition_1.infusion", "partition"),
            ("truncate clinical.infusion", "delete, for a reason"),
        ):  # fmt: skip
            held = connection.begin_nested()
            with pytest.raises(IntegrityError, match=constraint):
                run(statement)
            held.rollback()


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (
            "alter table partition_2.infusion disable trigger by_whole_table_only",
            ("partition_changed", "clinical.infusion", "partition_2.infusion"),
        ),
        (
            "drop trigger by_whole_table_only on partition_1.record_change",
            ("partition_changed", "audit.record_change", "partition_1.record_change"),
        ),
        (
            "create trigger mine before insert on partition_1.infusion for each row "
            "execute function clinical.next_row_version()",
            ("partition_changed", "clinical.infusion", "partition_1.infusion"),
        ),
        (
            "create rule nothing as on delete to partition_1.tdm_level do instead nothing",
            ("rule", "partition_1.tdm_level", "nothing"),
        ),
        (
            "alter table clinical.infusion detach partition partition_3.infusion",
            ("partition_missing", "clinical.infusion", None),
        ),
    ],
)
def test_what_an_owner_does_to_a_partition_is_found(
    spread_by_command: Database, statement: str, found: tuple[str, str, str | None]
) -> None:
    with spread_by_command.engine.connect() as connection:
        connection.exec_driver_sql(statement)
        findings = check_catalogue(connection)
        assert found in {(one.kind, one.table, one.name) for one in findings}


def test_the_tables_are_made_whole_again(spread_by_command: Database) -> None:
    before = described(spread_by_command)
    with spread_by_command.engine.connect() as connection:
        drop_views(connection)
        divide(connection, 1)
        assert {number_of(connection, table) for table in TABLES} == {1}
        assert described_by(connection) == before
        assert {one.kind for one in check_catalogue(connection)} <= {
            "function_missing",
            "policy_missing",
            "row_security_missing",
        }
        left = text("select count(*) from pg_namespace where nspname ~ 'partition'")
        assert connection.execute(left).scalar_one() == 0


def test_a_backup_is_restored_over_partitions_and_in_partitions(
    spread_by_command: Database, program: Program, tmp_path: Path
) -> None:
    file = tmp_path / "in-partitions.backup"
    assert program(spread_by_command, "db", "backup", str(file)).status == 0
    before = content(spread_by_command)
    again = ("db", "restore", str(file), "--replace", "--reason", "again")
    restored = program(spread_by_command, *again)
    assert (restored.status, "Everything is as the audit has it." in restored.err) == (0, True)
    assert content(spread_by_command) == before
    with spread_by_command.engine.connect() as connection:
        assert number_of(connection) == PARTITIONS
        left = text("select count(*) from pg_namespace where nspname ~ 'replaced'")
        assert connection.execute(left).scalar_one() == 0
