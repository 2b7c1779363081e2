"""What a report is made of: each analysis of one definition, or why there is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from registry.errors import CannotEstimate

if TYPE_CHECKING:
    from pandas import DataFrame
    from sqlalchemy import Connection

    from registry.analysis.basis import Basis
    from registry.report.preamble import Facts

# The two covariates whose curves the study shows.
CURVES_BY = ("im_over_6_months", "response_without_remission")
LANDMARK_MONTHS = 12.0
"""Where the curves of what is acquired after the start begin, by default."""
VIEWS = (
    "cohort_flow",
    "baseline",
    "analysis_set",
    "survival",
    "exposure",
    "competing_events",
    "interval_censored",
    "tdm_week14",
    "trough",
    "lor_outcome",
    "lor_mechanism",
    "gene_summary",
    "missing_values",
)


@dataclass(frozen=True)
class Content:
    """Documents by name, curves by covariate, and the fingerprint of the rows behind them."""

    documents: dict[str, Any]
    curves: list[Any]
    data_hash: str


@dataclass(frozen=True)
class _Data:
    """The rows of every view, the patients with what other views say of them, and the basis."""

    frames: Mapping[str, DataFrame]
    patients: DataFrame
    basis: Basis
    connection: Connection

    @property
    def definition(self) -> str:
        return self.basis.definition


def content_of(
    connection: Connection,
    definition: str,
    *,
    curves_by: Sequence[str] = CURVES_BY,
    landmark_months: float = LANDMARK_MONTHS,
    losses: bool = False,
) -> Content:
    """Every analysis of the definition.

    Args:
        connection: on which nothing of the definition waits for a derivation.
        definition: its name.
        curves_by: ids of covariates that get curves of their own.
        landmark_months: where the curves of what is acquired after the start begin.
        losses: also list every loss by study id.

    Raises:
        WrongUsage: a covariate is unknown.
    """
    from registry.analysis.basis import basis_of
    from registry.analysis.cohort.listings import loss_list
    from registry.analysis.cohort.patients import read_patients
    from registry.analysis.curves.kaplan_meier import kaplan_meier
    from registry.analysis.dataset import covariates_by_id, read_view

    frames = {view: read_view(connection, view, definition) for view in VIEWS}
    patients = read_patients(connection, definition)
    data = _Data(frames, patients, basis_of(connection, definition), connection)
    made = {**_published(data), **_sound(data)}
    if losses:
        made["losses"] = lambda: loss_list(
            frames["survival"], frames["lor_mechanism"], frames["lor_outcome"], definition
        )
    documents = {name: document(make) for name, make in made.items()}
    curves = []
    for covariate in covariates_by_id(curves_by):

        def curve(landmark: float | None, by: str = covariate.id) -> Any:
            return document(
                lambda: kaplan_meier(
                    patients,
                    definition,
                    by=by,
                    landmark_months=landmark,
                    exposure=None if landmark is None else frames["exposure"],
                    basis=data.basis,
                ).to_json(curves=True)
            )

        curves.append(curve(None))
        if covariate.acquired_after_start:
            curves.append(curve(landmark_months))
    return Content(documents, curves, fingerprint(frames))


def _published(data: _Data) -> dict[str, Callable[[], Any]]:
    """The analyses of the publication, in the order in which the demo prints them."""
    from registry.analysis.cohort.flow import cohort_flow
    from registry.analysis.cohort.listings import gene_list, week14_levels
    from registry.analysis.cohort.missing import missing_values
    from registry.analysis.cohort.outcome import outcomes_after_loss
    from registry.analysis.cohort.table1 import baseline_table
    from registry.analysis.cohort.table2 import univariate_table
    from registry.analysis.cox.fit import cox_regression
    from registry.analysis.curves.kaplan_meier import kaplan_meier
    from registry.analysis.troughs.levels_and_loss import VIEWS as TDM_VIEWS
    from registry.analysis.troughs.levels_and_loss import drug_levels

    frames, patients, name, basis = data.frames, data.patients, data.definition, data.basis
    levels = {view: frames[view] for view in TDM_VIEWS}
    return {
        "flow": lambda: cohort_flow(frames["cohort_flow"], name).to_json(),
        "table1": lambda: baseline_table(frames["baseline"], name).to_json(),
        "table2": lambda: univariate_table(patients, name).to_json(),
        "km": lambda: kaplan_meier(patients, name, basis=basis).to_json(curves=True),
        "cox": lambda: cox_regression(patients, name, basis=basis).to_json(),
        "tdm": lambda: drug_levels(levels, name).to_json(),
        "outcomes": lambda: outcomes_after_loss(frames["lor_outcome"], name).to_json(),
        "levels": lambda: week14_levels(frames["tdm_week14"], frames["trough"], name),
        "genes": lambda: gene_list(frames["gene_summary"], name),
        "quality": lambda: quality_document(data.connection),
        "missing": lambda: missing_values(frames["missing_values"], name).to_json(),
    }


def _sound(data: _Data) -> dict[str, Callable[[], Any]]:
    """The sound analyses beside them."""
    from registry.analysis.cox.published import compare_with_published
    from registry.analysis.curves.competing import cumulative_incidence
    from registry.analysis.curves.kaplan_meier import kaplan_meier
    from registry.analysis.risk.data import read_risk
    from registry.analysis.risk.telling import risk_of_loss

    patients, name, basis = data.patients, data.definition, data.basis
    exposure = data.frames["exposure"]
    return {
        "km_sound": lambda: kaplan_meier(
            patients, name, late_entry=True, interval_censored=True, basis=basis
        ).to_json(curves=True),
        "cuminc": lambda: cumulative_incidence(patients, name, basis=basis).to_json(curves=True),
        "compared": lambda: compare_with_published(patients, exposure, name, basis=basis).to_json(),
        "sensitivity": lambda: _readings(data),
        "risk": lambda: risk_of_loss(read_risk(data.connection, name), name, basis=basis).to_json(),
    }


def _readings(data: _Data) -> dict[str, Any]:
    """Every definition as a reading of the rules, this one as the reference."""
    from registry.analysis.basis import basis_of
    from registry.analysis.cohort.patients import read_patients
    from registry.analysis.cox.fit import significant
    from registry.analysis.cox.sensitivity import Reading, sensitivity_analysis
    from registry.analysis.dataset import read_view
    from registry.definitions.store import list_definitions

    own = Reading(data.definition, {}, data.basis, data.patients, data.frames["exposure"])
    readings = {data.basis.definition_hash: own}
    for one in list_definitions(data.connection):
        # A definition without a status of every patient would be read by halves.
        if one["waiting"]:
            continue
        basis = basis_of(data.connection, one["name"])
        if basis.definition_hash not in readings:
            readings[basis.definition_hash] = Reading(
                one["name"],
                {},
                basis,
                read_patients(data.connection, one["name"]),
                read_view(data.connection, "exposure", one["name"]),
            )
    covariates = list(significant(data.patients, data.definition))
    result: dict[str, Any] = sensitivity_analysis(list(readings.values()), covariates).to_json()
    return result


def facts_of(
    connection: Connection, definition: str, data_hash: str, *, title: str, nature: str
) -> Facts:
    """What the report says about itself."""
    from registry.analysis.basis import basis_of
    from registry.definitions.store import get_definition
    from registry.report.preamble import Facts
    from registry.report.versions import versions

    row = get_definition(connection, definition)
    return Facts(
        title=title,
        definition=definition,
        definition_hash=str(row["hash"]),
        nature=nature,
        versions=versions(),
        time_zero=basis_of(connection, definition).origin,
        parameters=row,
        data_hash=data_hash,
    )


def quality_document(connection: Connection) -> dict[str, Any]:
    """Every rule of plausibility with the records tried and failed."""
    from registry.quality.run import count_rules, open_queries

    counts = count_rules(connection)
    return {
        "rules": [count.to_json() for count in counts],
        "open_queries": open_queries(connection, counts),
        "notes": [],
    }


def document(make: Callable[[], Any]) -> Any:
    """The document, or the sentence that says why there is none."""
    try:
        return make()
    except CannotEstimate as error:
        return error.problem


def fingerprint(frames: Mapping[str, DataFrame]) -> str:
    """SHA-256 of the rows, whatever their order; numbers of records are no part of it."""
    from hashlib import sha256

    whole = sha256()
    for view in sorted(frames):
        frame = frames[view]
        columns = [name for name in frame.columns if not name.endswith("record_id")]
        rows = sorted(repr(row) for row in frame[columns].astype(str).itertuples(False, None))
        whole.update("\n".join([view, *columns, *rows, ""]).encode())
    return whole.hexdigest()
