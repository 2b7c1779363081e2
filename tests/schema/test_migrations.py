"""From empty to head and back, on an empty and on a filled database; the views with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from registry.database import locks, migrate
from registry.database.engine import Database
from registry.derivation.run import derive
from registry.errors import DatabaseUnavailable, Refused
from registry.importing.run import import_files
from registry.views.build import rules_hash
from tests.conftest import COHORT, Databases, opened_for_test

VIEWS = {"analytics", "analytics_deidentified", "inspection", "present", "rules"}
VIEWS |= {"own_analytics", "own_inspection", "own_present", "own_rules"}
SCHEMAS = sorted(VIEWS | {"audit", "clinical", "derived", "identity", "reference"})
STEPS = len(list((migrate.migrations_folder() / "versions").glob("0*.py")))
CHAIN = [f"{number:04}" for number in range(1, STEPS + 1)]


def registry_schemas(connection: Connection) -> list[str]:
    return list(
        connection.execute(
            text(
                "select nspname::text from pg_namespace where nspname !~ '^pg_' "
                "and nspname not in ('public', 'information_schema', 'locking') order by 1"
            )
        ).scalars()
    )


def inventory(database: Database) -> set[tuple[object, ...]]:
    """Everything in the registry's schemas, with its description and its rights."""
    with database.engine.connect() as connection:
        return {
            tuple(row)
            for row in connection.execute(
                text(
                    "select c.oid::regclass::text, relkind::text, relacl::text, "
                    "obj_description(c.oid, 'pg_class'), pg_get_viewdef(c.oid) from pg_class c "
                    "where relnamespace = any(cast(:schemas as regnamespace[])) and relkind <> 'v' "
                    "union all select c.oid::regclass::text, 'v', relacl::text, "
                    "obj_description(c.oid, 'pg_class'), pg_get_viewdef(c.oid) from pg_class c "
                    "where relnamespace = any(cast(:schemas as regnamespace[])) and relkind = 'v' "
                    "union all select p.oid::regprocedure::text, 'f', proacl::text, null, prosrc "
                    "from pg_proc p where pronamespace = any(cast(:schemas as regnamespace[])) "
                    "union all select tgname || ' ' || tgrelid::regclass, 't', null, null, "
                    "pg_get_triggerdef(t.oid) from pg_trigger t where not tgisinternal"
                ),
                {"schemas": SCHEMAS},
            )
        }


@pytest.fixture
def empty(databases: Databases) -> Database:
    """A database in which nothing has been made."""
    url = databases.create()
    with opened_for_test(url) as database:
        yield database
    assert url.database is not None
    databases.drop(url.database)


def revision(database: Database) -> str | None:
    with database.engine.connect() as connection:
        return migrate.status(connection).current


def test_an_empty_database_goes_up_and_down_and_up_again(empty: Database) -> None:
    migrate.upgrade(empty)
    assert revision(empty) == migrate.head() == CHAIN[-1]
    first = inventory(empty)
    migrate.downgrade(empty, "base")
    assert revision(empty) is None
    with empty.engine.connect() as connection:
        assert registry_schemas(connection) == []
    migrate.upgrade(empty)
    assert inventory(empty) == first
    assert len(first) > 150


def test_every_step_is_taken_alone(empty: Database) -> None:
    for step in CHAIN:
        migrate.upgrade(empty, step)
        assert revision(empty) == step
        with empty.engine.connect() as connection:
            made = registry_schemas(connection)
        # The views belong to the head, and stand there only.
        views = VIEWS if step == CHAIN[-1] else set()
        audit = {"audit"} if step >= "0004" else set()
        audit |= {"identity"} if step >= "0026" else set()
        assert set(made) == {"clinical", "derived", "reference"} | audit | views
    for step in [*reversed(CHAIN[:-1]), "base"]:
        migrate.downgrade(empty, step)
        assert revision(empty) == (None if step == "base" else step)


def clinical_rows(database: Database) -> dict[str, int]:
    with database.engine.connect() as connection:
        return {
            name: connection.execute(text(f"select count(*) from clinical.{name}")).scalar_one()
            for name in connection.execute(
                text(
                    "select table_name from information_schema.tables "
                    "where table_schema = 'clinical'"
                )
            )
            .scalars()
            .all()
        }


def statuses(database: Database) -> list[tuple[object, ...]]:
    with database.engine.connect() as connection:
        rows = connection.execute(
            text(
                "select definition, patient_id, state, time_days from analytics.status "
                "order by 1, 2"
            )
        )
        return [tuple(row) for row in rows]


def test_a_filled_database_keeps_its_records_as_far_as_there_are_tables(study: Database) -> None:
    rows, before = clinical_rows(study), statuses(study)
    assert rows["patient"] == 85
    migrate.downgrade(study, "0001")
    # Tables that came later go with their migrations; the study has no row of them.
    gone = rows.items() - clinical_rows(study).items()
    assert gone == {("adverse_event", 0), ("consent", 0)}
    migrate.upgrade(study)
    assert clinical_rows(study) == rows
    # The definitions went with the reference data, and the statuses with them.
    assert statuses(study) == []
    derive(study.engine, user="tester")
    assert statuses(study) == before


def test_a_filled_database_goes_down_to_nothing_and_is_filled_again(study: Database) -> None:
    rows, before = clinical_rows(study), statuses(study)
    migrate.downgrade(study, "base")
    migrate.upgrade(study)
    assert set(clinical_rows(study).values()) == {0}
    with study.engine.begin() as connection:
        assert import_files(connection, [COHORT]).errors == []
    derive(study.engine, user="tester")
    assert (clinical_rows(study), statuses(study)) == (rows, before)


def test_an_upgrade_at_head_builds_the_views_anew_and_keeps_what_is_stored(
    study: Database,
) -> None:
    before, everything = statuses(study), inventory(study)
    with study.engine.begin() as connection:
        connection.execute(
            text(
                "create or replace view analytics.definition as "
                "select *, false as is_default from rules.definition where false"
            )
        )
        connection.execute(text("drop view analytics.cohort_flow"))
        connection.execute(text("comment on schema rules is 'rules of another time'"))
    migrate.upgrade(study)
    assert statuses(study) == before
    assert inventory(study) == everything
    with study.engine.connect() as connection:
        stale = connection.execute(text("select bool_or(rules_changed) from analytics.freshness"))
        assert stale.scalar_one() is False
        comment = "select obj_description('rules'::regnamespace, 'pg_namespace')"
        assert connection.execute(text(comment)).scalar_one() == f"rules {rules_hash()}"


def test_a_registry_of_before_a_lock_gets_its_table(registry: Database) -> None:
    """Locks have no migration: the first thing that an upgrade does is to take one."""
    # That of upgrades was there from the first on: by it the schema is known.
    for lock in set(locks.Lock) - {locks.Lock.UPGRADE}:
        with registry.engine.begin() as connection:
            connection.execute(text(f"drop table {locks.SCHEMA}.{lock}"))
        with registry.engine.begin() as connection:
            locks.make_locks(connection)
            locks.take(connection, lock)


def test_what_others_made_on_the_views_is_not_lost_in_an_upgrade(registry: Database) -> None:
    for kind, name, content in [
        ("table", "analytics.notes", "(note text)"),
        ("view", "public.mine", "as select * from analytics.status"),
        ("materialized view", "public.mine", "as select * from rules.course"),
        ("view", "analytics.mine", "as select 1 as one"),
    ]:
        with registry.engine.begin() as connection:
            connection.execute(text(f"create {kind} {name} {content}"))
        with pytest.raises(Refused, match=f"{kind} {name.removeprefix('public.')}") as refused:
            migrate.upgrade(registry)
        assert refused.value.cure
        with registry.engine.begin() as connection:
            migrate.require_head(connection)
            assert registry_schemas(connection) == SCHEMAS
            connection.execute(text(f"drop {kind} {name}"))


def test_a_schema_of_somebody_else_is_not_taken_for_the_registrys(empty: Database) -> None:
    for schema in [*SCHEMAS, locks.SCHEMA]:
        with empty.engine.begin() as connection:
            connection.execute(text(f"create schema {schema} create table kept (x integer)"))
        with pytest.raises(DatabaseUnavailable, match=schema):
            migrate.upgrade(empty)
        with empty.engine.begin() as connection:
            assert registry_schemas(connection) == [schema][: schema in SCHEMAS]
            connection.execute(text(f"drop table {schema}.kept"))
            connection.execute(text(f"drop schema {schema}"))


def test_a_migration_that_fails_leaves_the_database_as_it_was(
    empty: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("a view that cannot be built")

    monkeypatch.setattr("registry.views.build.give_rights", broken)
    with pytest.raises(ValueError, match="cannot be built"):
        migrate.upgrade(empty)
    assert revision(empty) is None
    with empty.engine.connect() as connection:
        assert registry_schemas(connection) == []


def test_the_migrations_folder_is_where_the_program_looks() -> None:
    folder = migrate.migrations_folder()
    assert (folder / "env.py").is_file()
    assert sorted(path.stem[:4] for path in Path(folder / "versions").glob("*.py")) == CHAIN


def test_the_files_of_the_migrations_are_named_after_their_revisions() -> None:
    scripts = ScriptDirectory.from_config(migrate.configuration())
    assert migrate.known_revisions() == {one.revision for one in scripts.walk_revisions()}
    assert migrate.head() == scripts.get_current_head()
