"""Turns the declarations of columns into constraints, so that no limit is written twice."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import CheckConstraint, Column, Table, UniqueConstraint

from registry.models.missing_reason import MISSING_REASONS, check_of_reasons, may_lack
from registry.variables import Variable


def end_of_period(column: str) -> str:
    """Last day that a partial date may stand for, as SQL."""
    return (
        f"case {column}_precision when 'year' then ({column} + interval '1 year')::date - 1 "
        f"when 'month' then ({column} + interval '1 month')::date - 1 else {column} end"
    )


class InOrder(NamedTuple):
    """A date that may not lie before another of its row; `complaint` says so of the later one.

    Where the later one is `partial` it is held by the last day that it may mean.
    """

    later: str
    earlier: str
    name: str
    complaint: str
    partial: bool = False

    def held(self, row: str = "") -> str:
        """The later one as it is held to the other, as SQL."""
        return end_of_period(f"{row}{self.later}") if self.partial else f"{row}{self.later}"

    def constraint(self) -> CheckConstraint:
        """The rule as the database holds it."""
        return CheckConstraint(f"{self.held()} >= {self.earlier}", name=self.name)


def add_checks(table: Table) -> None:
    """Adds to a table the CHECKs that its variables declare."""
    for column in list(table.columns):
        for name, rule in declared_checks(column):
            table.append_constraint(CheckConstraint(rule, name=name))


def add_checks_of_records(table: Table, natural_key: tuple[str, ...]) -> None:
    """Adds to a clinical table its natural key, and where reasons of missing values may stand."""
    if "record_id" in table.columns:
        table.append_constraint(
            UniqueConstraint(
                "patient_id",
                *natural_key,
                name=f"uq_{table.name}_natural_key",
                postgresql_nulls_not_distinct=True,
            )
        )
    if MISSING_REASONS in table.columns:
        rule = check_of_reasons(may_lack(table, natural_key))
        table.append_constraint(CheckConstraint(rule, name=MISSING_REASONS))


def declared_checks(column: Column[Any]) -> list[tuple[str, str]]:
    """Name and SQL of every CHECK that a column's declaration asks for."""
    checks = []
    declaration: Variable | None = column.info.get("variable")
    if declaration is not None and (rule := declaration.check(column.name)) is not None:
        checks.append((column.name, rule))
    if (value := column.info.get("comparator_of")) is not None:
        checks.append(
            (
                column.name,
                f"{column.name} is null or {column.name} in ('<', '>') and {value} is not null",
            )
        )
    if (dated := column.info.get("precision_of")) is not None:
        empty = f"{column.name} is null"
        if column.info["may_be_unknown"]:
            empty = f"{column.name} is null or {column.name} = 'unknown'"
        first_of_period = (
            f"({dated} is null) = ({empty}) and ({empty} or "
            f"{column.name} = 'day' or {column.name} = 'month' and extract(day from {dated}) = 1 "
            f"or {column.name} = 'year' and extract(doy from {dated}) = 1)"
        )
        checks.append((column.name, first_of_period))
    return checks
