"""The obvious form of the views that are built as one text: each reads the views below it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from registry.views.plausibility import ALL_RULES, union_of_rules
from registry.views.sources import select_of

NAMES = (ALL_RULES, "finding", "query", "worklist_item", "work")
PATH = "obvious, present, rules, reference, clinical"


@contextmanager
def obvious_views(connection: Connection) -> Iterator[None]:
    """Views of these names in a schema of their own, for as long as it lasts."""
    with connection.begin_nested() as nested:
        connection.exec_driver_sql(f"create schema obvious; set local search_path = {PATH}")
        for name in NAMES:
            text = union_of_rules() if name == ALL_RULES else select_of("worklist", name)
            statement = f"create view obvious.{name} as {text}".replace("%", "%%")
            connection.exec_driver_sql(statement)
        connection.exec_driver_sql("set local search_path = default")
        yield
        nested.rollback()


def rows_of(connection: Connection, query: str, condition: str = "true") -> list[str]:
    """Complete rows of a query, as text, in an order of their own."""
    asked = f"select x::text from ({query}) x where {condition} order by 1"
    return list(connection.exec_driver_sql(asked.replace("%", "%%")).scalars())
