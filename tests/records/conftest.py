"""A child, and what the tables hold."""

from __future__ import annotations

from sqlalchemy import text

from registry.database.engine import Database

CHILD = (
    "patient", "add", "T1", "--centre", "BCH", "--sex", "male", "--birth-date", "2010-02-03",
    "--diagnosis", "CD",
)  # fmt: skip


def rows(database: Database, table: str, columns: str) -> list[tuple[object, ...]]:
    """The table's rows."""
    with database.engine.connect() as connection:
        found = connection.execute(text(f"select {columns} from clinical.{table} order by 1"))
        return [tuple(row) for row in found]
