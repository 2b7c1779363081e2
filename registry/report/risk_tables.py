"""The prediction at week 14 and its validation, as tables and as rows of a CSV file."""

from __future__ import annotations

from registry.drawing.numbers import fixed, limits, percent
from registry.drawing.table import basis, title
from registry.report.rows import Rows
from registry.report.tables import Document, Table
from registry.words import spoken, tr


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
            "at_years": cohort["at_years"],
            "probability": cohort["probability"],
            **(document["risks"][i] if document["risks"] else {}),
            "cohort_probability": cohort["probability"],
            "cohort_one_minus_kaplan_meier": cohort["one_minus_kaplan_meier"],
            "concordance_corrected": validation["concordance"]["corrected"],
            "calibration_slope_corrected": validation["calibration_slope"]["corrected"],
            "n": document["n"],
            "events": document["events"],
        }
        for i, cohort in enumerate(document["cohort"])
    ]


def _probabilities(document: Document) -> Table:
    rows = [
        (
            _years(one["at_years"]),
            percent(one["probability"]),
            _limits(one),
            percent(cohort["probability"]),
            percent(one["were_nobody_to_stop"]),
        )
        for one, cohort in zip(document["risks"], document["cohort"], strict=True)
    ]
    validation = document["validation"]
    concordance = fixed(validation["concordance"]["corrected"], 2)
    slope = fixed(validation["calibration_slope"]["corrected"], 2)
    return Table(
        title=(
            tr(
                "Probability that {patient_id} loses response, from week 14 on (definition: "
                "{definition})",
                patient_id=document["patient_id"],
                definition=document["definition"],
            )
        ),
        header=(
            tr("Within"),
            "%",
            tr("95 % limits"),
            tr("cohort, %"),
            tr("were nobody to stop, %"),
        ),
        rows=tuple(rows),
        lines=(
            tr(
                "Corrected concordance {concordance}, calibration slope {slope}.",
                concordance=concordance,
                slope=slope,
            ),
        ),
        notes=tuple(map(spoken, document["notes"])),
    )


def _model(document: Document) -> Table:
    with_patient = document["patient_id"] is not None
    rows = tuple(
        (
            tr("{label}: {level}", label=spoken(term["label"]), level=spoken(term["per"])),
            *([fixed(term["value"], 2)] if with_patient else []),
            fixed(term["hr"], 3),
            fixed(term["coef_per_sd"], 3),
        )
        for term in document["terms"]
    )
    left = document["dropped"]
    dropped = (
        tr(", {number} without a complete set of covariates left out", number=left) if left else ""
    )
    return Table(
        title=title(tr("The model"), document),
        header=(
            tr("Covariate"),
            *([tr("patient")] if with_patient else []),
            tr("HR, shrunk"),
            tr("B per SD"),
        ),
        rows=rows,
        lines=(
            tr(
                "{n} patients{dropped}, {events} with loss of response: "
                "{events_per_covariate:.1f} per covariate (refused below "
                "{least_events_per_covariate:g}). Penalty {penalty:g}, which leaves "
                "{effective_df:.2f} degrees of freedom.",
                n=document["n"],
                dropped=dropped,
                events=document["events"],
                events_per_covariate=document["events_per_covariate"],
                least_events_per_covariate=document["least_events_per_covariate"],
                penalty=document["penalty"],
                effective_df=document["effective_df"],
            ),
        ),
        notes=(
            spoken(document["method"]),
            *basis(document),
            *(() if with_patient else map(spoken, document["notes"])),
        ),
    )


def _validation(document: Document) -> list[Table]:
    part = document["validation"]
    measures = tuple(
        (label, *(fixed(part[key][one], 3) for one in ("apparent", "optimism", "corrected")))
        for label, key in (
            (tr("Concordance"), "concordance"),
            (tr("Calibration slope"), "calibration_slope"),
        )
    )
    groups = [
        (
            tr("{years}, group {group}", years=_years(one["at_years"]), group=one["group"]),
            str(one["n"]),
            str(one["events"]),
            percent(one["predicted"]),
            percent(one["observed"]),
            _limits(one),
        )
        for one in part["groups"]
    ]
    made = [
        Table(
            title=tr("How well it tells patients apart, and whether it is right"),
            header=("", tr("apparent"), tr("optimism"), tr("corrected")),
            rows=measures,
            notes=(spoken(part["method"]),),
        )
    ]
    if groups:
        made.append(
            Table(
                title=tr("Predicted and observed, groups from low to high risk"),
                header=(
                    tr("Within"),
                    "n",
                    tr("loss"),
                    tr("predicted, %"),
                    tr("observed, %"),
                    tr("95 % limits"),
                ),
                rows=tuple(groups),
            )
        )
    return made


def _limits(one: Document) -> str:
    lower, upper = (None if one[name] is None else 100 * one[name] for name in ("lower", "upper"))
    return limits(lower, upper, 1)


def _years(years: float) -> str:
    return tr("1 year") if years == 1 else tr("{years:g} years", years=years)
