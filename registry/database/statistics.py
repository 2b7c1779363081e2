"""What the planner is told of rows that came: at once, for a server that stops after a command has
nobody who would do it later."""

from __future__ import annotations

from sqlalchemy import Connection, text

# As the server's own care begins; from here on the next query suffers.
STALE_FROM_ROWS = 50


def analyse_if_stale(connection: Connection, table: str, changed: int) -> None:
    """Renews the statistics of a table of which so many rows came, changed or went."""
    if changed >= STALE_FROM_ROWS:
        connection.exec_driver_sql(f"analyze {table}")


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
