"""The imputed Cox model beside complete cases, and what was imputed, as tables and rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from registry.drawing.numbers import MISSING, fixed, number, percent
from registry.drawing.table import Document, Table, notes, title
from registry.report.model_tables import name_of, ratio_cells
from registry.report.rows import Rows
from registry.words import spoken, tr


def all_tables(document: Document) -> list[Table]:
    """The model, and where something is missing what was imputed."""
    return [_model(document), *([_imputed(document)] if document["imputations"] else [])]


def rows(document: Document) -> Rows:
    """A row per term, that of complete cases beside, the size of the model repeated."""
    keys = ("imputations", "seed", "n", "events")
    shared = {key: document[key] for key in keys} | {
        "complete_cases": document["complete_cases"]["n"]
    }
    numbers = ("coef", "se", "hr", "hr_lower", "hr_upper", "p")
    return [
        {
            **{key: value for key, value in term.items() if key != "complete"},
            **{f"complete_{key}": (term["complete"] or {}).get(key) for key in numbers},
            **shared,
        }
        for term in document["terms"]
    ]


def incomplete(document: Document) -> list[Mapping[str, Any]]:
    """The covariates of which something was imputed."""
    return [one for one in document["covariates"] if one["imputed_means"] is not None]


def _model(document: Document) -> Table:
    complete = document["complete_cases"]
    lines = [
        tr(
            "{n} patients, {events} with loss of response; complete cases {complete} and "
            "{complete_events}; ties: {ties}.",
            n=number(document["n"]),
            events=number(document["events"]),
            complete=number(complete["n"]),
            complete_events=number(complete["events"]),
            ties=document["ties"].capitalize(),
        )
    ]
    if complete["reason"]:
        lines.append(tr("Complete cases: not fitted. {reason}", reason=spoken(complete["reason"])))
    labels = {one["covariate"]: one["label"] for one in document["terms"]}
    lines += [
        tr(
            "Not among complete cases for want of {covariates}: {number:patient|patients}, "
            "{events} with loss of response.",
            covariates=tr(", ").join(spoken(labels[name]) for name in one["covariates"]),
            number=one["n"],
            events=one["events"],
        )
        for one in complete["left_out"] or ()
    ]
    return Table(
        title=title(tr("Cox regression with missing covariates imputed"), document),
        header=(
            tr("Covariate"),
            "HR",
            tr("95 % limits"),
            "P",
            tr("FMI, %"),
            tr("Complete HR"),
            tr("95 % limits"),
            "P",
        ),
        rows=tuple(
            (
                name_of(term),
                *ratio_cells(term),
                percent(term["fraction_missing"], 0),
                *ratio_cells(term["complete"]),
            )
            for term in document["terms"]
        ),
        lines=(
            *lines,
            tr("FMI: fraction of missing information about the coefficient (Rubin)."),
        ),
        notes=notes(document),
    )


def _imputed(document: Document) -> Table:
    return Table(
        title=title(tr("What was imputed"), document),
        header=(
            tr("Covariate"),
            tr("Known"),
            tr("Missing"),
            tr("Below a limit"),
            tr("Above a limit"),
            tr("Mean known"),
            tr("Mean imputed"),
            tr("Chains"),
        ),
        rows=tuple(
            (
                spoken(one["label"]) if one["scale"] == "log2" else name_of(one),
                *(number(one[key]) for key in ("known", "missing", "below_limit", "above_limit")),
                written(one, one["known_mean"]),
                written(one, mean_of(one["imputed_means"])),
                fixed(one["scale_reduction"], 2),
            )
            for one in incomplete(document)
        ),
        lines=(
            tr(
                "Mean: the share with the level, of a trough the geometric mean in ug/mL. Chains: "
                "Gelman and Rubin's factor, near 1 where they have settled."
            ),
        ),
    )


def mean_of(values: list[float]) -> float:
    """The mean over the data sets."""
    return sum(values) / len(values)


def written(covariate: Mapping[str, Any], mean: float | None) -> str:
    """A mean of the covariate's values on the scale on which it is told."""
    if mean is None:
        return MISSING
    if covariate["scale"] == "log2":
        return fixed(2.0**mean, 1)
    return f"{percent(mean)} %"
