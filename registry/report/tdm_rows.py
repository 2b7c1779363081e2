"""The parts of the document on drug levels as flat rows for a CSV file."""

from __future__ import annotations

from typing import Any

from registry.report import rows
from registry.report.rows import Rows
from registry.report.tables import Document


def part(document: Document, name: str) -> Rows:
    """The rows of one part; none where the document has no such part.

    Args:
        document: of `registry analyse tdm`.
        name: one of `registry.report.tdm_tables.PARTS`.
    """
    if name == "groups":
        return rows.tdm(document)
    found = document[name]
    if found is None:
        return []
    match name:
        case "roc":
            return [dict(point) for point in found["points"]]
        case "over_time":
            return [dict(window) for window in found["windows"]]
        case "quartiles":
            return [
                {**{key: group[key] for key in ("quartile", "above", "to", "n", "events")}, **one}
                for group in found["groups"]
                for one in group["estimates"]
            ]
        case "mechanisms":
            return [dict(row) for row in found["rows"]]
        case _:
            return [_compared(row) for row in found["rows"]]


def _compared(row: Document) -> dict[str, Any]:
    keys = ("n", "known", "median", "q1", "q3", "missing")
    return {
        "id": row["id"],
        "label": row["label"],
        **{
            f"{group}_{key}": row[group].get(key)
            for group in ("measured", "not_measured")
            for key in keys
        },
        "standardised_difference": row["standardised_difference"],
        "p": row["p"],
        "test": row["test"],
    }
