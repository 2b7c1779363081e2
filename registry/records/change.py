"""Who changes records and why: what the audit's rows of a transaction hang on."""

from __future__ import annotations

from sqlalchemy import Connection, text

from registry import __version__


def declare_change(connection: Connection, *, user: str, command: str, reason: str | None) -> None:
    """Says for this transaction who works, by which command and why.

    The database keeps it with the first record that is written, and refuses to change or take out
    a record in a transaction without a reason.
    """
    connection.execute(
        text(
            "select set_config('registry.user', :user, true), "
            "set_config('registry.command', :command, true), "
            "set_config('registry.reason', :reason, true), "
            "set_config('registry.version', :version, true)"
        ),
        {"user": user, "command": command, "reason": reason or "", "version": __version__},
    )


def change_number(connection: Connection) -> int | None:
    """Number of this transaction's change set; None as long as it has changed nothing."""
    number: int | None = connection.execute(
        text("select nullif(current_setting('registry.change', true), '')::bigint")
    ).scalar_one()
    return number


def summarise_change(connection: Connection, summary: str) -> None:
    """Says at the end of a transaction that changed something what it came to."""
    if change_number(connection) is not None:
        connection.execute(text("select audit.summarise_change(:summary)"), {"summary": summary})
