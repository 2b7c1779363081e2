"""Keeps who imported what, when and why."""

from __future__ import annotations

from sqlalchemy import Connection, text

from registry.records.problems import WriteResult


def record_import(
    connection: Connection, result: WriteResult, user: str, reason: str | None
) -> None:
    """Writes one row about an import that changed something."""
    changed = {
        name: counts for name, counts in result.tables.items() if counts.inserted + counts.updated
    }
    if not changed:
        return
    summary = ", ".join(
        f"{name}: {counts.inserted} inserted, {counts.updated} updated"
        for name, counts in changed.items()
    )
    connection.execute(
        text(
            "insert into reference.change_set (made_by, command, reason, summary) "
            "values (:user, 'import', :reason, :summary)"
        ),
        {"user": user, "reason": reason, "summary": summary},
    )
