"""Room made in a registry whose tests roll back what they write: nothing else looks after it."""

from __future__ import annotations

from sqlalchemy import Connection, text

# Tables in which a good many rows were never committed: records, and the catalogue with all the
# temporary tables of imports.
LEFT_BEHIND = text(
    "select string_agg(s.relid::regclass::text, ', ') from pg_stat_all_tables s "
    "join pg_class c on c.oid = s.relid where s.n_dead_tup > 2000 and not c.relisshared "
    "and c.relpersistence = 'p'"
)


def sweep(connection: Connection) -> None:
    """Removes what a module's tests have rolled back: the others would read past all of it."""
    left = connection.execute(LEFT_BEHIND).scalar_one()
    connection.rollback()
    if left is not None:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.execute(text(f"vacuum {left}"))
