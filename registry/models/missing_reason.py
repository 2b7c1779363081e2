"""Why a value is missing: the null flavours that stand beside empty columns, never in them.

A clinical table holds them in one column, `missing_reasons`: column -> code. Files and views have
them as `<column>_missing`, each right behind its column.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import Any

from sqlalchemy import Column, Table
from sqlalchemy.dialects.postgresql import JSONB

from registry.variables import Kind, Variable
from registry.vocabulary import NULL_FLAVOURS

MISSING_REASONS = "missing_reasons"
SUFFIX = "_missing"


def missing_reasons() -> partial[Column[Any]]:
    """The column of a clinical table that holds the reasons."""
    return partial(
        Column,
        JSONB,
        nullable=True,
        comment="why empty columns are empty: column and code, as UNK; empty without a reason",
    )


def may_lack(table: Table, natural_key: Collection[str]) -> dict[str, Variable]:
    """The columns whose value can be missing for a reason, with their declarations.

    The key and what is required are never missing, and an empty column that says something by
    itself, as that a drug is still taken, is not missing.
    """
    declared: dict[str, Variable] = {
        column.name: column.info["variable"]
        for column in table.columns
        if "variable" in column.info
    }
    return {
        name: one
        for name, one in declared.items()
        if not (one.required or one.empty_tells or name in natural_key)
    }


def reason_variable(variable: Variable) -> Variable:
    """The declaration of the column that says why the variable's value is missing."""
    return Variable(
        variable.label,
        Kind.REASON,
        codes=NULL_FLAVOURS,
        meaning="why the value is missing; only beside an empty one",
    )


def reason_column(column: str) -> str:
    """What the reason of a column is called in files and views."""
    return column + SUFFIX


def reason_of(row: str, reason: str) -> str:
    """The reason that a row holds, as SQL; `reason` is named as in files."""
    return f"{row}.{MISSING_REASONS} ->> '{reason.removesuffix(SUFFIX)}'"


def check_of_reasons(columns: Collection[str]) -> str:
    """That reasons stand only beside empty columns of these, each a known code, as SQL."""
    if not columns:
        return f"{MISSING_REASONS} is null"
    names = ", ".join(f"'{name}'" for name in columns)
    codes = ", ".join(f"'\"{code}\"'" for code in NULL_FLAVOURS)
    rules = [
        f"jsonb_typeof({MISSING_REASONS}) = 'object'",
        f"{MISSING_REASONS} <> '{{}}'",
        f"{MISSING_REASONS} - array[{names}] = '{{}}'",
        *(
            f"({MISSING_REASONS} -> '{name}' is null or {name} is null "
            f"and {MISSING_REASONS} -> '{name}' in ({codes}))"
            for name in columns
        ),
    ]
    return f"{MISSING_REASONS} is null or {' and '.join(rules)}"
