"""Every variable of the import files, read off the declarations."""

from __future__ import annotations

from typing import Any

from registry.models import ENTITIES, table_of
from registry.models.missing_reason import may_lack, reason_column, reason_variable
from registry.models.patient import PATIENT_COLUMN, STUDY_ID
from registry.variables import Kind, Variable
from registry.vocabulary import MEANINGS
from registry.words import note, spoken

# How a value of the kind is written in a file.
WRITTEN = {
    Kind.TEXT: note("text"),
    Kind.CODE: note("code"),
    Kind.REASON: note("code"),
    Kind.FLAG: note("yes or no"),
    Kind.DATE: "YYYY-MM-DD",
    Kind.PARTIAL_DATE: note("YYYY-MM-DD, YYYY-MM or YYYY"),
    Kind.NUMBER: note("number"),
    Kind.INTEGER: note("whole number"),
    Kind.MEASURED: note("number, <number or >number"),
}


def declarations() -> dict[str, dict[str, Variable]]:
    """File name -> column -> its declaration, in the files' order."""
    return {
        entity.file_name: {PATIENT_COLUMN: STUDY_ID}
        | {
            column.name: column.info["variable"]
            for column in table_of(entity).columns
            if "variable" in column.info
        }
        for entity in ENTITIES
    }


def reasons() -> dict[str, dict[str, Variable]]:
    """File name -> column that says why another's value is missing -> its declaration.

    A file need not have any of them.
    """
    return {
        entity.file_name: {
            reason_column(column): reason_variable(variable)
            for column, variable in may_lack(table_of(entity), entity.natural_key).items()
        }
        for entity in ENTITIES
    }


def keys() -> dict[str, tuple[str, ...]]:
    """File name -> the columns that name a record."""
    return {entity.file_name: (PATIENT_COLUMN, *entity.natural_key) for entity in ENTITIES}


def descriptions() -> dict[str, str]:
    """File name -> what a row of it is, in the person's language."""
    return {entity.file_name: spoken(table_of(entity).comment or "") for entity in ENTITIES}


def codebook() -> list[dict[str, Any]]:
    """A row per file and column: what it is called, how it is written, what is allowed.

    Words are in the person's language. `codes` maps each allowed code to its meaning; None where
    the variable has no codes; `reason` names the column that says why a value is missing;
    `redaction` says what a value could give away of a child.
    """
    key = keys()
    reason = reasons()
    return [
        {
            "table": table,
            "column": column,
            "label": spoken(declaration.label),
            "kind": declaration.kind.value,
            "required": declaration.required,
            "key": column in key[table],
            "unit": declaration.unit,
            "allowed": declaration.limits() or None,
            "written": spoken(WRITTEN[declaration.kind]),
            "meaning": spoken(declaration.meaning) or None,
            "codes": meanings(declaration),
            "reason": reason_column(column) if reason_column(column) in reason[table] else None,
            "redaction": declaration.redacted_as.value,
        }
        for table, columns in declarations().items()
        for column, declaration in columns.items()
    ]


def meanings(declaration: Variable) -> dict[str, str] | None:
    """Each code of the variable with its meaning, in the person's language."""
    if declaration.codes is None:
        return None
    return {code: spoken(words) for code, words in MEANINGS[declaration.codes].items()}


def headers() -> dict[str, list[str]]:
    """File name -> its columns, in order."""
    return {table: list(columns) for table, columns in declarations().items()}
