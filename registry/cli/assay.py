"""`registry assay`: what the laboratories tell of the assays of drug levels."""

from __future__ import annotations

from typing import Annotated

import typer

from registry.cli.frame.completion import complete_assay
from registry.cli.frame.context import changing, reading, remark, require_reason
from registry.cli.frame.options import ReasonOption, UserOption
from registry.cli.frame.output import Format, FormatOption, print_one, print_rows
from registry.cli.frame.signatures import argument, option, those_given
from registry.errors import WrongUsage
from registry.words import tr

app = typer.Typer(
    no_args_is_help=True,
    help="What the laboratories tell of their assays: antibodies are read by it.",
)
COLUMNS = ("name", "drug_tolerant", "ada_positive_from", "ada_high_from", "levels")


NameArgument = Annotated[
    str, argument("ASSAY", "Its name, as levels give it.", autocompletion=complete_assay)
]
TolerantOption = Annotated[
    str | None,
    option(
        "--drug-tolerant",
        "yes|no|none",
        "Whether it finds antibodies in the presence of drug; none = not known.",
    ),
]
PositiveOption = Annotated[
    str | None,
    option(
        "--ada-positive-from",
        "NUMBER",
        "Antibodies are positive from here on, in its own unit; none = not known.",
    ),
]
HighOption = Annotated[
    str | None,
    option(
        "--ada-high-from",
        "NUMBER",
        "Antibodies are high-titre from here on, in its own unit; none = not known.",
    ),
]


@app.command("list")
def list_command(context: typer.Context, form: FormatOption = Format.TABLE) -> None:
    """List the assays, also those that nobody has described yet, with their levels.

    Example: registry assay list
    """
    from registry.entry.assays import descriptions, list_assays

    with reading(context) as connection:
        rows = list_assays(connection)
    print_rows(rows, form, COLUMNS)
    bare = [row["name"] for row in rows if all(row[column] is None for column in descriptions())]
    if bare:
        remark(
            "Not described: {names}. Antibodies are read without a cut-off there; "
            "registry assay amend describes an assay.",
            names=", ".join(bare),
        )


@app.command("add")
def add_command(
    context: typer.Context,
    name: NameArgument,
    drug_tolerant: TolerantOption = None,
    ada_positive_from: PositiveOption = None,
    ada_high_from: HighOption = None,
    reason: ReasonOption = None,
    user: UserOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Add an assay; a level's new assay adds itself, so that this is for one still to come.

    Example: registry assay add HMSA --drug-tolerant yes --ada-positive-from 3.1
    """
    from registry.entry.assays import add_assay

    told = those_given(
        drug_tolerant=drug_tolerant,
        ada_positive_from=ada_positive_from,
        ada_high_from=ada_high_from,
    )
    with changing(context, user) as (connection, person):
        row = add_assay(connection, name, told, user=person, reason=reason)
    print_one(row, form, COLUMNS)


@app.command("amend")
def amend_command(
    context: typer.Context,
    name: NameArgument,
    drug_tolerant: TolerantOption = None,
    ada_positive_from: PositiveOption = None,
    ada_high_from: HighOption = None,
    reason: ReasonOption = None,
    user: UserOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Change what is told of an assay; the readings of its levels change with it.

    Example: registry assay amend ELISA --ada-positive-from 10 --reason 'letter of the laboratory'
    """
    told = those_given(
        drug_tolerant=drug_tolerant,
        ada_positive_from=ada_positive_from,
        ada_high_from=ada_high_from,
    )
    if not told:
        raise WrongUsage(tr("Nothing is told of the assay: give at least one option."))
    reason = require_reason(reason, tr("What is told of an assay is changed only with a --reason."))
    from registry.entry.assays import amend_assay

    with changing(context, user) as (connection, person):
        row = amend_assay(connection, name, told, user=person, reason=reason)
    print_one(row, form, COLUMNS)
