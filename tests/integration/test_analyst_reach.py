"""What of a server's catalogues, statistics and functions an analyst's query reaches: no record."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from registry.database.analyst import analyst_connection
from registry.database.engine import Database
from registry.errors import Refused
from tests.conftest import Databases, opened_for_test
from tests.identifiers import DIGITS, NAME
from tests.integration.test_analyst import embedded_registry, place, run_query

__all__ = ["embedded_registry", "place"]

# PostgreSQL 15 says of some what one must be in place of what is denied.
REFUSED = {
    # Others' sessions, files, settings, and what is read beside the rights of tables.
    "select pg_terminate_backend(pid) from pg_stat_activity where usename <> current_user": (
        "permission denied"
    ),
    "select pg_stat_file('PG_VERSION')": "permission denied",
    "select pg_read_binary_file('PG_VERSION')": "permission denied",
    "select * from pg_ls_waldir()": "permission denied",
    "select current_setting('data_directory')": "permission denied",
    "select * from pg_hba_file_rules": "permission denied",
    "select * from pg_shmem_allocations": "permission denied",
    "select pg_reload_conf()": "permission denied",
    "select pg_switch_wal()": "permission denied",
    "select pg_create_physical_replication_slot('x')": "permission denied",
    "select set_config('session_replication_role', 'replica', false)": "permission denied",
    "select set_config('temp_file_limit', '-1', false)": "permission denied",
    "select set_config('log_statement', 'all', false)": "permission denied",
    "select ts_stat('select to_tsvector(study_id) from reference.patient_number')": "permission",
    "select schema_to_xml('clinical', true, false, '')": "permission denied",
    "select pg_relation_size('clinical.patient')": "permission denied",
    "select currval('clinical.infusion_record_id_seq')": "permission denied",
    "select identity.kept()": "permission denied",
    "select audit.leaves(0, 9)": "permission denied",
    "select * from analytics_deidentified.patient": "permission denied",
    "select * from dblink('', 'select 1') as t (a integer)": "does not exist",
    "select set_config('search_path', 'clinical', false), (select count(*) from patient_number)": (
        "does not exist"
    ),
    # What a query of one view could learn of rows behind it by an error.
    "select 1 from status where 1 / (select count(*) from clinical.patient) > 0": "permission",
}


@pytest.mark.parametrize("query", REFUSED)
def test_what_lies_beside_the_views_is_out_of_reach(place: Database, query: str) -> None:
    with pytest.raises(Refused, match=REFUSED[query] + "|must be "):
        run_query(place, query)


@pytest.mark.parametrize(
    "query",
    [
        "select pg_advisory_lock(7202344001)::text",
        "select pg_try_advisory_xact_lock_shared(1, 2)",
        "select lo_create(0)",
        "select pg_logical_emit_message(false, 'x', 'y')",
    ],
)
def test_nobody_fills_what_all_share_on_the_embedded_server(
    embedded_registry: Database, query: str
) -> None:
    with pytest.raises(Refused, match="permission denied for function"):
        run_query(embedded_registry, query)


@pytest.fixture(scope="module")
def counted(databases: Databases, study_template: str) -> Iterator[Database]:
    """The study after an ANALYZE, so that the server's statistics hold values of children."""
    with opened_for_test(databases.create(study_template)) as opened:
        with opened.engine.begin() as connection:
            connection.exec_driver_sql("analyze")
        yield opened


# Study ids, a birth date, names and numbers of identities.
HELD = ["%P001%", "%2002-07-19%", f"%{NAME}%", f"%{DIGITS}%"]


def _showing(connection: Connection) -> set[str]:
    """The catalogues and their views in which this connection sees one of these values."""
    relations = connection.execute(
        text(
            "select c.oid::regclass::text from pg_class c join pg_namespace n "
            "on n.oid = relnamespace where nspname in ('pg_catalog', 'information_schema') "
            "and relkind in ('r', 'v') and has_table_privilege(c.oid, 'select')"
        )
    ).scalars()
    found = set()
    for relation in relations.all():
        query = f"select exists (select from {relation} t where t::text like any(%(held)s))"
        # Some views call functions that only a superuser may.
        with suppress(ProgrammingError), connection.begin_nested():
            if connection.exec_driver_sql(query, {"held": HELD}).scalar_one():
                found.add(relation)
    return found


def test_no_catalogue_and_no_statistics_show_a_value_of_a_child(counted: Database) -> None:
    with counted.engine.connect() as connection:
        seen = _showing(connection)
    # The owner sees them, so there is something to be seen.
    assert "pg_stats" in seen
    with analyst_connection(counted) as connection:
        assert _showing(connection) <= {"pg_stat_activity", "pg_cursors"}
        others = connection.exec_driver_sql(
            "select count(*) from pg_stat_activity where pid <> pg_backend_pid() "
            "and query not in ('', '<insufficient privilege>')"
        )
        assert others.scalar_one() == 0
        last = connection.exec_driver_sql("select count(last_value) from pg_sequences")
        assert last.scalar_one() == 0
