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


# What is told of them.
MADE_AND_DROPPED = """made.made_at, made.made_by, made.reason,
    gone.made_at as dropped_at, gone.made_by as dropped_by, gone.reason as dropped_reason"""


def made_and_dropped(table: str, alias: str) -> str:
    """SQL of who made a row of a `reference` table whose key is its name, and who dropped it.

    `made` and `gone`, each a change set, joined to the row of that alias.
    """

    def one(as_name: str, operation: str, order: str) -> str:
        return f"""
left join lateral (
    select c.* from audit.reference_change a join reference.change_set c using (change_id)
    where a.table_name = '{table}' and a.key ->> 'name' = {alias}.name and {operation}
    order by a.audit_id {order} limit 1
) {as_name} on true"""

    dropping = (
        f"{alias}.dropped and not (a.old_values ->> 'dropped')::boolean "
        "and (a.new_values ->> 'dropped')::boolean"
    )
    return one("made", "a.operation = 'insert'", "asc") + one("gone", dropping, "desc")


_CHANGE = "nullif(current_setting('registry.change', true), '')::bigint"


def change_number(connection: Connection) -> int | None:
    """Number of this transaction's change set; None as long as it has changed nothing."""
    number: int | None = connection.execute(text(f"select {_CHANGE}")).scalar_one()
    return number


def summarise_change(connection: Connection, summary: str) -> bool:
    """Says at the end of a transaction that changed something what it came to; whether it did."""
    said = connection.execute(
        text(f"select audit.summarise_change(:summary) where {_CHANGE} is not null"),
        {"summary": summary},
    )
    return said.one_or_none() is not None
