"""What the planner is told of rows that came: at once, for a server that stops after a command has
nobody who would do it later."""

from __future__ import annotations

from sqlalchemy import Connection, text

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


def analyse_unseen(connection: Connection, table: str) -> None:
    """Makes the statistics of a table that has rows and never had any, if there is the table."""
    found = connection.execute(
        text(
            "select from pg_class where oid = to_regclass(:table) "
            "and reltuples < 0 and pg_relation_size(oid) > 0"
        ),
        {"table": table},
    )
    if found.first() is not None:
        connection.exec_driver_sql(f"analyze {table}")
