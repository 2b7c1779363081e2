"""The planner knows how many statuses there are, also where no server runs on to count them.

And what the short tables of reference hold, which no server ever counts."""

from __future__ import annotations

from sqlalchemy import text

from registry.database import migrate
from registry.database.engine import Database
from registry.derivation.run import derive


def statuses(database: Database) -> tuple[int, int]:
    """How many there are, and how many the planner takes them for; -1 where it has never looked."""
    with database.engine.connect() as connection:
        counted, believed = connection.execute(
            text(
                "select (select count(*) from derived.lor_status), reltuples::integer "
                "from pg_class where oid = 'derived.lor_status'::regclass"
            )
        ).one()
    return counted, believed


def add(database: Database, children: int, first: int = 1) -> None:
    """So many children without a record but their own."""
    with database.engine.begin() as connection:
        connection.execute(
            text(
                "with numbered as (insert into reference.patient_number (study_id) "
                "select 'P' || n from generate_series(cast(:first as integer), :last) n "
                "returning patient_id) "
                "insert into clinical.patient (patient_id, sex, birth_date, centre, diagnosis) "
                "select patient_id, 'female', '2008-01-01', 'BCH', 'CD' from numbered"
            ),
            {"first": first, "last": first + children - 1},
        )
    derive(database.engine, user="tester")
    # As at the end of a command: only then does the server count what it changed.
    database.engine.dispose()


def test_a_derivation_of_many_counts_them(registry: Database) -> None:
    add(registry, 60)
    counted, believed = statuses(registry)
    assert counted == believed > 60


def test_many_derivations_of_few_count_them(registry: Database) -> None:
    for first in range(1, 40):
        add(registry, 1, first)
    counted, believed = statuses(registry)
    assert counted > 100
    assert believed > 0


def test_an_upgrade_counts_what_was_never_counted(registry: Database) -> None:
    add(registry, 2)
    migrate.upgrade(registry)
    counted, believed = statuses(registry)
    assert counted == believed > 0


def test_a_new_registry_knows_its_reference_data(registry: Database) -> None:
    with registry.engine.connect() as connection:
        uncounted = connection.execute(
            text(
                "select oid::regclass::text from pg_class where relkind = 'r' and reltuples < 0 "
                "and relnamespace = 'reference'::regnamespace and pg_relation_size(oid) > 0"
            )
        ).scalars()
        assert not [*uncounted]
        # Its index was made of its rows, and so they were counted; what they hold was not.
        growth = connection.execute(
            text("select attname from pg_stats where tablename = 'growth_reference'")
        )
        assert {"measure", "sex", "position", "month"} <= {*growth.scalars()}
        assert (
            "drug_class"
            in connection.execute(
                text("select attname from pg_stats where schemaname = 'reference'")
            )
            .scalars()
            .all()
        )
