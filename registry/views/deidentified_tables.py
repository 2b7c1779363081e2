"""The clinical tables as they may leave the centre: a column is told as its redaction class says.

Nothing is told but by one of the classes: a column of no class is not there, so that neither a new
table nor a new column leaves the centre by being forgotten.
"""

from __future__ import annotations

from typing import assert_never

from sqlalchemy import Column

from registry.models import ENTITIES, Entity, GeneFinding, Patient, table_of
from registry.models.missing_reason import may_lack, reason_column, reason_of, reason_variable
from registry.variables import Kind, Redaction
from registry.views.view import DEIDENTIFIED, RULES, View, in_order, views_of

RELEASED_CHILD = "released_child"
# What could find one of the children of a release, in the order in which it is given up where too
# few share it; the last is kept.
QUASI_IDENTIFIERS = ("centre", "birth_date", "sex")
AGE = "age_years"


def released_child_view() -> View:
    """Who is in a release; beside the rules, where nobody who reads a release looks."""
    [view] = views_of("release", RULES)
    return view


def deidentified_views() -> list[View]:
    """All that may leave the centre: a view a file, and a view a clinical table."""
    made = [_view(entity) for entity in ENTITIES if entity.declared.is_released]
    return in_order([*views_of("deidentified", DEIDENTIFIED), *made])


def told_quasi_identifiers() -> tuple[str, ...]:
    """The same as the columns of the view of the children have them."""
    return tuple(AGE if name == "birth_date" else name for name in QUASI_IDENTIFIERS)


def _view(entity: Entity) -> View:
    table = table_of(entity)
    lacking = may_lack(table, entity.natural_key)
    told = ["r.release", "r.child_id"]
    comments = {}
    for column in table.columns:
        found = _told(entity, column)
        if found is None:
            continue
        name, sql, comment = found
        told.append(f"{sql} as {name}")
        comments[name] = comment
        if column.name in lacking:
            reason = reason_column(name)
            told.append(f"{reason_of('t', reason_column(column.name))} as {reason}")
            comments[reason] = reason_variable(lacking[column.name]).comment()
    where = ""
    if entity is GeneFinding:
        where = " where t.patient_id not in (select patient_id from withdrawn_genetics)"
    return View(
        DEIDENTIFIED,
        table.name,
        f"create view {DEIDENTIFIED}.{table.name} as select {', '.join(told)} "
        f"from {table.name} t join {RELEASED_CHILD} r using (patient_id){where}",
        f"{table.comment} As it may leave the centre: days are those from the first infusion.",
        comments,
    )


def _told(entity: Entity, column: Column[object]) -> tuple[str, str, str] | None:
    """Name, SQL and comment of a column as it is told; None where it is not."""
    declared = column.info.get("variable")
    if declared is None:
        return _beside(entity, column)
    match declared.redacted_as:
        case Redaction.IDENTIFIER | Redaction.FREE_TEXT:
            return None
        case Redaction.CLINICAL:
            return column.name, f"t.{column.name}", declared.comment()
        case Redaction.DATE:
            days = f"t.{column.name} - r.start_on"
            if declared.kind is Kind.PARTIAL_DATE:
                days = f"blurred({days}, t.{column.name}_precision)"
            comment = f"{declared.label}: days from the first infusion, negative before it"
            return f"{column.name.removesuffix('_on')}_day", days, comment
        case Redaction.BIRTH:
            comment = "completed years of age at the first infusion; empty where too few share it"
            return AGE, f"r.{AGE}", comment
        case Redaction.QUASI_IDENTIFIER:
            comment = f"{declared.comment()}; empty where too few share it"
            return column.name, _where_shared(entity, column.name), comment
        case other:
            assert_never(other)


def _where_shared(entity: Entity, column: str) -> str:
    """A value that could find the child, where enough children share it."""
    if entity is Patient:
        return f"case when '{column}' <> all(r.given_up) then t.{column} end"
    return (
        f"case when (select count(distinct o.patient_id) from {RELEASED_CHILD} c "
        f"join {table_of(entity).name} o on o.patient_id = c.patient_id "
        f"where c.release = r.release and o.{column} = t.{column}) >= r.smallest_group "
        f"then t.{column} end"
    )


def _beside(entity: Entity, column: Column[object]) -> tuple[str, str, str] | None:
    """What says how exact a value is goes where the value goes."""
    value = column.info.get("comparator_of") or column.info.get("precision_of")
    if value is None or _told(entity, table_of(entity).columns[value]) is None:
        return None
    if "comparator_of" in column.info:
        return column.name, f"t.{column.name}", column.comment or ""
    name = f"{value.removesuffix('_on')}_known_to"
    comment = "what is known of the date: day, month or year; its day is as coarse"
    return name, f"t.{column.name}", comment
