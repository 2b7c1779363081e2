"""`registry definition`: the sets of parameters that the rules are held to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from registry.cli.frame.completion import complete_definition
from registry.cli.frame.context import changing, opened, reading, remark, require_reason, run_of
from registry.cli.frame.options import ReasonOption, UserOption
from registry.cli.frame.output import Format, FormatOption, print_json, print_rows
from registry.cli.frame.signatures import argument, flag, option
from registry.words import spoken, tr

if TYPE_CHECKING:
    from collections.abc import Mapping

app = typer.Typer(help="List, show and add definitions of response and its loss.")


@app.command("list")
def list_command(context: typer.Context, form: FormatOption = Format.TABLE) -> None:
    """List the definitions.

    Example: registry definition list
    """
    from registry.definitions.store import list_definitions

    with reading(context) as connection:
        rows = list_definitions(connection)
    print_rows(rows, form)


@app.command("show")
def show_command(
    context: typer.Context,
    name: Annotated[str, argument("NAME", "A definition.", autocompletion=complete_definition)],
    form: FormatOption = Format.TABLE,
) -> None:
    """Show every parameter of a definition.

    Example: registry definition show recommended
    """
    from registry.definitions.store import get_definition

    with reading(context) as connection:
        definition = get_definition(connection, name)
    _print(definition, form)


@app.command("default")
def default_command(
    context: typer.Context,
    name: Annotated[
        str | None,
        argument(
            "NAME", "The definition to hold to from now on.", autocompletion=complete_definition
        ),
    ] = None,
    reason: ReasonOption = None,
    user: UserOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Show or set the registry's default, which every command without --definition holds to.

    Without a reason the command itself stands in its place.

    Example: registry definition default recommended --reason "the study is closed"
    """
    from registry.definitions.store import set_default_definition
    from registry.records.registry_setting import default_definition

    with changing(context, user) as (connection, person):
        if name is not None:
            why = (reason or "").strip() or f"definition default {name}"
            set_default_definition(connection, name, user=person, reason=why)
        default = default_definition(connection)
    if form is Format.JSON:
        print_json({"default": default})
    elif form is Format.CSV:
        print_rows([{"default": default}], form)
    else:
        typer.echo(default)


@app.command("add")
def add_command(
    context: typer.Context,
    name: Annotated[str, argument("NAME", "Name of the new definition.")],
    base: Annotated[
        str,
        option(
            "--from", "NAME", "The definition to start from.", autocompletion=complete_definition
        ),
    ],
    changes: Annotated[
        list[str] | None, option("--set", "KEY=VALUE", "A parameter to change; may be repeated.")
    ] = None,
    description: Annotated[str | None, option("--description", "TEXT", "What it is for.")] = None,
    replace: Annotated[
        bool, flag("--replace", "Change a definition that is there, for everyone.")
    ] = False,
    reason: ReasonOption = None,
    user: UserOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Add a definition; every view then has its rows as well.

    Example: registry definition add strict --from paper --set lor_above=10
    """
    if replace:
        require_reason(reason, tr("--replace changes a definition, so it needs a --reason."))
    from registry.definitions.store import add_definition, summary_of
    from registry.derivation.status import bring_up_to_date
    from registry.records.change import declare_change, summarise_change

    settings = run_of(context).settings(user)
    with opened(settings) as database:
        with database.engine.begin() as connection:
            declare_change(connection, user=settings.user, command="definition add", reason=reason)
            definition = add_definition(
                connection, name, base, changes or [], description=description, replace=replace
            )
            summarise_change(connection, summary_of(definition))
        result = bring_up_to_date(database.engine, user=settings.user)
    _print(definition, form)
    if result is not None:
        remark("Derived for {examined:patient|patients}.", examined=result.examined)


def _print(definition: Mapping[str, Any], form: Format) -> None:
    if form is Format.JSON:
        print_json(dict(definition))
        return
    from registry.models.definition import Definition

    declared = Definition.parameters()
    rows = [
        {
            "parameter": key,
            "value": tr("none") if value is None else value,
            "unit": declared[key].unit,
            "meaning": spoken(declared[key].label),
            "origin": spoken(declared[key].meaning),
        }
        for key, value in ((key, definition[key]) for key in declared)
    ]
    if form is Format.TABLE:
        typer.echo(
            tr("{name}, version {version}", name=definition["name"], version=definition["version"])
        )
        typer.echo(f"{spoken(definition['description'])}\n{definition['hash']}\n")
    print_rows(rows, form)
