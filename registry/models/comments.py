"""Writes every table's and column's comment into the database, from the declarations.

Comments follow the program, not a migration: a better label needs no new revision.
"""

from __future__ import annotations

from sqlalchemy import Connection

from registry.database.roles import literal, quoted
from registry.models import all_tables


def write_comments(connection: Connection) -> None:
    """Sets the comments of all tables that the models map, in one statement."""
    statements = []
    for table in all_tables().sorted_tables:
        if table.comment:
            statements.append(f"comment on table {table.fullname} is {literal(table.comment)}")
        statements += [
            f"comment on column {table.fullname}.{quoted(column.name)} is {literal(column.comment)}"
            for column in table.columns
            if column.comment
        ]
    connection.exec_driver_sql("; ".join(statements).replace("%", "%%"))
