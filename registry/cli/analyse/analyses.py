"""Every analysis, declared once: what it reads, how it runs, and everything that tells it.

From this list come the commands with their help, completion and reference, JSON, CSV, terminal
tables and figures, the demo's output, and the report as page, Word file and workbook.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from registry.cli.analyse import listings
from registry.cli.analyse.between_visits import interval_censored
from registry.cli.analyse.cohort import flow, outcomes, table1, table2
from registry.cli.analyse.cox import compare_published, cox
from registry.cli.analyse.curves import Entry, cuminc, km, refuse_cuminc, refuse_km
from registry.cli.analyse.data import PATIENTS, Data
from registry.cli.analyse.impute import impute
from registry.cli.analyse.risk import risk
from registry.cli.analyse.sensitivity import every_definition, sensitivity
from registry.cli.analyse.tdm import tdm
from registry.cli.analyse.trial import READS, target_trial
from registry.disclosure import curves, descriptive, models, troughs
from registry.disclosure.publish import Disclosure, OnlyWithin, like, publishable
from registry.drawing.table import Document, Table
from registry.errors import CannotEstimate
from registry.report import (
    curve_tables,
    imputation_tables,
    interval_tables,
    listing_tables,
    model_tables,
    risk_tables,
    rows,
    tables,
    tdm_tables,
    trial_tables,
)
from registry.report.figures.calibration import calibration_figure
from registry.report.figures.curves import competing_incidence, cumulative_incidence
from registry.report.figures.forest import compared_figure, cox_figure
from registry.report.figures.hazards import hazards_figure
from registry.report.figures.imputed import imputed_figure
from registry.report.figures.performance import performance_figure
from registry.report.figures.specifications import sensitivity_figure
from registry.report.figures.troughs import levels_figure
from registry.report.telling import Telling
from registry.words import note

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from registry.disclosure.plan import Plan

Rows = Callable[[Document], list[dict[str, Any]]]


@dataclass(frozen=True, kw_only=True)
class Analysis(Telling):
    """One analysis; its name is that of its command and of its document.

    Args:
        reads: views of `analytics`.
        run: gives the result. Its docstring is the command's help, its parameters after the data
            are the command's options.
        rows: of a CSV file, by the part that `--part` names; without any there is no command, and
            only a report tells it.
        figures: what `--figure STEM` draws, by what is added to STEM.
        full: asks the result's `to_json` for what figures, or the published document, are made of
            beside the document.
        report: how a report runs it, where that is not the command without options.
        apart: it is long and asks for nothing but rows and basis, so that a report of many children
            has it run in another process.
        refuse: raises CannotEstimate for a result that a command has nothing to tell of.
        printed: the layout that the demo prints.
        disclosure: how its document is published.
    """

    reads: tuple[str, ...]
    run: Callable[..., Any]
    disclosure: Disclosure | OnlyWithin
    rows: Mapping[str, Rows] = field(default_factory=dict)
    figures: Mapping[str, Callable[[Document], Figure]] = field(default_factory=dict)
    full: Mapping[str, bool] = field(default_factory=dict)
    report: Callable[[Data], Any] | None = None
    apart: bool = False
    refuse: Callable[[Any, Mapping[str, Any]], None] | None = None
    printed: Callable[[Document], Table] | None = None

    def result(self, data: Data) -> Any:
        """What a report tells."""
        return data.of(self.reads).result(self.reported_by)

    @property
    def reported_by(self) -> Callable[[Data], Any]:
        """What makes the result of a report."""
        return self.report or self.run

    def document(self, result: Any, *, full: bool = False) -> dict[str, Any]:
        """The result as plain data, `full` with what its figures need."""
        if isinstance(result, dict):
            return result
        made: dict[str, Any] = result.to_json(**(self.full if full else {}))
        return made

    def require_publishable(
        self, plan: Plan | None, options: Mapping[str, Any] = MappingProxyType({})
    ) -> None:
        """Raises Withheld for what is to be published, and with these options never is."""
        if plan is not None:
            self.disclosure.require_open(options)

    def published(self, result: Any, plan: Plan | None, *, full: bool = False) -> dict[str, Any]:
        """The document as the plan has it published; without one as it is.

        Raises Withheld where there are too few children to tell it of.
        """
        document = self.document(result, full=full or plan is not None)
        if plan is None:
            return document
        made = self.disclosure(document, plan)
        return made if full else like(made, self.document(result))

    def drawn(self, plan: Plan | None) -> Mapping[str, Callable[[Document], Figure]]:
        """The figures that are drawn; of published results those that show no single child."""
        undrawn = () if plan is None else self.disclosure.undrawn
        return {ending: make for ending, make in self.figures.items() if ending not in undrawn}

    def reported(self, data: Data, plan: Plan | None = None) -> dict[str, Any] | str:
        """The document of a report, or the sentence that says why there is none."""
        try:
            self.require_publishable(plan)
            return self.published(self.result(data), plan, full=True)
        except CannotEstimate as error:
            return error.problem if plan is None else publishable(error).problem


ANALYSES = (
    Analysis(
        name="flow",
        disclosure=Disclosure(descriptive.FLOW, descriptive.flow),
        reads=("cohort_flow",),
        run=flow,
        tables=tables.flow,
        rows={"": rows.flow},
        section="patients",
        heading=note("Patients"),
        printed=tables.flow,
    ),
    Analysis(
        name="table1",
        disclosure=Disclosure(descriptive.TABLE1, descriptive.table1, (descriptive.QUARTILES,)),
        reads=("baseline",),
        run=table1,
        full={"values": True},
        tables=tables.table1,
        rows={"": rows.table1},
        section="baseline",
        heading=note("At the first infusion"),
        printed=tables.table1,
    ),
    Analysis(
        name="table2",
        disclosure=Disclosure(
            descriptive.TABLE2, descriptive.table2, (descriptive.COVARIATES_WHOLE,)
        ),
        reads=PATIENTS,
        run=table2,
        report=listings.table2,
        tables=tables.table2,
        rows={"": rows.table2},
        section="single",
        heading=note("One covariate at a time"),
        sortable=True,
        printed=tables.table2,
    ),
    Analysis(
        name="km",
        disclosure=Disclosure(curves.KM, curves.km, (curves.STEPS,)),
        reads=(*PATIENTS, "exposure"),
        run=km,
        refuse=refuse_km,
        full={"curves": True},
        tables=curve_tables.km,
        rows={"": rows.km},
        figures={"": cumulative_incidence},
        section="curves",
        heading=note("Loss of response over time"),
        printed=curve_tables.km,
    ),
    Analysis(
        name="cuminc",
        disclosure=Disclosure(curves.CUMINC, curves.cuminc, (curves.EACH_CAUSE,)),
        reads=PATIENTS,
        run=cuminc,
        refuse=refuse_cuminc,
        full={"curves": True},
        tables=curve_tables.cuminc,
        rows={"": rows.cuminc},
        figures={"": competing_incidence},
        section="competing",
        heading=note("What competes with the loss"),
    ),
    Analysis(
        name="cox",
        disclosure=Disclosure(
            models.COX, models.cox, (models.TERMS, models.LEFT_OUT), ("-hazards",), ("residuals",)
        ),
        reads=(*PATIENTS, "exposure"),
        run=cox,
        full={"details": True},
        tables=tables.cox,
        rows={"": rows.cox},
        figures={
            "": cox_figure,
            "-hazards": hazards_figure,
        },
        section="several",
        heading=note("Several covariates together"),
        sortable=True,
        printed=tables.cox,
    ),
    Analysis(
        name="impute",
        disclosure=Disclosure(models.IMPUTED, models.imputed, (models.TERMS, models.LEFT_OUT)),
        reads=(*PATIENTS, "exposure", "tdm_week14"),
        run=impute,
        apart=True,
        full={"details": True},
        tables=imputation_tables.all_tables,
        rows={"": imputation_tables.rows},
        figures={"": imputed_figure},
        section="several",
    ),
    Analysis(
        name="compare-published",
        disclosure=Disclosure(models.COMPARED, models.compared, (models.TERMS, models.LEFT_OUT)),
        reads=(*PATIENTS, "exposure"),
        run=compare_published,
        full={"details": True},
        tables=model_tables.compare_published,
        rows={"": rows.compare_published},
        figures={"": compared_figure},
        section="sound",
        heading=note("The sound analysis beside the published"),
        sortable=True,
    ),
    Analysis(
        name="interval-censored",
        disclosure=Disclosure(models.BETWEEN, models.between, (models.TERMS, models.LEFT_OUT)),
        reads=PATIENTS,
        run=interval_censored,
        full={"details": True},
        tables=interval_tables.interval_censored,
        rows={"": interval_tables.rows},
        section="between",
        heading=note("Loss between two visits"),
    ),
    Analysis(
        name="target-trial",
        disclosure=OnlyWithin(
            note(
                "Its weights and clones follow single children from day to day: those never leave."
            )
        ),
        reads=READS,
        run=target_trial,
        tables=trial_tables.all_tables,
        rows={"": trial_tables.rows},
        section="trial",
        heading=note("The immunomodulator as a target trial"),
    ),
    Analysis(
        name="sensitivity",
        disclosure=Disclosure(
            models.SPECIFICATIONS, models.specifications, (models.TERMS, models.LEFT_OUT)
        ),
        reads=(*PATIENTS, "exposure"),
        run=sensitivity,
        report=every_definition,
        full={"details": True},
        tables=model_tables.sensitivity,
        rows={"": rows.sensitivity},
        figures={"": sensitivity_figure},
        section="sensitivity",
        heading=note("Every reading of the rules"),
        sortable=True,
    ),
    Analysis(
        name="tdm",
        disclosure=Disclosure(
            troughs.TROUGHS, troughs.troughs, (descriptive.QUARTILES, troughs.LEVELS)
        ),
        reads=(
            "tdm_week14",
            "survival",
            "trough",
            "lor_mechanism",
            "lor_outcome",
            "analysis_set",
            "baseline",
        ),
        run=tdm,
        report=listings.tdm,
        full={"levels": True},
        tables=tdm_tables.all_tables,
        rows=rows.TDM,
        figures={"": levels_figure},
        section="levels",
        heading=note("Drug levels"),
        printed=tables.tdm,
    ),
    Analysis(
        name="risk",
        disclosure=OnlyWithin(
            note("Predictions and what they are held to are of single children: those never leave.")
        ),
        reads=("analysis_set", "survival", "baseline", "tdm_week14", "competing_events"),
        run=risk,
        apart=True,
        tables=risk_tables.all_tables,
        full={"curves": True},
        rows=risk_tables.ROWS,
        figures={"": calibration_figure, "-over-time": performance_figure},
        section="risk",
        heading=note("Prediction at week 14"),
    ),
    Analysis(
        name="outcomes",
        disclosure=Disclosure(descriptive.OUTCOMES, descriptive.outcomes),
        reads=("lor_outcome",),
        run=outcomes,
        tables=tables.outcomes,
        rows={"": rows.outcomes},
        section="losses",
        heading=note("After the loss of response"),
        printed=tables.outcomes,
    ),
    # What only a report tells.
    Analysis(
        name="km_sound",
        disclosure=Disclosure(curves.KM, curves.km, (curves.STEPS,)),
        reads=PATIENTS,
        run=lambda data: km(data, entry=Entry.WEEK14, interval_censored=True),
        full={"curves": True},
        tables=curve_tables.km,
        section="sound",
    ),
    Analysis(
        name="levels",
        disclosure=OnlyWithin(note("Every dot is the level of one child: those never leave.")),
        reads=("tdm_week14", "trough"),
        run=listings.levels,
        section="levels",
    ),
    Analysis(
        name="losses",
        disclosure=OnlyWithin(note("Every row is the loss of one child: those never leave.")),
        reads=("survival", "lor_mechanism", "lor_outcome"),
        run=listings.losses,
        tables=listing_tables.losses,
        section="losses",
    ),
    Analysis(
        name="genes",
        disclosure=OnlyWithin(
            note("A change of a gene is of a child, who can be known by it: those never leave.")
        ),
        reads=("gene_summary",),
        run=listings.genes,
        tables=listing_tables.genes,
        section="genes",
        heading=note("Genes"),
    ),
    Analysis(
        name="missing",
        disclosure=Disclosure(descriptive.MISSING_VALUES, descriptive.missing),
        reads=("missing_values",),
        run=listings.missing,
        tables=listing_tables.missing,
        section="quality",
        heading=note("Data quality"),
        sortable=True,
    ),
    Analysis(
        name="quality",
        disclosure=OnlyWithin(
            note("All records that fail a rule may be of one child: those never leave.")
        ),
        reads=(),
        run=listings.quality,
        tables=listing_tables.quality,
        section="quality",
        sortable=True,
    ),
)
BY_NAME = {one.name: one for one in ANALYSES}
