"""What a report shows as it is: the levels at week 14, the losses, the changes of genes."""

from __future__ import annotations

from typing import Any

import pandas as pd

from registry.analysis.dataset import check_definition, require_columns
from registry.covariates import OUTCOMES
from registry.errors import CannotEstimate
from registry.words import note


def week14_levels(week14: pd.DataFrame, trough: pd.DataFrame, definition: str) -> dict[str, Any]:
    """Every trough at week 14 by outcome, without the patient it is of.

    Args:
        week14: rows of `analytics.tdm_week14`.
        trough: rows of `analytics.trough`, for the threshold that holds for every phenotype.

    Returns:
        `unit`, `threshold` (None where none is known) and `groups`, each with its `levels`, pairs
        of a number in ug/mL and the comparator of a limit, in ascending order, and their `mean`.

    Raises:
        CannotEstimate: there is no level.
    """
    check_definition(week14, definition, "tdm_week14")
    require_columns(week14, ("event", "ifx_ug_ml", "ifx_comparator"), "tdm_week14")
    if week14.empty:
        raise CannotEstimate(
            note("No patient of the cohort has a trough of infliximab at week 14.")
        )
    groups = []
    for group, lost in (("lor", True), ("responder", False)):
        rows = week14[week14["event"].astype(bool) == lost]
        pairs = zip(rows["ifx_ug_ml"], rows["ifx_comparator"], strict=True)
        means = [float(value) for value in rows["ifx_for_mean"]]
        groups.append(
            {
                "group": group,
                "label": OUTCOMES[group],
                "levels": sorted(([float(v), c] for v, c in pairs), key=lambda pair: pair[0]),
                "mean": sum(means) / len(means) if means else None,
            }
        )
    general = trough[(trough["timepoint"] == "week_14") & (trough["phenotype_held_to"] == "any")]
    thresholds = {float(value) for value in general["threshold_ug_ml"].dropna()}
    return {
        "definition": definition,
        "unit": "ug/mL",
        "threshold": thresholds.pop() if len(thresholds) == 1 else None,
        "groups": groups,
    }


def loss_list(
    survival: pd.DataFrame, mechanism: pd.DataFrame, outcome: pd.DataFrame, definition: str
) -> dict[str, Any]:
    """Every loss of response by study id, without a date: when, how, why and what followed.

    Args:
        survival: rows of `analytics.survival`.
        mechanism: rows of `analytics.lor_mechanism`.
        outcome: rows of `analytics.lor_outcome`.

    Raises:
        CannotEstimate: nobody lost response.
    """
    for frame, view in (
        (survival, "survival"),
        (mechanism, "lor_mechanism"),
        (outcome, "lor_outcome"),
    ):
        check_definition(frame, definition, view)
    lost = survival[survival["event"].astype(bool)]
    if lost.empty:
        raise CannotEstimate(note("Nobody in the cohort lost response."))
    rows = (
        lost[["patient_id", "time_months", "event_pcdai"]]
        .merge(mechanism, on="patient_id", how="left")
        .merge(outcome[["patient_id", "outcome", "regained"]], on="patient_id", how="left")
        .sort_values("patient_id")
    )
    listed = [
        {
            "patient_id": str(row["patient_id"]),
            "months": float(row["time_months"]),
            "pcdai": _number(row["event_pcdai"]),
            "days_from_event": _number(row["days_from_event"]),
            "ifx_ug_ml": _number(row["ifx_ug_ml"]),
            "ifx_comparator": _word(row["ifx_ug_ml_comparator"]),
            "trough_status": _word(row["trough_status"]),
            "ada_status": _word(row["ada_status"]),
            "mechanism": _word(row["mechanism"]),
            "outcome": _word(row["outcome"]),
            "regained": None if pd.isna(row["regained"]) else bool(row["regained"]),
        }
        for row in rows.to_dict("records")
    ]
    return {"definition": definition, "rows": listed, "notes": []}


def gene_list(frame: pd.DataFrame, definition: str) -> dict[str, Any]:
    """Every change of a gene with how many patients have it, without a date.

    Args:
        frame: rows of `analytics.gene_summary`.

    Raises:
        CannotEstimate: no gene finding is recorded.
    """
    check_definition(frame, definition, "gene_summary")
    if frame.empty:
        raise CannotEstimate(note("No change of a gene is recorded up to the data cut."))
    words = ("gene", "hgvs_c", "hgvs_p", "acmg_class", "zygosity", "diagnosis")
    counts = ("patients", "in_cohort", "losses")
    rows = frame.sort_values(["gene", "hgvs_c"]).to_dict("records")
    return {
        "definition": definition,
        "rows": [
            {key: _word(row[key]) for key in words} | {key: int(row[key]) for key in counts}
            for row in rows
        ],
        "notes": [],
    }


def _number(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)


def _word(value: Any) -> str | None:
    return None if pd.isna(value) else str(value)
