"""`registry centre`: the treating centres."""

from __future__ import annotations

from typing import Annotated

import typer

from registry.cli.frame.context import ReasonOption, UserOption, opened, reading, run_of
from registry.cli.frame.output import Format, FormatOption, print_json, print_rows
from registry.errors import WrongUsage
from registry.words import tr

app = typer.Typer(no_args_is_help=True, help="The treating centres.")
COLUMNS = ("code", "name", "age_of_majority", "study_id_pattern", "patients")


@app.command("list")
def list_command(context: typer.Context, form: FormatOption = Format.TABLE) -> None:
    """List the centres with the age from which their patients give their own consent.

    Example: registry centre list
    """
    from registry.entry.centres import list_centres

    with reading(context) as connection:
        print_rows(list_centres(connection), form, COLUMNS)


@app.command("amend")
def amend_command(
    context: typer.Context,
    code: Annotated[str, typer.Argument(metavar="CENTRE", help="Its code.")],
    name: Annotated[
        str | None, typer.Option("--name", metavar="TEXT", help="Its full name; none = not told.")
    ] = None,
    age_of_majority: Annotated[
        str | None,
        typer.Option(
            "--age-of-majority",
            metavar="YEARS",
            help="Age from which its patients give their own consent.",
        ),
    ] = None,
    study_id_pattern: Annotated[
        str | None,
        typer.Option(
            "--study-id-pattern",
            metavar="FORM",
            help="Form of its study ids, as BCH-####-*: # a digit, * a check sign; none = any.",
        ),
    ] = None,
    reason: ReasonOption = None,
    user: UserOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Change what is told of a centre.

    Example: registry centre amend BCH --age-of-majority 16 --reason 'law of the country'
    """
    given = {
        "name": name,
        "age_of_majority": age_of_majority,
        "study_id_pattern": study_id_pattern,
    }
    told = {column: written for column, written in given.items() if written is not None}
    if not told:
        raise WrongUsage(tr("Nothing is told of the centre: give at least one option."))
    if not (reason and reason.strip()):
        raise WrongUsage(tr("What is told of a centre is changed only with a --reason."))
    from registry.entry.centres import amend_centre

    settings = run_of(context).settings(user)
    with opened(settings) as database, database.engine.begin() as connection:
        row = amend_centre(connection, code, told, user=settings.user, reason=reason)
    if form is Format.JSON:
        print_json(row)
    else:
        print_rows([row], form, COLUMNS)
