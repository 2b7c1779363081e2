"""`registry undo`: a change, all of a command, or all since a moment, taken back as one change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from registry.cli.frame.completion import complete_patient, complete_table
from registry.cli.frame.context import opened, remark, remark_more, require_reason, run_of, warn
from registry.cli.frame.options import ReasonOption, UserOption
from registry.cli.frame.output import Format, FormatOption, print_json, print_rows
from registry.cli.frame.past import moment_of
from registry.cli.frame.signatures import argument, flag, option
from registry.clinical_tables import CLINICAL_TABLES
from registry.errors import WrongUsage, there_are
from registry.words import tr

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from registry.entry.answers.consequences import Consequence
    from registry.entry.undo import Selection

# More than a screen helps nobody; JSON and CSV have them all.
SHOWN = 40
COLUMNS = ("table", "patient_id", "record", "operation", "what")


def undo_command(
    context: typer.Context,
    number: Annotated[int | None, argument("CHANGE", "A number of registry history.")] = None,
    command: Annotated[bool, flag("--command", "All that the command of this change did.")] = False,
    since: Annotated[
        str | None, option("--since", "MOMENT", "All since a moment, or since a day began.")
    ] = None,
    table: Annotated[
        list[str] | None,
        option(
            "--table",
            "TABLE",
            "Of all since: this table's alone; may be repeated.",
            autocompletion=complete_table,
        ),
    ] = None,
    patient: Annotated[
        list[str] | None,
        option(
            "--patient",
            "PATIENT",
            "Of all since: this child's alone; may be repeated.",
            autocompletion=complete_patient,
        ),
    ] = None,
    by: Annotated[str | None, option("--by", "NAME", "Of all since: this person's alone.")] = None,
    dry_run: Annotated[bool, flag("--dry-run", "Show what would change; change nothing.")] = False,
    reason: ReasonOption = None,
    user: UserOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Take a change back: bring back what was voided, give an amended record its old values.

    With --command all that the same command did is taken back, as a whole import; with --since
    whatever was entered, amended or taken out since a moment. It is one new change, which can be
    undone too. All or nothing: refused where a record has been changed since by others than these,
    which are named. With --since, whoever was erased or withdrew is left out.

    Example: registry undo 4711 --reason "voided by mistake"
    """
    if (number is None) == (since is None):
        raise WrongUsage(
            tr("What is to be undone?"),
            cure=tr("Give the number of a change (registry history PATIENT), or --since MOMENT."),
        )
    if since is not None and command:
        raise WrongUsage(tr("--command belongs to the number of a change."))
    if since is None and (table or patient or by):
        raise WrongUsage(tr("--table, --patient and --by choose among all changes --since MOMENT."))
    if not dry_run:
        require_reason(reason, tr("A record is changed or taken out only for a reason."))
    moment = moment_of(since, day_begins=True)
    tables = [_table(name) for name in table or ()]
    from registry.database.frozen import OWN
    from registry.database.roles import MANAGER_ROLE, OWNER_ROLE, needs
    from registry.entry.undo import selected, selected_since, undo
    from registry.records.change import change_number, declare_change, summarise_change

    settings = run_of(context).settings(user)
    with opened(settings) as database, database.engine.connect() as connection:
        declare_change(connection, user=settings.user, command="undo", reason=reason or "a dry run")
        if number is not None:
            chosen = selected(connection, number, command=command)
        else:
            assert moment is not None
            chosen = selected_since(
                connection, moment, tables=tables, patients=patient or (), made_by=by
            )
        looks_on = since is not None or dry_run
        before = _statuses(connection, chosen) if looks_on else {}
        undone = undo(connection, chosen)
        document: dict[str, Any] = {}
        followed: list[Consequence] = []
        if looks_on:
            from registry.entry.answers.consequences import differences
            from registry.entry.history import done_by

            change = change_number(connection)
            followed = differences(before, _statuses(connection, chosen))
            document = {
                "since": moment,
                "dry_run": dry_run,
                "changes": len(undone),
                "records": done_by(connection, change) if change is not None else [],
                "status_changes": [one.to_json() for one in followed],
                "left_out": {"withdrawn": chosen.left_out, "erased": chosen.erased},
            }
        if dry_run:
            connection.rollback()
        else:
            summarise_change(connection, _summary(len(undone), since, tables, patient, by))
            connection.commit()
    if not looks_on:
        print_rows(undone[:SHOWN] if form is Format.TABLE else undone, form)
    else:
        _print(document, followed, form)
    if dry_run:
        remark("A dry run: nothing was written.")
    else:
        remark("Changes undone: {number}.", number=len(undone))
    if chosen.of_others:
        remark("The rest of what the command did is of other centres, and stays as it is.")
        warn(needs([MANAGER_ROLE, OWNER_ROLE]))
    elif since is not None and database.own_rights is OWN:
        remark("What was done since at other centres is not this login's to undo.")


def _table(name: str) -> str:
    """The clinical table of a name: the table's, its file's or its commands'."""
    for one in CLINICAL_TABLES:
        if name in (one.name, one.file, one.command):
            return one.name
    raise WrongUsage(
        tr("There is no table {name}.", name=name),
        cure=there_are(one.file for one in CLINICAL_TABLES),
    )


def _statuses(connection: Connection, chosen: Selection) -> Any:
    from registry.entry.answers.consequences import status_of

    return status_of(connection, chosen.patients)


def _summary(
    number: int, since: str | None, tables: list[str], patients: list[str] | None, by: str | None
) -> str:
    """What the change set keeps of it."""
    said = f"changes undone: {number}"
    if since is not None:
        said += f", since {since}"
        said += "".join(f", --table {name}" for name in tables)
        said += "".join(f", --patient {name}" for name in patients or ())
        said += f", --by {by}" if by else ""
    return said


def _print(document: dict[str, Any], followed: list[Consequence], form: Format) -> None:
    if form is Format.JSON:
        print_json(document)
        return
    records = document["records"]
    rows = [_row(record) for record in records]
    print_rows(rows[:SHOWN] if form is Format.TABLE else rows, form, COLUMNS)
    if form is Format.TABLE:
        remark_more(len(rows), SHOWN)
        for consequence in followed:
            typer.echo(f"  {consequence.study_id}: {consequence.text}")
    spared = document["left_out"]
    if spared["withdrawn"]:
        remark(
            "Left out, for want of consent: {patients}. Undo a single change of theirs by its "
            "number.",
            patients=", ".join(spared["withdrawn"]),
        )
    if spared["erased"]:
        remark("Left out: {number:erased child|erased children}.", number=spared["erased"])


def _row(record: dict[str, Any]) -> dict[str, Any]:
    """A record as people read it: its columns in one cell."""
    old, new = record["old"], record["new"]
    if old is None or new is None:
        what = [f"{name} {value}" for name, value in (new or old).items()]
    else:
        what = [f"{name} {old[name] or '-'} -> {new[name] or '-'}" for name in new]
    return {**record, "what": ", ".join(what)}
