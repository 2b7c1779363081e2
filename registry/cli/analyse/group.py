"""`registry analyse`: the analyses of a publication, each from up-to-date views."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from registry.cli.analyse.cox import (
    compare_published_command,
    cox_command,
)
from registry.cli.analyse.curves import (
    PermutationsOption,
    PermuteBelowOption,
    SeedOption,
    cuminc_command,
    km_command,
)
from registry.cli.analyse.risk import risk_command
from registry.cli.analyse.sensitivity import sensitivity_command
from registry.cli.analyse.show import show, up_to_date
from registry.cli.analyse.tdm import tdm_command
from registry.cli.frame.context import DefinitionOption
from registry.cli.frame.output import Format, FormatOption

if TYPE_CHECKING:
    from pandas import DataFrame

app = typer.Typer(help="Flow, Tables 1 to 3, Kaplan-Meier, troughs and outcomes.")


def _analyse(
    context: typer.Context,
    definition: str | None,
    form: Format,
    *,
    view: str,
    analysis: Callable[[DataFrame, str], Any],
    name: str,
) -> None:
    from registry.analysis.dataset import read_view

    with up_to_date(context, definition) as (connection, definition):
        frame = read_view(connection, view, definition)
    show(analysis(frame, definition).to_json(), name, form)


@app.command("flow")
def flow_command(
    context: typer.Context,
    definition: DefinitionOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Patients that started, each exclusion in order, the cohort and its outcome.

    Example: registry analyse flow
    """
    from registry.analysis.cohort.flow import cohort_flow

    _analyse(context, definition, form, view="cohort_flow", analysis=cohort_flow, name="flow")


@app.command("table1")
def table1_command(
    context: typer.Context,
    definition: DefinitionOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Baseline characteristics.

    Example: registry analyse table1 --format csv
    """
    from registry.analysis.cohort.table1 import baseline_table

    _analyse(context, definition, form, view="baseline", analysis=baseline_table, name="table1")


@app.command("table2")
def table2_command(
    context: typer.Context,
    holm: Annotated[
        bool, typer.Option("--holm", help="Show P adjusted for the number of tests too.")
    ] = False,
    permute_below: PermuteBelowOption = 5,
    permutations: PermutationsOption = 9999,
    seed: SeedOption = 1,
    definition: DefinitionOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Univariate log-rank tests of the 21 covariates.

    Example: registry analyse table2 --definition recommended --holm
    """
    from registry.analysis.basis import basis_of
    from registry.analysis.cohort.patients import read_patients
    from registry.analysis.cohort.table2 import univariate_table
    from registry.analysis.curves.logrank import PermutationRule

    rule = PermutationRule(permute_below, permutations, seed)
    with up_to_date(context, definition) as (connection, definition):
        basis = basis_of(connection, definition)
        frame = read_patients(connection, definition)
    result = univariate_table(frame, definition, permutation=rule, basis=basis)
    show({**result.to_json(), "show_holm": holm}, "table2", form)


app.command("km")(km_command)
app.command("cuminc")(cuminc_command)


app.command("cox")(cox_command)
app.command("compare-published")(compare_published_command)
app.command("sensitivity")(sensitivity_command)
app.command("tdm")(tdm_command)
app.command("risk")(risk_command)


@app.command("outcomes")
def outcomes_command(
    context: typer.Context,
    definition: DefinitionOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """What was done after a loss of response and what came of it.

    Example: registry analyse outcomes
    """
    from registry.analysis.cohort.outcome import outcomes_after_loss

    _analyse(
        context,
        definition,
        form,
        view="lor_outcome",
        analysis=outcomes_after_loss,
        name="outcomes",
    )
