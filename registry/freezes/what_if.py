"""A freeze as it would be without some children, or with another's rows of them: for one command.

What is tried stands in a transaction that is rolled back: the same tables and views are read, and
nobody else sees it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, text

from registry.database.engine import without_time_limits
from registry.database.frozen import FROZEN, Frozen, Place, translate

# What a child has in a freeze.
_TABLES = """
select t.schema_name || '.' || t.table_name from audit.tables_of_patients() t
where t.schema_name = any(:schemas) order by t.place, 1
"""
_COLUMNS = """
select string_agg(quote_ident(a.attname), ', ' order by a.attnum)
from pg_attribute a join pg_attribute b on b.attname = a.attname
where a.attrelid = cast(:to as regclass) and b.attrelid = cast(:from as regclass)
    and a.attnum > 0 and b.attnum > 0 and not a.attisdropped and not b.attisdropped
"""


@contextmanager
def what_if(engine: Engine, over: Frozen) -> Iterator[Connection]:
    """A connection that reads a freeze and may try it otherwise; nothing of it stays."""
    with engine.connect() as connection:
        without_time_limits(connection)
        translate(connection, over.place)
        try:
            yield connection.execution_options(**{FROZEN: over})
        finally:
            connection.rollback()


def take_out(connection: Connection, place: Place, numbers: Sequence[int]) -> None:
    """Of the freeze that is tried, takes these children out."""
    for table in _tables(connection, place):
        connection.exec_driver_sql(f"alter table {table} disable trigger user")
        connection.execute(
            text(f"delete from {table} where patient_id = any(:numbers)"), {"numbers": numbers}
        )


def take_from(connection: Connection, to: Place, other: Place, numbers: Sequence[int]) -> None:
    """Of the freeze that is tried, gives these children what another has of them."""
    take_out(connection, to, numbers)
    from_tables = _tables(connection, other)
    for table, source in zip(_tables(connection, to), from_tables, strict=True):
        columns = connection.execute(text(_COLUMNS), {"to": table, "from": source}).scalar_one()
        connection.execute(
            text(
                f"insert into {table} ({columns}) select {columns} from {source} "
                "where patient_id = any(:numbers)"
            ),
            {"numbers": numbers},
        )


def _tables(connection: Connection, place: Place) -> list[str]:
    schemas = [place.schema(meant) for meant in ("clinical", "reference", "derived")]
    return list(connection.execute(text(_TABLES), {"schemas": schemas}).scalars())
