"""The treating centres: their names, and when their patients come of age."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, text

from registry.errors import NotFound
from registry.models import Centre, table_of
from registry.parsing.parameter import read_parameter
from registry.records.change import declare_change, summarise_change
from registry.words import tr

ROWS = """
select c.*, (select count(*) from clinical.patient p where p.centre = c.code) as patients
from reference.centre c
"""


def list_centres(connection: Connection) -> list[dict[str, Any]]:
    """A row per centre with the number of its patients."""
    return [dict(row) for row in connection.execute(text(f"{ROWS} order by c.code")).mappings()]


def amend_centre(
    connection: Connection, code: str, told: Mapping[str, str], *, user: str, reason: str
) -> dict[str, Any]:
    """Changes the centre's name or age of majority, given as text; NotFound without the centre.

    Raises Refused for an impossible value.
    """
    known = list_centres(connection)
    if code not in [row["code"] for row in known]:
        raise NotFound(
            tr("There is no centre {code}.", code=code),
            cure=tr("There are: {names}.", names=", ".join(row["code"] for row in known) or "-"),
        )
    variables = {
        column.name: column.info["variable"]
        for column in table_of(Centre).columns
        if not column.primary_key
    }
    values = dict(
        read_parameter(f"{column}={written}", variables, "registry centre list")
        for column, written in told.items()
    )
    declare_change(connection, user=user, command="centre amend", reason=reason)
    changes = ", ".join(f"{column} = :{column}" for column in values)
    connection.execute(
        text(f"update reference.centre set {changes} where code = :code"), {"code": code, **values}
    )
    summarise_change(connection, ", ".join(f"{code}: {name} {v}" for name, v in values.items()))
    return next(row for row in list_centres(connection) if row["code"] == code)
