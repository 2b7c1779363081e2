"""What stands in a database: its server and the size of its tables."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, text


def server_version(connection: Connection) -> str:
    """The server's version, as it names itself."""
    return str(connection.execute(text("show server_version")).scalar_one())


def table_sizes(connection: Connection) -> list[dict[str, Any]]:
    """Rows of every clinical table, counted."""
    names = connection.execute(
        text(
            "select table_name from information_schema.tables "
            "where table_schema = 'clinical' order by 1"
        )
    ).scalars()
    return [
        {
            "table": name,
            "rows": connection.execute(text(f"select count(*) from clinical.{name}")).scalar_one(),
        }
        for name in names.all()
    ]
