"""What a report lists: losses of response, findings in genes, what is missing, what failed."""

from __future__ import annotations

from registry.drawing.numbers import MISSING, fixed, number
from registry.report.tables import Document, Table
from registry.words import spoken, tr


def missing(document: Document) -> Table:
    """What is missing by variable."""
    return Table(
        title=tr("Missing values, n = {n}", n=document["n"]),
        header=(tr("Variable"), tr("Known"), tr("Missing"), tr("Missing, %")),
        rows=tuple(
            (
                spoken(row["label"]),
                number(row["known"]),
                number(row["missing"]),
                fixed(row["percent"], 1),
            )
            for row in document["rows"]
        ),
        notes=(spoken(document["method"]), *map(spoken, document["notes"])),
    )


def quality(document: Document) -> Table:
    """Every rule of plausibility with what it was tried on, and an example of its sentence."""
    failed = sum(row["failed"] for row in document["rules"])
    return Table(
        title=tr("Plausibility of the records, {failed} failed", failed=failed),
        header=(
            tr("Rule"),
            tr("Kind of check"),
            tr("Says"),
            tr("Tried"),
            tr("Failed"),
            tr("Failed, %"),
            tr("Answered"),
        ),
        rows=tuple(
            (
                row["id"],
                row["category"],
                spoken(row["says"]),
                str(row["tried"]),
                str(row["failed"]),
                MISSING if row["percent"] is None else fixed(row["percent"], 2),
                str(row["answered"]),
            )
            for row in document["rules"]
        ),
        left=3,
        notes=(
            tr(
                "Of all records of the registry, not of the cohort alone. Kinds of checks as in "
                "OHDSI's Data Quality Dashboard."
            ),
            tr(
                "Answered: somebody has confirmed the value. Open queries: {number}.",
                number=document["open_queries"],
            ),
        ),
    )


def losses(document: Document) -> Table:
    """A row for each loss of response."""
    return Table(
        title=tr("The losses of response, one by one"),
        header=(
            tr("Study id"),
            tr("Months"),
            "PCDAI",
            tr("Level, ug/mL"),
            tr("Days from the loss"),
            tr("Antibodies"),
            tr("Mechanism"),
            tr("Then"),
        ),
        rows=tuple(
            (
                row["patient_id"],
                fixed(row["months"], 1),
                _plain(row["pcdai"]),
                (row["ifx_comparator"] or "") + _plain(row["ifx_ug_ml"]),
                _plain(row["days_from_event"]),
                _words(row["ada_status"]),
                _words(row["mechanism"]),
                _then(row["outcome"], row["regained"]),
            )
            for row in document["rows"]
        ),
        notes=(
            tr(
                "Months count from where the clock starts. The level is the one that decided the"
                " mechanism; days are negative before the loss."
            ),
        ),
    )


def genes(document: Document) -> Table:
    """A row for each change of a gene."""
    return Table(
        title=tr("Changes of genes found up to the data cut"),
        header=(
            tr("Gene"),
            tr("Change of DNA"),
            tr("Change of protein"),
            tr("Class"),
            tr("Zygosity"),
            tr("Disease"),
            tr("Patients"),
            tr("In the cohort"),
            tr("Lost response"),
        ),
        rows=tuple(
            (
                row["gene"] or MISSING,
                row["hgvs_c"] or MISSING,
                row["hgvs_p"] or MISSING,
                _words(row["acmg_class"]),
                _words(row["zygosity"]),
                row["diagnosis"] or MISSING,
                str(row["patients"]),
                str(row["in_cohort"]),
                str(row["losses"]),
            )
            for row in document["rows"]
        ),
        left=6,
    )


def _plain(value: float | None) -> str:
    return MISSING if value is None else f"{value:g}"


def _words(code: str | None) -> str:
    return MISSING if code is None else spoken(code.replace("_", " "))


def _then(outcome: str | None, regained: bool | None) -> str:
    words = _words(outcome)
    if regained is None:
        return words
    said = tr("regained") if regained else tr("not regained")
    return tr("{one}, {other}", one=words, other=said)
