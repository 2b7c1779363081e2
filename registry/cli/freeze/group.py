"""`registry freeze`: data kept as they stood at a moment, so that results can be had again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from registry.cli.frame.completion import FreezeArgument
from registry.cli.frame.context import opened, reading, remark, require_reason, run_of
from registry.cli.frame.options import ReasonOption, UserOption
from registry.cli.frame.output import Format, FormatOption, print_json, print_rows, steps_shown
from registry.cli.frame.past import moment_of
from registry.cli.frame.signatures import argument, option
from registry.cli.freeze.diff import diff_command
from registry.cli.freeze.impact import impact_command
from registry.words import tr

if TYPE_CHECKING:
    from registry.freezes.store import Stored

app = typer.Typer(
    no_args_is_help=True,
    help="Data kept as they stood at a moment, with the same views: read them with --freeze NAME.",
)
COLUMNS = ("name", "as_of", "rows", "sha256", "made_by", "reason", "state")


@app.command("create")
def create_command(
    context: typer.Context,
    name: Annotated[str, argument("NAME", "Its name: small letters, digits and _.")],
    as_of: Annotated[
        str | None,
        option(
            "--as-of",
            "MOMENT",
            "As the registry stood then, from the audit: a moment, or the end of a day.",
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
    with opened(settings) as database, steps_shown():
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
    context: typer.Context, name: FreezeArgument, form: FormatOption = Format.TABLE
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
    name: FreezeArgument,
    reason: ReasonOption = None,
    user: UserOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Take a freeze's data away; its name, moment, hash and the reason stay.

    Example: registry freeze drop paper_2026 --reason "published, and to be had from the audit"
    """
    from registry.freezes import store

    reason = require_reason(reason, tr("A freeze is dropped only for a reason."))
    settings = run_of(context).settings(user)
    with opened(settings) as database:
        dropped = store.drop(database.engine, name, user=settings.user, reason=reason)
    if form is Format.TABLE:
        remark("The freeze {name} is dropped; what is known of it stays.", name=name)
    else:
        _show(dropped, form)


app.command("diff")(diff_command)
app.command("impact")(impact_command)


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
