"""`registry freeze`: data kept as they stood at a moment, so that results can be had again."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated, Any

import typer

from registry.cli.frame.completion import complete_freeze
from registry.cli.frame.context import (
    DefinitionOption,
    ReasonOption,
    UserOption,
    opened,
    reading,
    run_of,
    warn,
)
from registry.cli.frame.output import Format, FormatOption, print_json, print_rows
from registry.cli.frame.past import moment_of
from registry.errors import WrongUsage
from registry.words import spoken, tr

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from registry.freezes.store import Stored

app = typer.Typer(
    no_args_is_help=True,
    help="Data kept as they stood at a moment, with the same views: read them with --freeze NAME.",
)
COLUMNS = ("name", "as_of", "rows", "sha256", "made_by", "reason", "state")

NameArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="A freeze.", autocompletion=complete_freeze)
]


@app.command("create")
def create_command(
    context: typer.Context,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Its name: small letters, digits and _.")
    ],
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of",
            metavar="MOMENT",
            help="As the registry stood then, from the audit: a moment, or the end of a day.",
        ),
    ] = None,
    reason: ReasonOption = None,
    user: UserOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Keep the data as they are, or as they stood at a moment, under a name.

    Example: registry freeze create paper_2026 --reason "the data of the manuscript"
    """
    from registry.freezes import store

    moment = moment_of(as_of)
    settings = run_of(context).settings(user)
    with opened(settings) as database:
        made = store.create(database.engine, name, as_of=moment, user=settings.user, reason=reason)
    _show(made, form)


@app.command("list")
def list_command(context: typer.Context, form: FormatOption = Format.TABLE) -> None:
    """List the freezes by their moments, with those that were dropped.

    Example: registry freeze list
    """
    from registry.freezes import store

    with reading(context) as connection:
        found = store.freezes(connection)
    if form is Format.JSON:
        print_json([one.to_json() for one in found])
    else:
        print_rows([_row(one) for one in found], form, COLUMNS)


@app.command("show")
def show_command(
    context: typer.Context, name: NameArgument, form: FormatOption = Format.TABLE
) -> None:
    """Show what a freeze holds, and by whom and why it was made.

    Example: registry freeze show paper_2026
    """
    from registry.freezes import store

    with reading(context) as connection:
        found = store.get(connection, name)
    _show(found, form)


@app.command("drop")
def drop_command(
    context: typer.Context,
    name: NameArgument,
    reason: ReasonOption = None,
    user: UserOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Take a freeze's data away; its name, moment, hash and the reason stay.

    Example: registry freeze drop paper_2026 --reason "published, and to be had from the audit"
    """
    from registry.freezes import store

    if not (reason and reason.strip()):
        raise WrongUsage(
            tr("A freeze is dropped only for a reason."), cure=tr('Add --reason "why".')
        )
    settings = run_of(context).settings(user)
    with opened(settings) as database:
        dropped = store.drop(database.engine, name, user=settings.user, reason=reason)
    if form is Format.TABLE:
        warn(tr("The freeze {name} is dropped; what is known of it stays.", name=name))
    else:
        _show(dropped, form)


@app.command("diff")
def diff_command(
    context: typer.Context,
    a: Annotated[
        str, typer.Argument(metavar="A", help="A freeze.", autocompletion=complete_freeze)
    ],
    b: Annotated[str, typer.Argument(metavar="B", help="Another.", autocompletion=complete_freeze)],
    definition: DefinitionOption = None,
    analysis: Annotated[
        str | None,
        typer.Option("--analysis", metavar="NAME", help="Also which numbers of it moved, e.g. km."),
    ] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Tell whose status differs between two freezes, and why, with the rows that did it.

    New data, corrections, erased children, changed definitions, changed rules, changed reference
    data or a later day: the first that applies is the cause, the others stand beside it.

    Example: registry freeze diff paper_2025 paper_2026 --analysis km
    """
    from registry.cli.analyse.analyses import BY_NAME
    from registry.freezes import store
    from registry.freezes.difference import CAUSES, difference, moved
    from registry.records.registry_setting import definition_or_default

    if analysis is not None and analysis not in BY_NAME:
        raise WrongUsage(
            tr("There is no analysis {name}.", name=analysis),
            cure=tr("There are: {names}.", names=", ".join(BY_NAME)),
        )
    settings = run_of(context).settings()
    with opened(settings) as database, ExitStack() as stack:
        freezes, told = [], []
        for name in (a, b):
            over = stack.enter_context(store.opened(database, name, user=settings.user))
            assert over.frozen is not None
            freezes.append(over.frozen)
            with over.engine.connect() as connection:
                definition = definition_or_default(connection, definition)
                if analysis is not None:
                    told.append(_reported(analysis, connection, definition))
        with database.engine.connect() as connection:
            found = difference(connection, freezes[0], freezes[1], str(definition))
    numbers = moved(told[0], told[1]) if told else []
    if form is Format.JSON:
        print_json(found.to_json() | ({} if analysis is None else {"numbers": numbers}))
        return
    rows = [
        {
            "patient_id": one.patient_id,
            "cause": spoken(CAUSES[one.cause]),
            "before": one.before and one.before["state"],
            "after": one.after and one.after["state"],
            "rows": "; ".join(f"{row['operation']} {row['table']}" for row in one.rows),
        }
        for one in found.patients
    ]
    if form is Format.CSV:
        print_rows(rows, form, ("patient_id", "cause", "before", "after", "rows"))
        return
    for cause, number in found.causes.items():
        if number:
            typer.echo(f"{number:>6}  {spoken(CAUSES[cause])}")
    if not rows:
        typer.echo(tr("No status differs."))
    else:
        print_rows(rows, form, ("patient_id", "cause", "before", "after", "rows"))
    if numbers:
        print_rows(numbers, form, ("value", "a", "b"))


def _reported(analysis: str, connection: Connection, definition: str) -> dict[str, Any] | str:
    from registry.cli.analyse.analyses import BY_NAME
    from registry.cli.analyse.data import Data

    return BY_NAME[analysis].reported(Data(lambda: (connection, definition)))


def _row(one: Stored) -> dict[str, Any]:
    document = one.to_json()
    return document | {
        "rows": sum(document["tables"].values()),
        "state": tr("dropped") if one.dropped else "",
    }


def _show(one: Stored, form: Format) -> None:
    document = one.to_json()
    if form is Format.JSON:
        print_json(document)
        return
    tables = [
        {"table": name, "rows": rows, "sha256": document["hashes"][name]}
        for name, rows in document["tables"].items()
    ]
    if form is Format.TABLE:
        typer.echo(one.frozen.told())
        typer.echo(
            tr(
                "made {moment} by {person}: {reason}",
                moment=one.made_at.isoformat(timespec="seconds"),
                person=one.made_by,
                reason=one.reason or tr("no reason given"),
            )
        )
        if one.frozen.note:
            typer.echo(one.frozen.note)
        if one.dropped:
            typer.echo(
                tr(
                    "dropped by {person}: {reason}",
                    person=one.dropped_by,
                    reason=one.dropped_reason,
                )
            )
    print_rows(tables, form, ("table", "rows", "sha256"))
