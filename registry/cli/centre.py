"""`registry centre`: the treating centres."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from registry.cli.frame.context import changing, reading, remark, require_reason
from registry.cli.frame.disclosure import DisclosureOption, audience_of
from registry.cli.frame.options import (
    DefinitionOption,
    FigureOption,
    ForceOption,
    ReasonOption,
    UserOption,
)
from registry.cli.frame.output import Format, FormatOption, print_json, print_one, print_rows
from registry.cli.frame.past import read_at
from registry.cli.frame.signatures import argument, option, those_given
from registry.disclosure.audience import Audience, Limits
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


CodeArgument = Annotated[str, argument("CENTRE", "Its code.")]
NameOption = Annotated[str | None, option("--name", "TEXT", "Its full name; none = not told.")]
AgeOption = Annotated[
    str | None,
    option("--age-of-majority", "YEARS", "Age from which its patients give their own consent."),
]
PatternOption = Annotated[
    str | None,
    option(
        "--study-id-pattern",
        "FORM",
        "Form of its study ids, as BCH-####-*: # a digit, * a check sign; none = any.",
    ),
]


@app.command("add")
def add_command(
    context: typer.Context,
    code: CodeArgument,
    name: NameOption = None,
    age_of_majority: AgeOption = None,
    study_id_pattern: PatternOption = None,
    reason: ReasonOption = None,
    user: UserOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Add a centre before its first child does, so that logins and study ids can be of it.

    Example: registry centre add NEW --name 'New centre' --reason 'takes part from 2027 on'
    """
    from registry.entry.centres import add_centre

    told = those_given(
        name=name, age_of_majority=age_of_majority, study_id_pattern=study_id_pattern
    )
    _tell(context, add_centre, code, told, reason, user, form)


@app.command("amend")
def amend_command(
    context: typer.Context,
    code: CodeArgument,
    name: NameOption = None,
    age_of_majority: AgeOption = None,
    study_id_pattern: PatternOption = None,
    reason: ReasonOption = None,
    user: UserOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Change what is told of a centre.

    Example: registry centre amend BCH --age-of-majority 16 --reason 'law of the country'
    """
    from registry.entry.centres import amend_centre

    told = those_given(
        name=name, age_of_majority=age_of_majority, study_id_pattern=study_id_pattern
    )
    if not told:
        raise WrongUsage(tr("Nothing is told of the centre: give at least one option."))
    _tell(context, amend_centre, code, told, reason, user, form)


def _tell(
    context: typer.Context,
    change: Callable[..., dict[str, Any]],
    code: str,
    told: dict[str, str],
    reason: str | None,
    user: str | None,
    form: Format,
) -> None:
    reason = require_reason(reason, tr("What is told of a centre is changed only with a --reason."))
    with changing(context, user) as (connection, person):
        row = change(connection, code, told, user=person, reason=reason)
    print_one(row, form, COLUMNS)


@app.command("report")
@read_at
def report_command(
    context: typer.Context,
    centre: Annotated[str, option("--centre", "CODE", "Who is told.")],
    to: Annotated[
        Path | None, option("--to", "FILE", "Write a page that needs nothing else.")
    ] = None,
    figure: FigureOption = None,
    definition: DefinitionOption = None,
    disclosure: DisclosureOption = None,
    force: ForceOption = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """Tell a centre how it does beside the others: losses, scores, levels, visits, deficits.

    The others are not named, and numbers that would tell of few of their children are suppressed.
    With --disclosure publish the centre's own are too, for a report that others will read.

    Example: registry centre report --centre BCH --to bch.html
    """
    from registry.analysis.centres import compare_centres, read_quarters
    from registry.analysis.reading import read_view
    from registry.cli.analyse.data import frozen_basis, up_to_date
    from registry.cli.demo.mark import nature_of_demo
    from registry.disclosure.centres import told_to
    from registry.records.registry_setting import disclosure_setting, is_demo
    from registry.report.centre_tables import centre_page, centre_rows, centre_tables
    from registry.report.text import render
    from registry.whole_file import require_free, write_whole

    if to is not None:
        require_free(to, force=force)
    with up_to_date(context, definition) as (connection, held_to):
        children = read_view(connection, "centre_child", held_to)
        compared = compare_centres(children, read_quarters(connection), held_to)
        own = audience_of(connection, disclosure) is Audience.PUBLISH
        limits = Limits(disclosure_setting(connection)["limit"])
        document = told_to(compared.to_json(), centre, limits, own=own)
        document |= frozen_basis(connection, held_to)
        nature = nature_of_demo() if is_demo(connection) else ""
    if to is not None:
        page = centre_page(document, nature)
        write_whole(to, lambda part: part.write_text(page, encoding="utf-8"), make_folder=True)
        remark("Report written to {file}.", file=to)
    if figure is not None and document["funnel"] is not None:
        from registry.drawing.plot import save
        from registry.report.figures.funnel import funnel_figure

        drawn = save(funnel_figure(document), figure)
        remark("Drawn: {files}", files=", ".join(map(str, drawn)))
    match form:
        case Format.JSON:
            print_json(document)
        case Format.CSV:
            print_rows(centre_rows(document), form)
        case Format.TABLE:
            typer.echo("\n\n".join(map(render, centre_tables(document))))
