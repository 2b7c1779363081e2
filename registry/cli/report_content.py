"""What a report is made of: each analysis of one definition, or why there is none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from registry.errors import CannotEstimate

if TYPE_CHECKING:
    from pandas import DataFrame
    from sqlalchemy import Connection

    from registry.report.facts import Facts

# The two covariates whose curves the study shows.
CURVES_BY = ("im_over_6_months", "response_without_remission")
VIEWS = (
    "cohort_flow",
    "baseline",
    "analysis_set",
    "survival",
    "tdm_week14",
    "trough",
    "lor_outcome",
    "lor_mechanism",
    "gene_summary",
    "missing_values",
)
TIME_ZERO = {"first_infusion": "the first infusion", "week14_visit": "the week-14 visit"}


@dataclass(frozen=True)
class Content:
    """Documents by name, curves by covariate, and the fingerprint of the rows behind them."""

    documents: dict[str, Any]
    curves: list[Any]
    data_hash: str


def content_of(
    connection: Connection,
    definition: str,
    *,
    curves_by: Sequence[str] = CURVES_BY,
    losses: bool = False,
) -> Content:
    """Every analysis of the definition; with `losses` also the list of them by study id.

    Raises WrongUsage for a covariate that is unknown.
    """
    from registry.analysis.dataset import read_view
    from registry.analysis.kaplan_meier import kaplan_meier
    from registry.analysis.listings import loss_list

    frames = {view: read_view(connection, view, definition) for view in VIEWS}
    patients = frames["analysis_set"]
    documents = {
        name: document(make) for name, make in _analyses(connection, frames, definition).items()
    }
    if losses:
        documents["losses"] = document(
            lambda: loss_list(
                frames["survival"], frames["lor_mechanism"], frames["lor_outcome"], definition
            )
        )

    def by(covariate: str) -> Any:
        return document(
            lambda: kaplan_meier(patients, definition, by=covariate).to_json(curves=True)
        )

    return Content(documents, [by(covariate) for covariate in curves_by], fingerprint(frames))


def _analyses(
    connection: Connection, frames: dict[str, DataFrame], definition: str
) -> dict[str, Callable[[], Any]]:
    """How each document is made, in the order in which the demo prints them."""
    from registry.analysis.cox import cox_regression
    from registry.analysis.flow import cohort_flow
    from registry.analysis.kaplan_meier import kaplan_meier
    from registry.analysis.listings import gene_list, week14_levels
    from registry.analysis.missing import missing_values
    from registry.analysis.outcome import outcomes_after_loss
    from registry.analysis.table1 import baseline_table
    from registry.analysis.table2 import univariate_table
    from registry.analysis.trough import week14_troughs

    patients = frames["analysis_set"]
    return {
        "flow": lambda: cohort_flow(frames["cohort_flow"], definition).to_json(),
        "table1": lambda: baseline_table(frames["baseline"], definition).to_json(),
        "table2": lambda: univariate_table(patients, definition).to_json(),
        "km": lambda: kaplan_meier(patients, definition).to_json(curves=True),
        "cox": lambda: cox_regression(patients, definition).to_json(),
        "tdm": lambda: week14_troughs(frames["tdm_week14"], definition).to_json(),
        "outcomes": lambda: outcomes_after_loss(frames["lor_outcome"], definition).to_json(),
        "levels": lambda: week14_levels(frames["tdm_week14"], frames["trough"], definition),
        "genes": lambda: gene_list(frames["gene_summary"], definition),
        "missing": lambda: missing_values(frames["missing_values"], definition).to_json(),
    }


def facts_of(
    connection: Connection, definition: str, data_hash: str, *, title: str, nature: str
) -> Facts:
    """What the report says about itself."""
    from registry.definitions.store import get_definition
    from registry.report.facts import Facts
    from registry.report.versions import versions

    row = get_definition(connection, definition)
    return Facts(
        title=title,
        definition=definition,
        definition_hash=str(row["hash"]),
        nature=nature,
        versions=versions(),
        time_zero=TIME_ZERO[row["time_zero"]],
        parameters=row,
        data_hash=data_hash,
    )


def document(make: Callable[[], Any]) -> Any:
    """The document, or the sentence that says why there is none."""
    try:
        return make()
    except CannotEstimate as error:
        return str(error)


def fingerprint(frames: dict[str, DataFrame]) -> str:
    """SHA-256 of the rows, whatever their order; numbers of records are no part of it."""
    from hashlib import sha256

    whole = sha256()
    for view in sorted(frames):
        frame = frames[view]
        columns = [name for name in frame.columns if not name.endswith("record_id")]
        rows = sorted(repr(row) for row in frame[columns].astype(str).itertuples(False, None))
        whole.update("\n".join([view, *columns, *rows, ""]).encode())
    return whole.hexdigest()
