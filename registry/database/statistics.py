"""What the planner is told of rows that came: at once, for a server that stops after a command has
nobody who would do it later."""

from __future__ import annotations

from sqlalchemy import Connection

# As the server's own care begins; from here on the next query suffers.
STALE_FROM_ROWS = 50


def analyse_if_stale(connection: Connection, table: str, changed: int) -> None:
    """Renews the statistics of a table of which so many rows have come, changed or gone.

    Those `changed` in this transaction count, and those before it: who types one child a day comes
    to many as well.
    """
    if changed >= STALE_FROM_ROWS or (
        changed > 0 and changed + _changed_before(connection, table) >= STALE_FROM_ROWS
    ):
        connection.exec_driver_sql(f"analyze {table}")


def _changed_before(connection: Connection, table: str) -> int:
    found = connection.exec_driver_sql(
        f"select pg_stat_get_mod_since_analyze('{table}'::regclass)"
    ).scalar_one()
    return int(found or 0)


def analyse_unseen(connection: Connection) -> None:
    """Makes the statistics of what has rows and never had any: the statuses, tables of reference.

    Most of those are too short for the server to see to them ever, and it takes them for longer. An
    index that was made of one counted its rows, and saw nothing of what they hold.
    """
    found = connection.exec_driver_sql(
        "select c.oid::regclass::text from pg_class c where c.relkind = 'r' "
        "and (c.relnamespace = to_regnamespace('reference') "
        "or c.oid = to_regclass('derived.lor_status')) and pg_relation_size(c.oid) > 0 "
        "and not exists (select from pg_stats s where s.tablename = c.relname "
        "and s.schemaname = c.relnamespace::regnamespace::text)"
    )
    for table in found.scalars().all():
        connection.exec_driver_sql(f"analyze {table}")
