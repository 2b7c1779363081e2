"""`registry report`: every analysis of one definition on one page, or its tables for a journal."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from registry.cli.frame.completion import complete_covariates
from registry.cli.frame.context import remark
from registry.cli.frame.disclosure import DisclosureOption, audience_of
from registry.cli.frame.options import DefinitionOption, ForceOption
from registry.cli.frame.past import read_at
from registry.cli.frame.signatures import flag, option
from registry.cli.report.content import CURVES_BY
from registry.disclosure.audience import Audience
from registry.errors import other_ending
from registry.whole_file import require_free, write_whole

TITLE = "Loss of response to infliximab in paediatric Crohn's disease"


class Kind(StrEnum):
    """What the report is written as."""

    HTML = "html"
    DOCX = "docx"
    XLSX = "xlsx"


@read_at
def report_command(
    context: typer.Context,
    out: Annotated[Path, option("--out", "FILE", "Where the report goes.")],
    to: Annotated[
        Kind | None,
        typer.Option("--to", help="A page, or the tables alone; without it FILE's ending tells."),
    ] = None,
    definition: DefinitionOption = None,
    title: Annotated[str, option("--title", "TEXT", "Its heading.")] = TITLE,
    curves_by: Annotated[
        str,
        option(
            "--curves-by",
            "A,B,...",
            "Covariates with curves of their own.",
            autocompletion=complete_covariates,
        ),
    ] = ",".join(CURVES_BY),
    losses: Annotated[
        bool, flag("--losses", "Also list every loss by study id, without dates.")
    ] = False,
    disclosure: DisclosureOption = None,
    force: ForceOption = False,
) -> None:
    """Write the report: flow, Tables 1 to 3, curves, levels, what is missing, methods, STROBE.

    The page needs nothing else and can be printed; docx and xlsx hold its tables.

    Example: registry report --out report.html
    """
    from registry.cli.analyse.data import up_to_date
    from registry.cli.demo.mark import nature_of_demo
    from registry.cli.report.content import content_of, facts_of
    from registry.records.registry_setting import is_demo

    kind = _kind(out, to)
    require_free(out, force=force)
    covariates = [one.strip() for one in curves_by.split(",") if one.strip()]
    with up_to_date(context, definition) as (connection, definition):
        nature = nature_of_demo() if is_demo(connection) else ""
        audience = audience_of(connection, disclosure)
        content = content_of(
            connection, definition, curves_by=covariates, losses=losses, audience=audience
        )
        facts = facts_of(
            connection,
            definition,
            content.data_hash,
            title=title,
            nature=nature,
            published=audience is Audience.PUBLISH,
        )

    def write(part: Path) -> None:
        match kind:
            case Kind.HTML:
                from registry.report.page import page

                html = page(content, facts)
                part.write_text(html, encoding="utf-8")
            case Kind.DOCX:
                from registry.report.manuscript import write_manuscript

                write_manuscript(content, facts, part)
            case Kind.XLSX:
                from registry.report.tables_book import write_tables_book

                write_tables_book(content, facts, part)

    write_whole(out, write, make_folder=True)
    remark("Report written to {file}.", file=out)


def _kind(out: Path, to: Kind | None) -> Kind:
    if to is not None:
        return to
    ending = out.suffix.lower().removeprefix(".")
    if ending not in set(Kind):
        raise other_ending(out, (f".{one}" for one in Kind))
    return Kind(ending)
