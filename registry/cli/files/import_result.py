"""What an import would do, or has done: counts, changed cells with old and new value, states."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import typer

from registry.cli.frame.context import remark_more
from registry.cli.frame.output import Format, print_json, print_rows
from registry.words import tr

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from registry.derivation.run import Transition
    from registry.records.rows import Change, WriteResult

# More than a screen helps nobody; JSON, and of the changes CSV, have them all.
SHOWN = 40
CHANGE_COLUMNS = ("table", "patient_id", "record", "column", "old", "new")
PLACE_COLUMNS = ("file", "line")
STATE_COLUMNS = ("definition", "patient_id", "from", "to", "on")


def changes_kept(form: Format) -> int | None:
    """How many changed cells the output has room for; None for all."""
    return SHOWN if form is Format.TABLE else None


def take_back(connection: Connection, result: WriteResult) -> list[Transition]:
    """Rolls the import of this transaction back; the states that it would have turned."""
    from registry.derivation.preview import changes, states
    from registry.records.write import touched_patients

    touched = touched_patients(connection, result.tables)
    after = states(connection, touched)
    connection.rollback()
    return changes(states(connection, touched), after)


def print_result(
    result: WriteResult, turned: Sequence[Transition] | None, form: Format, *, dry_run: bool
) -> None:
    """The result on standard output; `turned` is None where states were not looked at."""
    counts: list[dict[str, Any]] = [
        {"table": name, **vars(numbers)} for name, numbers in result.tables.items()
    ]
    states = None if turned is None else [transition.to_json() for transition in turned]
    if form is Format.JSON:
        print_json(result.to_json() | {"status_changes": states})
    elif form is Format.CSV and dry_run:
        rows = [_row(change) for change in result.changes]
        print_rows(rows, form, (*PLACE_COLUMNS, *CHANGE_COLUMNS))
    else:
        if result.errors and form is Format.TABLE:
            typer.echo(tr("Nothing was imported. What the rows would have been:") + "\n")
        print_rows(counts, form)
    if form is not Format.TABLE:
        return
    if result.changes:
        _print_some(
            tr("Values changed") if result.committed else tr("Values that would change"),
            [_row(change) for change in result.changes],
            CHANGE_COLUMNS,
            result.number_of_changes,
        )
    if states:
        # Who turns is of more interest than who comes.
        states.sort(key=lambda state: state["from"] is None)
        _print_some(tr("States that would change"), states, STATE_COLUMNS, len(states))


def _row(change: Change) -> dict[str, Any]:
    record = " ".join(value for value in change.key.values() if value is not None)
    return {**change._asdict(), "record": record}


def _print_some(
    heading: str, rows: list[dict[str, Any]], columns: Sequence[str], number: int
) -> None:
    typer.echo(f"\n{heading}: {number}\n")
    print_rows(rows[:SHOWN], Format.TABLE, columns)
    remark_more(number, SHOWN)
