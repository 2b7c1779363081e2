"""Writes every table's and column's comment into the database, from the declarations.

Comments follow the program, not a migration: a better label needs no new revision.
"""

from __future__ import annotations

from sqlalchemy import Connection
from sqlalchemy.schema import SetColumnComment, SetTableComment

from registry.models import all_tables


def write_comments(connection: Connection) -> None:
    """Sets the comments of all tables that the models map."""
    for table in all_tables().sorted_tables:
        connection.execute(SetTableComment(table))
        for column in table.columns:
            if column.comment:
                connection.execute(SetColumnComment(column))
