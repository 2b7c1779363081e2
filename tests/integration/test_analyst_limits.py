"""`registry sql`: what one query may take of the server, and answers of any length."""

from __future__ import annotations

import csv
import io

import pytest
from sqlalchemy import text

from registry.database import migrate
from registry.database.analyst import ANALYST_ROLE
from registry.database.engine import Database, connect_to
from registry.errors import Refused
from tests.integration.test_analyst import embedded_registry, run_query
from tests.programs import Program

__all__ = ["embedded_registry"]


def test_the_embedded_analyst_is_held_to_limits(embedded_registry: Database) -> None:
    """A superuser may set others, which an upgrade leaves as they are."""
    _, [row] = run_query(
        embedded_registry,
        "select current_setting('statement_timeout') as time, "
        "current_setting('temp_file_limit') as files, current_setting('work_mem') as memory, "
        "(select rolconnlimit from pg_roles "
        "where rolname = current_user) as connections",
    )
    assert row == {"time": "10min", "files": "4GB", "memory": "32MB", "connections": 10}
    administrator = connect_to(embedded_registry.url.set(username="postgres"))

    def limit(name: str, value: str) -> None:
        with administrator.begin() as connection:
            connection.execute(text(f"alter role {ANALYST_ROLE} set {name} = '{value}'"))

    large = "select n, repeat(md5(n::text), 9) as t from generate_series(1, 100000) as n order by 2"
    try:
        limit("temp_file_limit", "1MB")
        limit("work_mem", "64kB")
        migrate.upgrade(embedded_registry)
        with pytest.raises(Refused, match="temp_file_limit") as refused:
            run_query(embedded_registry, large)
        assert "fewer rows" in (refused.value.cure or "")
        limit("temp_file_limit", "1GB")
        limit("statement_timeout", "50ms")
        with pytest.raises(Refused, match="statement timeout") as refused:
            run_query(embedded_registry, "select count(*) from generate_series(1, 1000000000)")
        assert "read less" in (refused.value.cure or "")
    finally:
        limit("statement_timeout", "10min")
        limit("temp_file_limit", "4GB")
        limit("work_mem", "32MB")


@pytest.mark.parametrize("form", ["json", "csv", "table"])
def test_an_answer_of_any_length_is_written_as_it_comes(
    program: Program, shared_study: Database, form: str
) -> None:
    """The same, whether it comes in one piece or in many; a failure on the way is told."""
    query = "select n, case when n % 7 = 0 then null else 'row ' || n end as t, n / 2.0 as h "
    query += "from generate_series(1, 2500) as n"
    columns, rows = run_query(shared_study, query)
    outcome = program(shared_study, "sql", query, "--format", form)
    assert (outcome.status, outcome.err) == (0, "")
    if form == "json":
        found = [(row["n"], row["t"], row["h"]) for row in outcome.document]
        assert found == [(row["n"], row["t"], float(row["h"])) for row in rows]
    elif form == "csv":
        assert len(list(csv.DictReader(io.StringIO(outcome.out)))) == 2500
    else:
        lines = outcome.out.splitlines()
        assert lines[0].split() == columns
        assert len(lines) == 2502
        assert lines[-1].split() == ["2500", "row", "2500", "1250"]
    late = "select 1 / (2000 - n) as x from generate_series(1, 2500) as n"
    outcome = program(shared_study, "sql", late, "--format", form)
    assert outcome.status == 1
    assert "division by zero" in outcome.err
