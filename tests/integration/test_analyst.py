"""`registry sql`: the analyst reads the views, whatever is tried, and gets values of every kind."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import text

from registry.database import migrate
from registry.database.analyst import ANALYST_ROLE
from registry.database.engine import Database, open_database
from registry.database.query import stream_query
from registry.errors import Refused
from registry.settings import Settings
from tests.programs import Program

OWN = "registry_owner"


def run_query(database: Database, query: str) -> tuple[list[str], list[dict[str, Any]]]:
    with stream_query(database, query) as (columns, rows):
        return columns, [dict(zip(columns, row, strict=True)) for row in rows]


@pytest.fixture(scope="module")
def embedded_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A registry on an embedded server, where the analyst has a login of her own."""
    home = tmp_path_factory.mktemp("home")
    with open_database(Settings(home=home, database_url=None, user="tester")) as database:
        migrate.upgrade(database)
        yield database


@pytest.fixture(params=["server", "embedded"])
def place(
    request: pytest.FixtureRequest, shared_study: Database, embedded_registry: Database
) -> Database:
    """The two ways of being an analyst."""
    return shared_study if request.param == "server" else embedded_registry


# What must be refused, with the reason that the server or the program gives.
READS = {
    "select * from clinical.patient": "permission denied for schema clinical",
    "select * from reference.patient_number": "permission denied for schema reference",
    "select * from derived.lor_status": "permission denied for schema derived",
    "select * from inspection.record_change": "permission denied for schema inspection",
    "select * from record_change": 'relation "record_change" does not exist|There is no',
    "select * from rules.course": "permission denied for schema rules",
    "select * from public.alembic_version": "permission denied for table alembic_version",
    "select * from patient_number": "does not exist",
    "select pg_read_file('/etc/passwd')": "permission denied for function pg_read_file",
    "select * from pg_authid": "permission denied for table pg_authid",
    "select pg_ls_dir('/')": "permission denied for function pg_ls_dir",
    "select lo_import('/etc/passwd')": "permission denied for function lo_import",
    "select query_to_xml('select * from clinical.patient', true, false, '')": "permission denied",
    "select table_to_xml('clinical.patient', true, false, '')": "permission denied",
    "select pg_get_expr(null, 'clinical.patient'::regclass)": "permission denied for schema",
    "select nextval('clinical.infusion_record_id_seq')": "permission denied for schema clinical",
}
WRITES = {
    "delete from clinical.patient returning 1": "permission denied",
    "with gone as (delete from clinical.patient returning 1) select * from gone": "permission",
    "insert into definition values (default) returning 1": "permission denied for view definition",
    "update status set event = false returning 1": "cannot update view|permission denied",
    "select setval('clinical.infusion_record_id_seq', 1)": "permission denied",
    "explain analyze delete from patient": "cannot delete from view|permission denied",
}
# These give no rows, so that they are no query; nothing of them is run.
NO_QUERIES = (
    "create table x (a integer)",
    "create temporary table x (a integer)",
    "drop view analytics.status",
    "truncate clinical.patient",
    "do $$ begin raise exception 'it ran'; end $$",
    "copy status to '/tmp/x'",
    "copy (select 1) to program 'id'",
    "set role none",
    "reset role",
    "reset session authorization",
    f"set role {OWN}",
    "set session authorization postgres",
    "set transaction read write",
    "commit",
    "rollback",
    "begin",
    "listen x",
    "lock table clinical.patient",
    "call something()",
    "vacuum",
    "alter role current_user login",
    "grant select on clinical.patient to public",
    "",
    "   ",
    "-- nothing",
)


@pytest.mark.parametrize("attempts", [READS, WRITES], ids=["reading", "writing"])
def test_nothing_but_the_views_is_in_reach(
    program: Program, shared_study: Database, attempts: dict[str, str]
) -> None:
    for query, reason in attempts.items():
        error = program(shared_study, "sql", query).refused(1)
        assert re.search(reason, error), query


def test_the_embedded_analyst_has_no_more(embedded_registry: Database) -> None:
    for query, reason in (READS | WRITES).items():
        with pytest.raises(Refused, match=reason):
            run_query(embedded_registry, query)


@pytest.mark.parametrize("query", NO_QUERIES)
def test_what_gives_no_rows_is_not_run(place: Database, query: str) -> None:
    with pytest.raises(Refused) as refused:
        run_query(place, query)
    assert "it ran" not in str(refused.value)


def test_what_a_read_only_transaction_lets_through_is_rolled_back(place: Database) -> None:
    """Before PostgreSQL 16 a large object can be made in one."""
    with suppress(Refused):
        run_query(place, "select lo_create(0)")
    # On the embedded server nobody may take such a lock at all.
    with suppress(Refused):
        run_query(place, "select pg_advisory_lock(1)::text, pg_notify('x', 'y')::text")
    with place.engine.connect() as connection:
        left = "select count(*) from pg_largeobject_metadata"
        assert connection.execute(text(left)).scalar_one() == 0
        if not place.embedded:
            free = connection.execute(text("select pg_try_advisory_lock(1)"))
            assert free.scalar_one()


ESCAPES = (
    "select set_config('role', '{owner}', true)",
    "select set_config('role', 'none', true)",
    "select set_config('ROLE', 'none', false), (select count(*) from patient)",
    "select set_config('session_authorization', '{owner}', true)",
    "select set_config('session_authorization', 'default', true)",
    "select set_config('role', 'none', true) from generate_series(1, 3)",
    "select query_to_xml($$select set_config('role', 'none', true)$$, true, false, '')",
    "select query_to_xml('select set' || '_config(''role'', ''none'', true)', true, false, '')",
    "select U&\"\\0073et_config\"('role', 'none', true)",
    "with a as materialized (select set_config('role', 'none', true) as r) "
    "select r, query_to_xml('select * from clinical.patient', true, false, '') from a",
    "explain (analyze) select set_config('role', 'none', true)",
    "select cursor_to_xml('x', 1, true, false, '')",
)


@pytest.mark.parametrize("escape", ESCAPES)
def test_there_is_no_way_out_of_the_role(shared_study: Database, escape: str) -> None:
    """On a server the session is the owner's, and the query must not become the owner again."""
    owner = shared_study.url.username
    with pytest.raises(Refused, match=r"within security-definer function|does not exist"):
        run_query(shared_study, escape.format(owner=owner))


def test_nor_is_there_on_the_embedded_server(embedded_registry: Database) -> None:
    """There the analyst's role is her login, to which any other way leads back."""
    with pytest.raises(Refused, match="permission denied to set role"):
        run_query(embedded_registry, "select set_config('role', 'registry', true)")
    _, [row] = run_query(
        embedded_registry,
        "with a as materialized (select set_config('role', 'none', true) as role) "
        "select role, current_user::text as me, session_user::text as login from a",
    )
    assert row == {"role": "none", "me": ANALYST_ROLE, "login": ANALYST_ROLE}


@pytest.mark.parametrize(
    "query",
    [
        "select 1; select 2",
        "select 1; delete from clinical.patient",
        "select 1;; commit; drop schema analytics cascade",
        "reset role; select * from clinical.patient",
        "select 1 \\; select 2",
    ],
)
def test_there_is_one_statement_only(place: Database, query: str) -> None:
    with pytest.raises(Refused, match=r"multiple commands|syntax error"):
        run_query(place, query)


def test_one_semicolon_at_the_end_is_fine(place: Database) -> None:
    assert run_query(place, "select 1 as one;") == (["one"], [{"one": 1}])


def test_the_transaction_is_and_stays_read_only(place: Database) -> None:
    _, [row] = run_query(place, "select current_setting('transaction_read_only') as only")
    assert row == {"only": "on"}
    with pytest.raises(Refused):
        run_query(place, "select set_config('transaction_read_only', 'off', true)")


def test_who_and_where_the_analyst_is(place: Database) -> None:
    columns, [row] = run_query(
        place, "select current_user::text as me, current_setting('search_path') as path"
    )
    assert columns == ["me", "path"]
    assert row == {"me": ANALYST_ROLE, "path": "analytics"}


def test_nothing_is_left_behind(shared_study: Database) -> None:
    """Neither the role of the session nor the function that fenced the query."""
    functions = "select count(*) from pg_proc where proname = 'answer'"
    for _ in range(2):
        run_query(shared_study, "select 1 as one")
    with shared_study.engine.connect() as connection:
        assert connection.execute(text(functions)).scalar_one() == 0
        assert connection.execute(text("select current_user")).scalar_one() != ANALYST_ROLE


# A value as PostgreSQL writes it, as JSON has it, as a cell of CSV has it.
VALUES = [
    ("null::integer", None, ""),
    ("true", True, "yes"),
    ("false", False, "no"),
    ("7", 7, "7"),
    ("-7::bigint * 10 ^ 15::bigint", -7e15, "-7000000000000000.0"),
    ("2.50::numeric(8, 2)", 2.5, "2.5"),
    ("100::numeric", 100, "100"),
    ("0.000001::numeric", 1e-6, "0.000001"),
    ("12345678901234567890.125", 12345678901234567890.125, "12345678901234567890.125"),
    ("0.1::double precision", 0.1, "0.1"),
    ("'NaN'::numeric", "NaN", "NaN"),
    ("'Infinity'::numeric", "Infinity", "Infinity"),
    ("'NaN'::double precision", "NaN", "nan"),
    ("'-Infinity'::double precision", "-Infinity", "-inf"),
    ("date '2020-02-29'", "2020-02-29", "2020-02-29"),
    (
        "timestamptz '2020-02-29 12:00:00+00'",
        "2020-02-29T12:00:00+00:00",
        "2020-02-29T12:00:00+00:00",
    ),
    ("timestamp '2020-02-29 12:00:00'", "2020-02-29T12:00:00", "2020-02-29T12:00:00"),
    ("time '12:30'", "12:30:00", "12:30:00"),
    ("interval '1 day 2 hours'", "1 day, 2:00:00", "1 day, 2:00:00"),
    ("array[1.5, 2, null]", [1.5, 2, None], "[1.5, 2, null]"),
    ("array[date '2020-01-01']", ["2020-01-01"], '["2020-01-01"]'),
    ("array['a', 'b']", ["a", "b"], '["a", "b"]'),
    ("'{\"a\": [1, null]}'::jsonb", {"a": [1, None]}, '{"a": [1, null]}'),
    ("'\\xff00'::bytea", "ff00", "ff00"),
    ("'a, \"b\"'", 'a, "b"', 'a, "b"'),
    ("'50 %'", "50 %", "50 %"),
    ("'%s %(x)s %%'", "%s %(x)s %%", "%s %(x)s %%"),
    ("E'two\\nlines'", "two\nlines", "two\nlines"),
    ("'李 ≥ 5 µg'", "李 ≥ 5 µg", "李 ≥ 5 µg"),
    ("daterange('2020-01-01', '2020-02-01')::text", *["[2020-01-01,2020-02-01)"] * 2),
    ("'pcdai'::name", "pcdai", "pcdai"),
    ("'ab'::varchar(5)", "ab", "ab"),
]


def test_every_kind_of_value_is_written_so_that_programs_can_read_it(
    program: Program, shared_study: Database
) -> None:
    query = "select " + ", ".join(f"{value} as v{n}" for n, (value, _, _) in enumerate(VALUES))
    names = [f"v{n}" for n in range(len(VALUES))]
    outcome = program(shared_study, "sql", query, "--format", "json")
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.document == [dict(zip(names, [v[1] for v in VALUES], strict=True))]
    outcome = program(shared_study, "sql", query, "--format", "csv")
    assert list(csv.reader(io.StringIO(outcome.out))) == [names, [v[2] for v in VALUES]]


def test_the_embedded_analyst_gets_the_same_values(
    embedded_registry: Database, place: Database
) -> None:
    query = "select " + ", ".join(
        f"{value} as v{n}" for n, (value, _, _) in enumerate(VALUES) if "NaN" not in value
    )
    assert run_query(place, query) == run_query(embedded_registry, query)


def test_an_empty_result_has_its_header(program: Program, shared_study: Database) -> None:
    query = "select patient_id, event from status where false"
    assert program(shared_study, "sql", query, "--format", "json").document == []
    assert program(shared_study, "sql", query, "--format", "csv").out == "patient_id,event\n"
    assert program(shared_study, "sql", query).out.splitlines()[0] == "patient_id  event"


@pytest.mark.parametrize(
    ("query", "column"),
    [
        ("explain select * from status", "QUERY PLAN"),
        ("show work_mem", "work_mem"),
        ("values (1), (2)", "column1"),
        ("table definition", "name"),
        ("with a as (select 1 as b) select b from a -- the end", "b"),
        ("/* first */ (select 2 as b) union all (select 1) order by 1 ;", "b"),
        ("select table_name from information_schema.tables", "table_name"),
        ("select is_nullable, data_type from information_schema.columns", "is_nullable"),
    ],
)
def test_every_form_of_a_query_is_taken(place: Database, query: str, column: str) -> None:
    columns, rows = run_query(place, query)
    assert columns[0] == column
    assert rows


def test_the_order_of_a_query_is_kept(place: Database) -> None:
    query = "select n from generate_series(1, 1000) as n order by md5(n::text), n limit 500"
    _, rows = run_query(place, query)
    _, [row] = run_query(place, f"select array_agg(n) as n from ({query}) as q")
    assert [found["n"] for found in rows] == row["n"]


def test_a_table_is_aligned_with_numbers_to_the_right(
    program: Program, shared_study: Database
) -> None:
    query = "select * from (values ('a', 5, null), ('bcd', 12.25, true)) as v (name, n, flag)"
    assert program(shared_study, "sql", query).out == (
        "name      n  flag\n----  -----  ----\na         5\nbcd   12.25  yes\n"
    )


def test_columns_of_one_name_keep_their_values(place: Database) -> None:
    columns, rows = run_query(place, "select 1 as a, 2 as a, 3 as b, 4 as a")
    assert columns == ["a", "a_2", "b", "a_3"]
    assert rows == [{"a": 1, "a_2": 2, "b": 3, "a_3": 4}]


def test_a_query_may_come_from_standard_input(
    program: Program, shared_study: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"select 1\nas one")))
    assert program(shared_study, "sql", "-", "--format", "json").document == [{"one": 1}]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("selekt 1", "syntax error"),
        ("select * from no_such_view", "information_schema.tables"),
        ("select no_such_column from status", "no_such_column"),
        ("select 1 / 0", "division by zero"),
        ("select 1; select 2", "Ask one query at a time."),
        ("select 'x'::integer", "invalid input syntax"),
        ("select $1::text", "parameter"),
        ("select 1 where %s", ""),
        ("select 'infinity'::date", "date too large"),
        ("select pg_sleep(0)", "pseudo-type void"),
        ("select '\udce9'", "UTF-8"),
        ("select 'a\0b'", ""),
    ],
)
def test_a_query_that_is_wrong_is_told_why(
    program: Program, shared_study: Database, query: str, words: str
) -> None:
    error = program(shared_study, "sql", query).refused(1)
    assert words in error
    assert len(error.splitlines()) <= 3


def test_every_view_can_be_read_and_shows_no_number_of_the_registry(
    shared_study: Database,
) -> None:
    listed = "select table_name from information_schema.tables where table_schema = 'analytics'"
    _, rows = run_query(shared_study, listed)
    views = [row["table_name"] for row in rows]
    assert len(views) > 20
    for view in views:
        columns, found = run_query(shared_study, f"select * from {view} limit 3")
        if "patient_id" in columns and found:
            assert all(str(row["patient_id"]).startswith("P") for row in found), view
