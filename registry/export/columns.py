"""A table of records as an import file has it, each column typed and labelled."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd
from sqlalchemy import Connection, text

from registry.export.formats import Labelled
from registry.models import table_of
from registry.models.patient import STUDY_ID
from registry.records.cells import spelled
from registry.records.rows import PATIENT_COLUMN, Entity, file_columns
from registry.variables import Kind, Variable


def read_table(
    connection: Connection, entity: Entity, *, without: Collection[int] = ()
) -> Labelled:
    """Every record of the table, with the columns of its import file.

    `without` are numbers of patients whose records are left out.
    """
    table = table_of(entity)
    columns = {PATIENT_COLUMN: STUDY_ID, **file_columns(entity)}
    read = ", ".join(
        [f"n.study_id as {PATIENT_COLUMN}"]
        + [f'{spelled("t", name, one)} as "{name}"' for name, one in file_columns(entity).items()]
    )
    order = ", ".join(["n.study_id", *(f"t.{name}" for name in entity.natural_key)])
    frame = pd.read_sql(
        text(
            f"select {read} from {table.schema}.{table.name} t"
            " join reference.patient_number n using (patient_id)"
            f" where t.patient_id <> all(:without) order by {order}"
        ),
        connection,
        params={"without": list(without)},
        dtype=object,
    )
    for name, one in columns.items():
        frame[name] = _typed(frame[name], one)
    return Labelled(
        entity.file_name,
        table.comment or entity.file_name,
        frame,
        {name: _label(one) for name, one in columns.items()},
        frozenset(name for name, one in columns.items() if one.kind is Kind.DATE),
        sheet=entity.file_name,
    )


def _label(variable: Variable) -> str:
    return variable.label + (", why missing" if variable.kind is Kind.REASON else "")


def _typed(values: pd.Series, variable: Variable) -> pd.Series:
    match variable.kind:
        case Kind.NUMBER | Kind.INTEGER:
            return pd.to_numeric(values)
        case Kind.DATE:
            return pd.to_datetime(values).dt.date
        case Kind.FLAG:
            return values.map({"yes": True, "no": False, None: None}).astype(object)
        case _:
            return values
