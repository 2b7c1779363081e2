"""Assays of drug levels, as their laboratories describe them: what their antibodies are read by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from registry.errors import NotFound, Refused, there_are
from registry.models import Assay, table_of
from registry.parsing.parameter import read_parameter
from registry.records.change import declare_change, summarise_change
from registry.variables import Variable
from registry.words import tr

ROWS = """
select a.*, (select count(*) from clinical.tdm_level t where t.assay = a.name) as levels
from reference.assay a
"""


def descriptions() -> dict[str, Variable]:
    """What can be told of an assay: column -> its declaration."""
    return {
        column.name: column.info["variable"]
        for column in table_of(Assay).columns
        if not column.primary_key
    }


def list_assays(connection: Connection) -> list[dict[str, Any]]:
    """A row per assay that is described or that a level was measured by, with its levels."""
    rows = connection.execute(text(f"{ROWS} order by a.name")).mappings()
    return [dict(row) for row in rows]


def get_assay(connection: Connection, name: str) -> dict[str, Any]:
    """The row of one assay; NotFound without it."""
    row = (
        connection.execute(text(f"{ROWS} where a.name = :name"), {"name": name}).mappings().first()
    )
    if row is None:
        names = [row["name"] for row in list_assays(connection)]
        raise NotFound(
            tr("There is no assay {name}.", name=name),
            cure=there_are(names) if names else tr("registry assay add {name} adds it.", name=name),
        )
    return dict(row)


def add_assay(
    connection: Connection, name: str, told: Mapping[str, str], *, user: str, reason: str | None
) -> dict[str, Any]:
    """Adds an assay with what is told of it, as text; a transaction of its own.

    Raises Refused where it is there already, be it in other capitals, or a value is impossible.
    """
    name = name.strip()
    if not name:
        raise Refused(tr("An assay needs a name."))
    there = connection.execute(
        text("select name from reference.assay where lower(name) = lower(:name)"), {"name": name}
    ).scalar()
    if there is not None:
        raise Refused(
            tr("There is an assay {name} already.", name=there),
            cure=tr("registry assay amend {name} changes what is told of it.", name=there),
        )
    values = _read(told)
    declare_change(connection, user=user, command="assay add", reason=reason)
    columns = ", ".join(("name", *values))
    marks = ", ".join(f":{column}" for column in ("name", *values))
    _store(connection, f"insert into reference.assay ({columns}) values ({marks})", name, values)
    return get_assay(connection, name)


def amend_assay(
    connection: Connection, name: str, told: Mapping[str, str], *, user: str, reason: str
) -> dict[str, Any]:
    """Changes what is told of an assay; `none` empties a value.

    Raises NotFound for an unknown assay, Refused for an impossible value.
    """
    get_assay(connection, name)
    values = _read(told)
    declare_change(connection, user=user, command="assay amend", reason=reason)
    changes = ", ".join(f"{column} = :{column}" for column in values)
    _store(connection, f"update reference.assay set {changes} where name = :name", name, values)
    return get_assay(connection, name)


def _read(told: Mapping[str, str]) -> dict[str, Any]:
    declared = descriptions()
    return dict(
        read_parameter(f"{column}={written}", declared, "registry assay list")
        for column, written in told.items()
    )


def _store(connection: Connection, statement: str, name: str, values: dict[str, Any]) -> None:
    try:
        connection.execute(text(statement), {"name": name, **values})
    except IntegrityError as error:
        if "high_above_positive" not in str(error.orig):
            raise
        raise Refused(
            tr("Antibodies are high-titre from a higher value on than they are positive from.")
        ) from None
    told = ", ".join(f"{column} {value}" for column, value in values.items())
    summarise_change(connection, f"{name}: {told or 'nothing told'}")
