"""What add, show, amend and void of an entity do, with the options that were given."""

from __future__ import annotations

from typing import Any

import typer

from registry.cli.demo.mark import hold_to_demo
from registry.cli.frame.context import hold_to_reason, opened, run_of, with_allowed
from registry.cli.frame.output import Format, print_rows
from registry.cli.records.options import (
    cells_of,
    hold_to_version,
    option_names,
    reason_of,
    said_changes,
    sought,
)
from registry.cli.records.prompts import may_ask
from registry.cli.records.told import print_told, told
from registry.entry.save import Draft, add, amend, void
from registry.errors import WrongUsage
from registry.models import table_of
from registry.records.change import declare_change, summarise_change
from registry.records.rows import PATIENT_COLUMN, Entity
from registry.words import tr

Given = dict[str, Any]


def add_record(context: typer.Context, group: str, entity: Entity, given: Given) -> None:
    """Enters a record; what is missing is asked for at a terminal."""
    cells = cells_of(entity, given)
    allow_id = given.get("allow_id", False)
    hold_to_reason(allow_id, given["reason"])
    settings = run_of(context).settings(given["user"])
    with opened(settings) as database:
        hold_to_demo(database, given["into_demo"], no_input=given["no_input"])
        # Who asks nobody loads no questions.
        if given.get("accept"):
            from registry.cli.records.asking import with_proposals

            cells = with_proposals(database, cells)
        if may_ask(given["no_input"]):
            from registry.cli.records.asking import ask_for_missing

            cells = ask_for_missing(database, entity, cells, allow_ids=allow_id)
        with database.engine.begin() as connection:
            declare_change(
                connection,
                user=settings.user,
                command=f"{group} add",
                reason=given["reason"],
            )
            answer = told(connection, entity, cells.get(PATIENT_COLUMN))
            stored = add(connection, [Draft(entity, cells)], allow_ids=allow_id)[0]
            answer.about(connection, stored)
            summary = f"{entity.file_name}: 1 inserted"
            is_new = summarise_change(connection, with_allowed(summary, allow_id))
    words = (
        tr("Stored: {record}", record=stored.name())
        if is_new
        else tr("{record} has these values already.", record=stored.name())
    )
    print_told(answer, given["form"], words)


def show_record(context: typer.Context, group: str, entity: Entity, given: Given) -> None:
    """Shows one record, what follows from it and its history."""
    from registry.cli.records.asking_record import ask_for_record
    from registry.entry.history import history

    with (
        opened(run_of(context).settings()) as database,
        database.engine.connect() as connection,
    ):
        ask_for_record(database, entity, given)
        stored = sought(database, entity, given)[0]
        answer = told(connection, entity, None)
        answer.about(connection, stored)
        changes = history(
            connection,
            stored.study_id,
            table=table_of(entity).name,
            record=stored.record,
        )
    if given["form"] is Format.TABLE:
        print_rows(
            [
                {"column": name, "value": cell}
                for name, cell in stored.cells.items()
                if cell is not None
            ],
            Format.TABLE,
        )
        numbers = {"record": stored.record, "version": stored.version}
        typer.echo("\n" + tr("record {record}, version {version}", **numbers) + "\n")
    print_told(answer, given["form"], None, history=changes)


def amend_record(context: typer.Context, group: str, entity: Entity, given: Given) -> None:
    """Gives one record other values."""
    from registry.cli.records.asking_record import ask_for_record

    settings = run_of(context).settings(given["user"])
    with opened(settings) as database:
        ask_for_record(database, entity, given, user=settings.user, values=True, why=True)
        stored, cells = sought(database, entity, given)
        if not cells:
            raise WrongUsage(
                tr("Nothing to amend."),
                cure=tr("Name the new values: {options}", options=option_names(entity)),
            )
        hold_to_version(stored, given["version"])
        reason = reason_of(given)
        with database.engine.begin() as connection:
            declare_change(connection, user=settings.user, command=f"{group} amend", reason=reason)
            answer = told(connection, entity, stored.study_id)
            amended = amend(connection, stored, cells)
            answer.about(connection, amended)
            summarise_change(connection, f"{entity.file_name}: 1 updated")
    print_told(answer, given["form"], said_changes(stored, amended))


def void_record(context: typer.Context, group: str, entity: Entity, given: Given) -> None:
    """Takes one record out."""
    from registry.cli.records.asking_record import ask_for_record

    settings = run_of(context).settings(given["user"])
    with opened(settings) as database:
        ask_for_record(database, entity, given, user=settings.user, why=True)
        stored = sought(database, entity, given)[0]
        hold_to_version(stored, given["version"])
        reason = reason_of(given)
        with database.engine.begin() as connection:
            declare_change(connection, user=settings.user, command=f"{group} void", reason=reason)
            answer = told(connection, entity, stored.study_id)
            number = void(connection, stored, with_records=given.get("with_records", False))
            answer.gone(connection, stored)
            summarise_change(connection, f"{entity.file_name}: {number} deleted")
    words = tr(
        "Taken out: {record}. The audit keeps it: registry history {patient}",
        record=stored.name(),
        patient=stored.study_id,
    )
    print_told(answer, given["form"], words)
