"""`registry history` and `registry undo`: what was changed, and back again."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from registry.cli.frame.completion import PatientArgument
from registry.cli.frame.context import ReasonOption, UserOption, opened, run_of, warn
from registry.cli.frame.output import Format, FormatOption, print_rows
from registry.cli.records.asking_record import patient_or_asked
from registry.errors import WrongUsage
from registry.words import tr

# More than a screen helps nobody; JSON and CSV have them all.
SHOWN = 40
CHANGE_OPTION = typer.Option("--command", help="All that the command of this change did.")


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


def undo_command(
    context: typer.Context,
    number: Annotated[
        int, typer.Argument(metavar="CHANGE", help="A change's number in registry history.")
    ],
    command: Annotated[bool, CHANGE_OPTION] = False,
    reason: ReasonOption = None,
    user: UserOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Take a change back: bring back what was voided, give an amended record its old values.

    With --command all that the same command did is taken back, as a whole import. Refused where a
    record has been changed since.

    Example: registry undo 4711 --reason "voided by mistake"
    """
    if not (reason and reason.strip()):
        raise WrongUsage(
            tr("A record is changed or taken out only for a reason."),
            cure=tr('Add --reason "why".'),
        )
    from registry.entry.history import undo, undo_all
    from registry.records.change import declare_change, summarise_change

    settings = run_of(context).settings(user)
    with opened(settings) as database, database.engine.begin() as connection:
        declare_change(connection, user=settings.user, command="undo", reason=reason)
        undone = (undo_all if command else undo)(connection, number)
        summarise_change(connection, f"changes undone: {len(undone)}")
    print_rows(undone[:SHOWN] if form is Format.TABLE else undone, form)
    warn(tr("Changes undone: {number}.", number=len(undone)))


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
