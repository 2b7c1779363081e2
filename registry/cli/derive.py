"""`registry derive`: brings the status of patients up to date."""

from __future__ import annotations

from typing import Annotated

import typer

from registry.cli.frame.completion import complete_definition
from registry.cli.frame.context import opened, remark, run_of
from registry.cli.frame.options import UserOption
from registry.cli.frame.output import Format, FormatOption, print_json, print_rows, steps_shown
from registry.cli.frame.signatures import flag, option
from registry.words import tr

TRANSITIONS_SHOWN = 40


def derive_command(
    context: typer.Context,
    definition: Annotated[
        str | None,
        option(
            "--definition",
            "NAME",
            "Only this definition, not all.",
            autocompletion=complete_definition,
        ),
    ] = None,
    full: Annotated[bool, flag("--full", "Every patient, not only changed.")] = False,
    dry_run: Annotated[bool, flag("--dry-run", "Show the transitions, store nothing.")] = False,
    user: UserOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Derive the status of changed patients, or of all.

    Example: registry derive --dry-run
    """
    from registry.derivation.run import derive

    settings = run_of(context).settings(user)
    with opened(settings) as database, steps_shown():
        result = derive(
            database.engine,
            user=settings.user,
            definition=definition,
            full=full,
            dry_run=dry_run,
        )
    if form is Format.JSON:
        print_json(result.to_json())
        return
    rows = [transition.to_json() for transition in result.transitions]
    columns = ["definition", "patient_id", "from", "to", "on"]
    if form is Format.CSV:
        print_rows(rows, form, columns)
    elif rows:
        print_rows(rows[:TRANSITIONS_SHOWN], form, columns)
        if len(rows) > TRANSITIONS_SHOWN:
            remark(
                "... and {number:more transition|more transitions}",
                number=len(rows) - TRANSITIONS_SHOWN,
            )
    run = tr("A dry run") if result.run_id is None else tr("Run {number}", number=result.run_id)
    remark(
        "{run} of {definitions}: {examined:patient|patients} examined, "
        "{changed:status|statuses} changed, {number:transition|transitions}.",
        run=run,
        definitions=", ".join(result.definitions),
        examined=result.examined,
        changed=result.changed,
        number=len(rows),
    )
