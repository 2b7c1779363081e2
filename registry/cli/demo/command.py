"""`registry demo`: from the raw files of the study to its tables and curves, in one command."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from registry.cli.analyse.analyses import ANALYSES, BY_NAME
from registry.cli.analyse.apart import apart
from registry.cli.analyse.data import Data
from registry.cli.demo.mark import nature_of_demo
from registry.cli.frame.context import remark, run_of
from registry.cli.frame.signatures import option
from registry.cli.report.command import TITLE
from registry.cli.report.content import CURVES_BY, content_from, curves_by_level, facts_of
from registry.errors import Refused, why
from registry.whole_file import make_private, write_whole
from registry.words import note, spoken, tr

if TYPE_CHECKING:
    from registry.database.engine import Database

DEFINITION = "paper"
OWN_HOME = note("Give the demo a home of its own: registry --home DIR demo")


def demo(
    context: typer.Context,
    out: Annotated[Path, option("--out", "DIR", "Where figures and report go.")] = Path(
        "demo-output"
    ),
) -> None:
    """Make a registry from the shipped study cohort and print the study's tables.

    The cohort is synthetic: made so that the study's rules over it give the published figures.
    Without --home the registry of the demo lives in DIR; your own is not touched.

    Example: registry demo --out demo-output
    """
    from registry.analysis.loading import load
    from registry.database import migrate
    from registry.database.engine import open_database
    from registry.definitions.store import set_default_definition
    from registry.report.page import page
    from registry.settings import Settings
    from registry.views.build import is_built

    run = run_of(context)
    settings = run.settings()
    if run.database_url is None:
        # A server that the environment names is the person's own registry.
        home = settings.home if run.home_given() else out.absolute() / "registry"
        settings = Settings(home, None, settings.user)
    try:
        make_private(out)
    except OSError as error:
        raise Refused(tr("{out} cannot be made: {reason}.", out=out, reason=why(error))) from None
    remark("Starting the database ...")
    beside = ThreadPoolExecutor(1)
    # What the analyses need, while the server starts and fills its tables.
    loading = beside.submit(load)
    with open_database(settings) as database:
        with database.engine.connect() as connection:
            upgraded = is_built(connection)
        if not upgraded:
            migrate.upgrade(database)
        _import_cohort(database, settings.user)
        with database.engine.begin() as connection:
            set_default_definition(connection, DEFINITION, user=settings.user, reason="demo")
        _derive(database, settings.user)
        loading.result()
        drawn = partial(_draw, out)
        with database.engine.connect() as connection:
            alone = Data(lambda: (connection, DEFINITION))
            # About half of all there is to do, and nothing by which others choose covariates.
            with apart(alone, [BY_NAME["tdm"]], drawn) as data:
                content = content_from(data)
                figures = data.result(drawn)
            facts = facts_of(
                connection, DEFINITION, content.data_hash, title=TITLE, nature=nature_of_demo()
            )
        # While the server stops.
        made = beside.submit(page, content, facts)
    _print(content.documents)
    report = out / "report.html"
    write_whole(report, lambda part: part.write_text(made.result(), encoding="utf-8"))
    files = ", ".join(map(str, [*figures, report]))
    typer.echo("\n" + tr("Figures and report: {files}", files=files))


def _import_cohort(database: Database, user: str) -> None:
    from sqlalchemy import text

    from registry.importing.run import import_files
    from registry.records.change import declare_change, summarise_change
    from registry.records.registry_setting import mark_demo

    cohort = Path(str(resources.files("registry.demo") / "cohort"))
    with database.engine.begin() as connection:
        declare_change(connection, user=user, command="import", reason="demo")
        result = import_files(connection, [cohort])
        if result.errors:
            raise Refused(
                tr(
                    "The study's files do not fit what is already there: {problem}",
                    problem=result.errors[0],
                ),
                cure=spoken(OWN_HOME),
            )
        # An exception here rolls the import back: real patients and made-up ones never mix.
        patients = connection.execute(text("select count(*) from clinical.patient")).scalar_one()
        if patients != result.tables["patients"].read:
            raise Refused(
                tr("This registry holds other patients than the demo's."), cure=spoken(OWN_HOME)
            )
        mark_demo(connection)
        summarise_change(connection, result.summary)
    rows = sum(counts.read for counts in result.tables.values())
    new = sum(counts.inserted for counts in result.tables.values())
    remark(
        "Imported {rows} rows of {number} files, {new} of them new.",
        rows=rows,
        number=len(result.tables),
        new=new,
    )


def _derive(database: Database, user: str) -> None:
    from registry.derivation.run import derive

    result = derive(database.engine, user=user)
    remark(
        "Derived {examined} patients under {definitions}: {number} transitions.",
        examined=result.examined,
        definitions=", ".join(result.definitions),
        number=len(result.transitions),
    )


def _print(documents: Mapping[str, Any]) -> None:
    from registry.report.text import render

    for one in ANALYSES:
        if one.printed is not None:
            document = documents[one.name]
            said = spoken(document) if isinstance(document, str) else render(one.printed(document))
            typer.echo(f"\n{said}")


def _draw(out: Path, data: Data) -> list[Path]:
    """The study's curves as files; it has none from a landmark, which stand in the report."""
    from registry.drawing.plot import save

    written: list[Path] = []
    for by in ("", *CURVES_BY):
        document = (curves_by_level(by) if by else BY_NAME["km"]).reported(data)
        if not isinstance(document, str):
            figure = BY_NAME["km"].figures[""](document)
            written.extend(save(figure, out / f"cumulative_incidence{by and f'_by_{by}'}"))
    return written
