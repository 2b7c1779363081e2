"""What the tests of backups share: how a registry is compared, refilled and commanded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from registry.database import archive, restore
from registry.database.engine import Database
from registry.errors import RegistryError
from tests.conftest import Databases, opened_for_test

TABLES = """
select format('%I.%I', table_schema, table_name) from information_schema.tables
where table_schema in ('clinical', 'derived', 'reference') order by 1
"""
# One text for each thing that a dump could lose; none of them names a number of the catalogue.
CATALOGUE = """
with ours as (
    select oid, nspname from pg_namespace
    where nspname in ('clinical', 'derived', 'reference', 'rules', 'present', 'analytics')
)
select format('%s %s %s', conrelid::regclass, conname, pg_get_constraintdef(c.oid))
from pg_constraint c join ours on ours.oid = connamespace
union all
select pg_get_triggerdef(t.oid) from pg_trigger t join pg_class c on c.oid = tgrelid
join ours on ours.oid = relnamespace where not tgisinternal
union all
select indexdef from pg_indexes join ours on nspname = schemaname
union all
select pg_get_functiondef(p.oid) from pg_proc p join ours on ours.oid = pronamespace
where prolang <> (select oid from pg_language where lanname = 'internal')
union all
select format('%s.%s %s %s %s %s %s %s', c.oid::regclass, attname,
    format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated,
    pg_get_expr(adbin, adrelid), col_description(c.oid, attnum))
from pg_attribute a join pg_class c on c.oid = attrelid join ours on ours.oid = relnamespace
left join pg_attrdef on adrelid = attrelid and adnum = attnum where attnum > 0 and not attisdropped
union all
select format('%s %s %s %s', c.oid::regclass, obj_description(c.oid, 'pg_class'), relacl,
    case relkind when 'v' then pg_get_viewdef(c.oid) end)
from pg_class c join ours on ours.oid = relnamespace
union all
select format('%s %s', nspname, obj_description(oid, 'pg_namespace')) from ours
"""
SEQUENCES = """
select format('%s.%s', schemaname, sequencename), last_value from pg_sequences
where sequencename not in ('change_set_change_id_seq', 'committed_change_commit_number_seq')
    and schemaname <> 'identity'
order by 1
"""
VERSION = "select current_setting('server_version_num')::int / 10000"
NEW_PATIENT = """
with number as (
    insert into reference.patient_number (study_id) values ('{}') returning patient_id
)
insert into clinical.patient (patient_id, centre, sex, birth_date, diagnosis)
select patient_id, 'A', 'female', '2010-01-01', 'CD' from number
"""


def ask(database: Database, query: str) -> list[Any]:
    with database.engine.begin() as connection:
        result = connection.execute(text(query))
        return [tuple(row) for row in result] if result.returns_rows else []


def contents(database: Database) -> dict[str, Any]:
    """What every table holds, but for the record of the restore itself."""
    found = {}
    for (table,) in ask(database, TABLES):
        where = {
            "reference.change_set": "where command <> 'db restore'",
            "audit.committed_change": "where change_id in (select change_id "
            "from reference.change_set where command <> 'db restore')",
        }.get(table, "")
        [found[table]] = ask(
            database,
            "select count(*), md5(string_agg(t::text, '|' order by t::text)) "
            f"from {table} t {where}",
        )
    return found


def catalogue(database: Database) -> list[str]:
    """Without brackets, of which the server writes other ones when it has read its own."""
    return sorted(line.translate({40: None, 41: None}) for (line,) in ask(database, CATALOGUE))


def same(one: Database, other: Database) -> None:
    assert contents(one) == contents(other)
    # Another version of the server writes its own definitions otherwise.
    if ask(one, VERSION) == ask(other, VERSION):
        assert catalogue(one) == catalogue(other)
    assert ask(one, SEQUENCES) == ask(other, SEQUENCES)
    for view in ("analysis_set", "status", "status_transition", "freshness"):
        query = f"select * from analytics.{view} t order by t::text"
        assert ask(one, query) == ask(other, query), view


def refill(database: Database, file: Path, **options: Any) -> None:
    with archive.open_archive(file) as opened:
        restore.restore(database, opened, user="tester", **{"reason": None} | options)


def refusal(call: Callable[..., object], *arguments: Any, **options: Any) -> RegistryError:
    with pytest.raises(RegistryError) as raised:
        call(*arguments, **options)
    return raised.value


@contextmanager
def on_empty(databases: Databases) -> Iterator[Database]:
    url = databases.create()
    with opened_for_test(url) as opened:
        yield opened
    assert url.database is not None
    databases.drop(url.database)
