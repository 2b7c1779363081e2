"""The prediction at week 14 and its validation, as tables and as rows of a CSV file."""

from __future__ import annotations

from registry.report.numbers import fixed, limits, percent
from registry.report.rows import Rows
from registry.report.tables import Document, Table


def all_tables(document: Document) -> list[Table]:
    """The probabilities of the patient, if one is asked for, the model, and its validation."""
    made = [_model(document), *_validation(document)]
    return [_probabilities(document), *made] if document["patient_id"] else made


def rows(document: Document) -> Rows:
    """A row per time of prediction, the measures of the model repeated."""
    validation = document["validation"]
    return [
        {
            "patient_id": document["patient_id"],
            **(document["risks"][i] if document["risks"] else cohort),
            "cohort_probability": cohort["probability"],
            "concordance_corrected": validation["concordance"]["corrected"],
            "calibration_slope_corrected": validation["calibration_slope"]["corrected"],
            "n": document["n"],
            "events": document["events"],
        }
        for i, cohort in enumerate(document["cohort"])
    ]


def _probabilities(document: Document) -> Table:
    rows = []
    for one, cohort in zip(document["risks"], document["cohort"], strict=True):
        lower, upper = (None if one[k] is None else 100 * one[k] for k in ("lower", "upper"))
        rows.append(
            (
                _years(one["at_years"]),
                percent(one["probability"]),
                limits(lower, upper, 1),
                percent(cohort["probability"]),
            )
        )
    validation = document["validation"]
    concordance = fixed(validation["concordance"]["corrected"], 2)
    slope = fixed(validation["calibration_slope"]["corrected"], 2)
    return Table(
        title=(
            f"Probability that {document['patient_id']} loses response, from week 14 on"
            f" (definition: {document['definition']})"
        ),
        header=("Within", "%", "95 % limits", "cohort, %"),
        rows=tuple(rows),
        lines=(f"Corrected concordance {concordance}, calibration slope {slope}.",),
        notes=tuple(document["notes"]),
    )


def _model(document: Document) -> Table:
    with_patient = document["patient_id"] is not None
    rows = tuple(
        (
            f"{term['label']}: {term['per']}",
            *([fixed(term["value"], 2)] if with_patient else []),
            fixed(term["hr"], 3),
            fixed(term["coef_per_sd"], 3),
        )
        for term in document["terms"]
    )
    left = document["dropped"]
    dropped = f", {left} without a complete set of covariates left out" if left else ""
    return Table(
        title="The model",
        header=("Covariate", *(["patient"] if with_patient else []), "HR, shrunk", "B per SD"),
        rows=rows,
        lines=(
            f"{document['n']} patients{dropped}, {document['events']} with loss of response:"
            f" {document['events_per_covariate']:.1f} per covariate (refused below"
            f" {document['least_events_per_covariate']:g}). Penalty {document['penalty']:g},"
            f" which leaves {document['effective_df']:.2f} degrees of freedom.",
        ),
        notes=(document["method"], *(() if with_patient else document["notes"])),
    )


def _validation(document: Document) -> list[Table]:
    part = document["validation"]
    measures = tuple(
        (label, *(fixed(part[key][one], 3) for one in ("apparent", "optimism", "corrected")))
        for label, key in (
            ("Concordance", "concordance"),
            ("Calibration slope", "calibration_slope"),
        )
    )
    groups = []
    for one in part["groups"]:
        lower, upper = (None if one[k] is None else 100 * one[k] for k in ("lower", "upper"))
        groups.append(
            (
                f"{_years(one['at_years'])}, group {one['group']}",
                str(one["n"]),
                str(one["events"]),
                percent(one["predicted"]),
                percent(one["observed"]),
                limits(lower, upper, 1),
            )
        )
    made = [
        Table(
            title="How well it tells patients apart, and whether it is right",
            header=("", "apparent", "optimism", "corrected"),
            rows=measures,
            notes=(part["method"],),
        )
    ]
    if groups:
        made.append(
            Table(
                title="Predicted and observed, groups from low to high risk",
                header=("Within", "n", "loss", "predicted, %", "observed, %", "95 % limits"),
                rows=tuple(groups),
            )
        )
    return made


def _years(years: float) -> str:
    return "1 year" if years == 1 else f"{years:g} years"
