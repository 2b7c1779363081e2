"""`registry analyse`: the analyses of a publication, each from up-to-date views."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from registry.cli.context import DefinitionOption, opened, run_of, warn
from registry.cli.output import Format, FormatOption, print_json, print_rows
from registry.errors import WrongUsage
from registry.words import tr

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pandas import DataFrame
    from sqlalchemy import Connection

app = typer.Typer(help="Flow, Tables 1 to 3, Kaplan-Meier, troughs and outcomes.")


class Ties(StrEnum):
    """How the Cox model handles events on the same day."""

    BRESLOW = "breslow"
    EFRON = "efron"


@contextmanager
def up_to_date(context: typer.Context, definition: str) -> Iterator[Connection]:
    """A connection on which nothing of the definition waits for a derivation."""
    from registry.derivation.run import bring_up_to_date
    from registry.derivation.status import require_definition

    settings = run_of(context).settings()
    with opened(settings) as database:
        with database.engine.connect() as connection:
            require_definition(connection, definition)
        result = bring_up_to_date(database.engine, user=settings.user)
        if result is not None and result.examined:
            warn(tr("Derived {examined} changed patients first.", examined=result.examined))
        with database.engine.connect() as connection:
            yield connection


def _show(document: dict[str, Any], name: str, form: Format) -> None:
    """Prints one result; `name` is that of its functions in registry.report."""
    from registry.report import rows, text

    match form:
        case Format.JSON:
            print_json(document)
        case Format.CSV:
            print_rows(getattr(rows, name)(document), form)
        case Format.TABLE:
            typer.echo(getattr(text, name)(document))


def _analyse(
    context: typer.Context,
    definition: str,
    form: Format,
    *,
    view: str,
    analysis: Callable[[DataFrame, str], Any],
    name: str,
) -> None:
    from registry.analysis.dataset import read_view

    with up_to_date(context, definition) as connection:
        frame = read_view(connection, view, definition)
    _show(analysis(frame, definition).to_json(), name, form)


@app.command("flow")
def flow_command(
    context: typer.Context,
    definition: DefinitionOption = "paper",
    form: FormatOption = Format.TABLE,
) -> None:
    """Patients that started, each exclusion in order, the cohort and its outcome.

    Example: registry analyse flow
    """
    from registry.analysis.flow import cohort_flow

    _analyse(context, definition, form, view="cohort_flow", analysis=cohort_flow, name="flow")


@app.command("table1")
def table1_command(
    context: typer.Context,
    definition: DefinitionOption = "paper",
    form: FormatOption = Format.TABLE,
) -> None:
    """Baseline characteristics.

    Example: registry analyse table1 --format csv
    """
    from registry.analysis.table1 import baseline_table

    _analyse(context, definition, form, view="baseline", analysis=baseline_table, name="table1")


@app.command("table2")
def table2_command(
    context: typer.Context,
    definition: DefinitionOption = "paper",
    form: FormatOption = Format.TABLE,
) -> None:
    """Univariate log-rank tests of the 21 covariates.

    Example: registry analyse table2 --definition recommended
    """
    from registry.analysis.table2 import univariate_table

    _analyse(
        context, definition, form, view="analysis_set", analysis=univariate_table, name="table2"
    )


@app.command("km")
def km_command(
    context: typer.Context,
    by: Annotated[
        str | None, typer.Option("--by", metavar="COVARIATE", help="A curve for each level.")
    ] = None,
    at: Annotated[
        str, typer.Option("--at", metavar="MONTHS", help="When to read the incidence off.")
    ] = "12,24,36",
    figure: Annotated[
        Path | None,
        typer.Option("--figure", metavar="STEM", help="Also draw STEM.png and STEM.svg."),
    ] = None,
    definition: DefinitionOption = "paper",
    form: FormatOption = Format.TABLE,
) -> None:
    """Kaplan-Meier: cumulative incidence of loss of response.

    Example: registry analyse km --by im_over_6_months --at 6,12,24
    """
    months = _months(at)
    from registry.analysis.dataset import read_view
    from registry.analysis.kaplan_meier import kaplan_meier

    with up_to_date(context, definition) as connection:
        frame = read_view(connection, "analysis_set", definition)
    result = kaplan_meier(frame, definition, by=by, at_months=months)
    if figure is not None:
        from registry.errors import Refused
        from registry.report.figure import cumulative_incidence, save

        try:
            figure.parent.mkdir(parents=True, exist_ok=True)
            drawn = save(cumulative_incidence(result.to_json(curves=True)), figure)
        except OSError as error:
            raise Refused(
                tr("{file} cannot be written: {reason}.", file=figure, reason=error.strerror)
            ) from None
        warn(tr("Drawn: {files}", files=", ".join(map(str, drawn))))
    _show(result.to_json(), "kaplan_meier", form)


def _months(written: str) -> list[float]:
    try:
        return [float(part) for part in written.split(",") if part.strip()]
    except ValueError:
        raise WrongUsage(
            tr("--at {written} is not a list of months.", written=written),
            cure=tr("Write it as --at 12,24,36"),
        ) from None


@app.command("cox")
def cox_command(
    context: typer.Context,
    covariates: Annotated[
        str | None,
        typer.Option(
            "--covariates",
            metavar="A,B,...",
            help="Covariates of the model; without them those with a univariate P below 0.05.",
        ),
    ] = None,
    ties: Annotated[Ties, typer.Option("--ties", help="Events on the same day.")] = Ties.BRESLOW,
    definition: DefinitionOption = "paper",
    form: FormatOption = Format.TABLE,
) -> None:
    """Cox proportional hazards, as published: fixed covariates.

    Example: registry analyse cox --covariates bmi_z_low,growth_delay --ties efron
    """
    from registry.analysis.cox import cox_regression
    from registry.analysis.dataset import read_view

    chosen = None if covariates is None else [c.strip() for c in covariates.split(",") if c.strip()]
    with up_to_date(context, definition) as connection:
        frame = read_view(connection, "analysis_set", definition)
    result = cox_regression(frame, definition, covariates=chosen, ties=ties.value)
    _show(result.to_json(), "cox", form)


@app.command("tdm")
def tdm_command(
    context: typer.Context,
    definition: DefinitionOption = "paper",
    form: FormatOption = Format.TABLE,
) -> None:
    """Week-14 troughs of infliximab by outcome.

    Example: registry analyse tdm
    """
    from registry.analysis.trough import week14_troughs

    _analyse(context, definition, form, view="tdm_week14", analysis=week14_troughs, name="tdm")


@app.command("outcomes")
def outcomes_command(
    context: typer.Context,
    definition: DefinitionOption = "paper",
    form: FormatOption = Format.TABLE,
) -> None:
    """What was done after a loss of response and what came of it.

    Example: registry analyse outcomes
    """
    from registry.analysis.outcome import outcomes_after_loss

    _analyse(
        context,
        definition,
        form,
        view="lor_outcome",
        analysis=outcomes_after_loss,
        name="outcomes",
    )
