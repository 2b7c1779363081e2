"""`registry history`: what was changed."""

from __future__ import annotations

from typing import Any

import typer

from registry.cli.frame.completion import PatientArgument
from registry.cli.frame.context import opened, run_of
from registry.cli.frame.output import Format, FormatOption, print_rows
from registry.cli.records.asking_record import patient_or_asked


def history_command(
    context: typer.Context,
    patient: PatientArgument = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """List every change of a patient's records: when, who, why, from what to what.

    On a screen the steps of the patient's queries stand below.

    Example: registry history P023
    """
    from registry.entry.history import entered, history
    from registry.records.queries import steps_of

    with (
        opened(run_of(context).settings()) as database,
        database.engine.connect() as connection,
    ):
        study_id = patient_or_asked(database, patient)
        changes = history(connection, study_id)
        cells = {} if form is Format.JSON else entered(connection, changes)
        steps = steps_of(connection, study_id) if form is Format.TABLE else []
    if form is Format.JSON:
        print_rows(changes, form)
        return
    print_rows([_row(change, cells[change["audit_id"]]) for change in changes], form)
    if steps:
        typer.echo()
        print_rows([step.to_row() for step in steps], form)


def _row(change: dict[str, Any], cells: dict[str, tuple[str | None, str | None]]) -> dict[str, Any]:
    """A change as people read it: what it was about in one cell."""
    if change["operation"] == "update":
        said = [f"{name} {old or '-'} -> {new or '-'}" for name, (old, new) in cells.items()]
    else:
        said = [f"{name} {new or old}" for name, (old, new) in cells.items()]
    return {
        "change": change["audit_id"],
        "when": f"{change['changed_at']:%Y-%m-%d %H:%M}",
        "who": change["changed_by"],
        "command": change["command"],
        "table": change["table_name"],
        "did": change["operation"],
        "reason": change["reason"],
        # Last, for it may be long.
        "what": ", ".join(said),
    }
