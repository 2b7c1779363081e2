"""`registry demo`: from the raw files of the study to its tables and curves, in one command."""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from registry.cli.context import run_of, warn
from registry.errors import CannotEstimate, Refused
from registry.words import in_english, note, spoken, tr

if TYPE_CHECKING:
    from registry.database.engine import Database

DEFINITION = "paper"
OWN_HOME = note("Give the demo a home of its own: registry --home DIR demo")
# The two covariates whose curves the study shows.
CURVES_BY = ("im_over_6_months", "response_without_remission")


def demo(
    context: typer.Context,
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Where figures and report go.")
    ] = Path("demo-output"),
) -> None:
    """Make a registry from the shipped study cohort and print the study's tables.

    The cohort is synthetic: made so that the study's rules over it give the published figures.
    Without --home the registry of the demo lives in DIR; your own is not touched.

    Example: registry demo --out demo-output
    """
    from registry.database import migrate
    from registry.database.engine import open_database
    from registry.settings import Settings

    run = run_of(context)
    settings = run.settings()
    if run.database_url is None:
        # A server that the environment names is the person's own registry.
        home = settings.home if run.home_given() else out.absolute() / "registry"
        settings = Settings(home, None, settings.user)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Refused(
            tr("{out} cannot be made: {reason}.", out=out, reason=error.strerror)
        ) from None
    warn(tr("Starting the database ..."))
    with open_database(settings) as database:
        migrate.upgrade(database)
        _import_cohort(database, settings.user)
        _derive(database, settings.user)
        documents, curves = _analyse(database)
        definition_hash = _hash(database)
    _print(documents)
    written = _write(out, documents, curves, definition_hash)
    typer.echo("\n" + tr("Figures and report: {files}", files=", ".join(map(str, written))))


def _import_cohort(database: Database, user: str) -> None:
    from sqlalchemy import text

    from registry.importing.record import summary_of
    from registry.importing.run import import_files
    from registry.records.change import declare_change, summarise_change

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
        summarise_change(connection, summary_of(result))
    rows = sum(counts.read for counts in result.tables.values())
    new = sum(counts.inserted for counts in result.tables.values())
    warn(
        tr(
            "Imported {rows} rows of {number} files, {new} of them new.",
            rows=rows,
            number=len(result.tables),
            new=new,
        )
    )


def _derive(database: Database, user: str) -> None:
    from registry.derivation.run import derive

    result = derive(database.engine, user=user)
    warn(
        tr(
            "Derived {examined} patients under {definitions}: {number} transitions.",
            examined=result.examined,
            definitions=tr(" and ").join(result.definitions),
            number=len(result.transitions),
        )
    )


def _analyse(database: Database) -> tuple[dict[str, Any], list[Any]]:
    """Each analysis as a document, or the sentence that says why there is none."""
    from registry.analysis.cox import cox_regression
    from registry.analysis.dataset import read_view
    from registry.analysis.flow import cohort_flow
    from registry.analysis.kaplan_meier import kaplan_meier
    from registry.analysis.outcome import outcomes_after_loss
    from registry.analysis.table1 import baseline_table
    from registry.analysis.table2 import univariate_table
    from registry.analysis.trough import week14_troughs

    views = ("cohort_flow", "baseline", "analysis_set", "tdm_week14", "lor_outcome")
    with database.engine.connect() as connection:
        frames = {name: read_view(connection, name, DEFINITION) for name in views}

    def document(make: Callable[[], Any]) -> Any:
        try:
            # For the page, which is in English; the terminal says the document in its language.
            with in_english():
                return make()
        except CannotEstimate as error:
            return str(error)

    patients = frames["analysis_set"]
    documents = {
        "flow": document(lambda: cohort_flow(frames["cohort_flow"], DEFINITION).to_json()),
        "table1": document(lambda: baseline_table(frames["baseline"], DEFINITION).to_json()),
        "table2": document(lambda: univariate_table(patients, DEFINITION).to_json()),
        "km": document(lambda: kaplan_meier(patients, DEFINITION).to_json(curves=True)),
        "cox": document(lambda: cox_regression(patients, DEFINITION).to_json()),
        "tdm": document(lambda: week14_troughs(frames["tdm_week14"], DEFINITION).to_json()),
        "outcomes": document(
            lambda: outcomes_after_loss(frames["lor_outcome"], DEFINITION).to_json()
        ),
    }

    def curve_by(covariate: str) -> Any:
        return document(
            lambda: kaplan_meier(patients, DEFINITION, by=covariate).to_json(curves=True)
        )

    curves = [curve_by(covariate) for covariate in CURVES_BY]
    return documents, curves


def _hash(database: Database) -> str:
    from registry.definitions.store import get_definition

    with database.engine.connect() as connection:
        return str(get_definition(connection, DEFINITION)["hash"])


def _print(documents: dict[str, Any]) -> None:
    from registry.report import text

    printers = {"km": "kaplan_meier"}
    for name, document in documents.items():
        typer.echo()
        if isinstance(document, str):
            typer.echo(document)
        else:
            typer.echo(getattr(text, printers.get(name, name))(document))


def _write(
    out: Path, documents: dict[str, Any], curves: list[Any], definition_hash: str
) -> list[Path]:
    from registry.report.figure import cumulative_incidence, save
    from registry.report.page import Facts, page
    from registry.report.versions import versions

    written: list[Path] = []
    stems = ["cumulative_incidence", *(f"cumulative_incidence_by_{by}" for by in CURVES_BY)]
    for stem, document in zip(stems, [documents["km"], *curves], strict=True):
        if not isinstance(document, str):
            written.extend(save(cumulative_incidence(document), out / stem))
    facts = Facts(
        title="Loss of response to infliximab in paediatric Crohn's disease",
        definition=DEFINITION,
        definition_hash=definition_hash,
        nature=(resources.files("registry.demo") / "NATURE.txt")
        .read_text(encoding="utf-8")
        .strip(),
        versions=versions(),
    )
    report = out / "report.html"
    report.write_text(page(documents, facts, curves_by=curves), encoding="utf-8")
    return [*written, report]
