"""Every variable of the import files, read off the declarations."""

from __future__ import annotations

from typing import Any

from registry.models import ENTITIES, table_of
from registry.models.patient import STUDY_ID
from registry.variables import Variable

# The patient's column stands first in every file; in the tables it is a number.
PATIENT_COLUMN = "patient_id"


def codebook() -> list[dict[str, Any]]:
    """A row per file and column: what it is called, how it is written, what is allowed."""
    rows = []
    for entity in ENTITIES:
        rows.append(_row(entity.file_name, PATIENT_COLUMN, STUDY_ID, key=True))
        rows.extend(
            _row(
                entity.file_name,
                column.name,
                column.info["variable"],
                key=column.name in entity.natural_key,
            )
            for column in table_of(entity).columns
            if "variable" in column.info
        )
    return rows


def _row(file: str, column: str, declaration: Variable, *, key: bool) -> dict[str, Any]:
    return {
        "table": file,
        "column": column,
        "label": declaration.label,
        "kind": declaration.kind.value,
        "required": declaration.required,
        "key": key,
        "unit": declaration.unit,
        "allowed": declaration.limits() or None,
        "meaning": declaration.meaning or None,
    }


def headers() -> dict[str, list[str]]:
    """File name -> its columns, in order."""
    found: dict[str, list[str]] = {}
    for row in codebook():
        found.setdefault(row["table"], []).append(row["column"])
    return found
