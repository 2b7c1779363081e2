"""Tables of models of the hazard: the published beside the sound one, and every reading."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from registry.drawing.numbers import MISSING, fixed, limits, number, p_value
from registry.drawing.table import Document, Table, notes
from registry.words import spoken, tr


def compare_published(document: Document) -> Table:
    """The published and the sound hazard ratios, and a paragraph on each difference."""
    rows = tuple(
        (
            name_of(one),
            *ratio_cells(one["published"]),
            *ratio_cells(one["sound"]),
        )
        for one in document["covariates"]
    )
    published, sound = document["models"][0]["model"], document["models"][-1]["model"]
    lines = [
        _size(tr("As published"), published, document["models"][0]["reason"]),
        _size(tr("Sound"), sound, None),
        *([tr("What made the difference:")] if document["differences"] else []),
        *("- " + spoken(one["sentence"]) for one in document["differences"]),
    ]
    return Table(
        title=tr(
            "The published and the sound Cox model (definition: {definition})",
            definition=document["definition"],
        ),
        header=(
            tr("Covariate"),
            tr("Published HR"),
            tr("95 % limits"),
            "P",
            tr("Sound HR"),
            tr("95 % limits"),
            "P",
        ),
        rows=rows,
        lines=tuple(lines),
        notes=notes(document),
    )


def sensitivity(document: Document) -> Table:
    """A row per reading and model; a star where the limits exclude 1."""
    covariates = document["covariates"]
    rows = tuple(
        (
            reading_in_words(one),
            spoken(one["model"]),
            _whole(one, "n"),
            _whole(one, "events"),
            *(_starred(one["terms"][covariate["covariate"]]) for covariate in covariates),
        )
        for one in document["specifications"]
    )
    legend = tr("; ").join(
        tr("HR {number}: {name}", number=number, name=name_of(one))
        for number, one in enumerate(covariates, start=1)
    )
    return Table(
        title=tr(
            "Cox regression under every reading (reference: {definition})",
            definition=document["definition"],
        ),
        header=(
            tr("Reading"),
            tr("Model"),
            "n",
            tr("Losses"),
            *(f"HR {number}" for number in range(1, len(covariates) + 1)),
        ),
        rows=rows,
        left=2,
        lines=(
            tr("{legend}. * limits exclude 1.", legend=legend),
            *(spoken(one["sentence"]) for one in document["summary"]),
        ),
        notes=(
            *notes(document),
            tr(
                "Clock, censoring and hash above are those of the reference; those of each reading:"
                " `registry analyse sensitivity --format csv`."
            ),
        ),
    )


def name_of(covariate: Mapping[str, Any]) -> str:
    """'BMI Z-score: <=-1 against >-1'; of a number only its unit."""
    against = (
        tr(" against {other_level}", other_level=spoken(covariate["other_level"]))
        if covariate["other_level"]
        else ""
    )
    return tr(
        "{label}: {level}{against}",
        label=spoken(covariate["label"]),
        level=spoken(covariate["level"]),
        against=against,
    )


def reading_in_words(specification: Mapping[str, Any]) -> str:
    """'paper, lor_above 12.5'; the reference is marked."""
    choices = [f"{key} {value}" for key, value in specification["choices"].items()]
    words = ", ".join([specification["definition"], *choices])
    return tr("{words} (reference)", words=words) if specification["reference"] else words


def ratio_cells(numbers: Mapping[str, Any] | None) -> tuple[str, str, str]:
    """Hazard ratio, its limits and P, as three cells."""
    if numbers is None:
        return MISSING, MISSING, MISSING
    return (
        fixed(numbers["hr"], 2),
        limits(numbers["hr_lower"], numbers["hr_upper"], 2),
        p_value(numbers["p"]),
    )


def _size(words: str, model: Mapping[str, Any] | None, reason: str | None) -> str:
    if model is None:
        return tr("{words}: not fitted. {reason}", words=words, reason=spoken(reason or ""))
    penalty = tr(", Firth's penalty") if model["penalty"] == "firth" else ""
    return tr(
        "{words}: {n} patients, {events} with loss of response; ties: {ties}{penalty}; {entry}.",
        words=words,
        n=number(model["n"]),
        events=number(model["events"]),
        ties=model["ties"].capitalize(),
        penalty=penalty,
        entry=spoken(model["entry"]),
    )


def excludes_one(numbers: Mapping[str, Any] | None) -> bool:
    """Whether the limits of a hazard ratio exclude 1."""
    if numbers is None:
        return False
    lower, upper = numbers["hr_lower"], numbers["hr_upper"]
    return (lower is not None and lower > 1) or (upper is not None and upper < 1)


def _starred(numbers: Mapping[str, Any] | None) -> str:
    if numbers is None:
        return f"{MISSING} "
    return f"{fixed(numbers['hr'], 2)}{'*' if excludes_one(numbers) else ' '}"


def _whole(specification: Mapping[str, Any], key: str) -> str:
    """A number of patients; nothing for a model that was not fitted."""
    fitted = any(term is not None for term in specification["terms"].values())
    return number(specification[key]) if fitted else MISSING
