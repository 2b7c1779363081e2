"""What an import came to, in one line."""

from __future__ import annotations

from registry.records.problems import WriteResult


def summary_of(result: WriteResult) -> str:
    """The tables that an import changed, in numbers of rows."""
    return ", ".join(
        f"{name}: {counts.inserted} inserted, {counts.updated} updated"
        for name, counts in result.tables.items()
        if counts.inserted + counts.updated
    )
