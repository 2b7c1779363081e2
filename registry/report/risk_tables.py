"""The prediction at week 14 and its validation, as tables and as rows of a CSV file."""

from __future__ import annotations

from registry.drawing.numbers import fixed, limits, percent, whole
from registry.drawing.table import basis, title
from registry.report.rows import Rows
from registry.report.tables import Document, Table
from registry.words import spoken, tr


def all_tables(document: Document) -> list[Table]:
    """The probabilities of whoever is asked for, the model, its validation, and that by time."""
    made = [_model(document), *_validation(document), *_by_time(document)]
    return [_probabilities(document), *made] if document["risks"] else made


def rows(document: Document) -> Rows:
    """A row per time of prediction, the measures of the model repeated."""
    validation = document["validation"]
    return [
        {
            "patient_id": document["patient_id"],
            "at_months": cohort["at_months"],
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


def patients(document: Document) -> Rows:
    """A row per patient of the model and time: its risk, and that by models made without it."""
    return [dict(one) for one in document["patients"]]


def performance(document: Document) -> Rows:
    """A row per time and measure; without limits and optimism where it has none."""
    keys = ("apparent", "lower", "upper", "optimism", "corrected")
    return [
        {
            "at_months": one["at_months"],
            "measure": name,
            **{key: of.get(key) if isinstance(of, dict) else None for key in keys},
            **({} if isinstance(of, dict) else {"apparent": of}),
        }
        for one in document["validation"]["by_time"]
        for name, of in one.items()
        if name != "at_months"
    ]


ROWS = {"probabilities": rows, "patients": patients, "performance": performance}


def _probabilities(document: Document) -> Table:
    rows = [
        (
            _months(one["at_months"]),
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
                patient_id=document["patient_id"] or _described(document),
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
    with_patient = bool(document["risks"])
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
            tr("{within}, group {group}", within=_months(one["at_months"]), group=one["group"]),
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


def _by_time(document: Document) -> list[Table]:
    """Brier score, AUC and calibration at each of the times at which there is something to say."""
    part = document["validation"]
    names = (
        (tr("Brier score"), "brier", 1, 3),
        (tr("Scaled Brier score, %"), "scaled_brier", 100, 1),
        (tr("Integrated Brier score"), "integrated_brier", 1, 3),
        (tr("AUC"), "auc", 1, 3),
        (tr("Observed over predicted"), "observed_over_predicted", 1, 2),
        (tr("Calibration intercept"), "calibration_intercept", 1, 2),
        (tr("Calibration slope"), "calibration_slope", 1, 2),
        (tr("Mean distance from the curve (ICI), %"), "ici", 100, 1),
    )
    rows: list[tuple[str, ...]] = []
    for one in part["by_time"]:
        rows.append(
            (
                tr(
                    "{within}: {losses:loss|losses}, {followed} followed on",
                    within=_months(one["at_months"]),
                    losses=one["losses"],
                    followed=one["followed"],
                ),
                *4 * ("",),
            )
        )
        if one["null_brier"] is None:
            continue
        null = fixed(one["null_brier"], 3)
        rows.append(("  " + tr("Brier score of the cohort's incidence"), null, "", "", ""))
        for label, name, times, digits in names:
            of = {key: None if v is None else times * v for key, v in one[name].items()}
            rows.append(
                (
                    "  " + label,
                    *(fixed(of[key], digits) for key in ("apparent", "optimism", "corrected")),
                    limits(of["lower"], of["upper"], digits) if "lower" in of else "",
                )
            )
    return [
        Table(
            title=tr("How good the probabilities are, by time"),
            header=("", tr("apparent"), tr("optimism"), tr("corrected"), tr("95 % limits")),
            rows=tuple(rows),
            notes=(
                tr(
                    "Brier score: 0 is best; scaled: 0 is no better than the cohort's incidence"
                    " told of everybody. AUC: 0.5 is chance. Limits: of the corrected measure."
                    " Nothing is measured with fewer than {fewest} losses by then, or"
                    " {fewest} patients followed on.",
                    fewest=part["fewest"],
                ),
            ),
        )
    ]


def _described(document: Document) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in document["pattern"].items())


def _months(months: float) -> str:
    return tr("{months:month|months}", months=whole(months))
