"""The treating centres: their names, and when their patients come of age."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, text

from registry.database.login import require_centres
from registry.errors import Refused
from registry.models import Centre, table_of
from registry.parsing.parameter import read_parameter
from registry.records.change import declare_change, summarise_change
from registry.words import tr

CODE = "[A-Za-z0-9]{2,20}"
ROWS = """
select c.*, (select count(*) from clinical.patient p where p.centre = c.code) as patients
from reference.centre c
"""


def list_centres(connection: Connection) -> list[dict[str, Any]]:
    """A row per centre with the number of its patients."""
    return [dict(row) for row in connection.execute(text(f"{ROWS} order by c.code")).mappings()]


def add_centre(
    connection: Connection, code: str, told: Mapping[str, str], *, user: str, reason: str
) -> dict[str, Any]:
    """Adds a centre before its first child does; else as `amend_centre`.

    Raises Refused where it is there, or where the code is none.
    """
    if not re.fullmatch(CODE, code):
        raise Refused(
            tr("{code} is no code of a centre.", code=code),
            cure=tr("Two to twenty letters and digits, as BCH."),
        )
    if code in [row["code"] for row in list_centres(connection)]:
        raise Refused(
            tr("There is a centre {code} already.", code=code),
            cure=tr("What is told of it is changed by: registry centre amend"),
        )
    values = _read(told)
    declare_change(connection, user=user, command="centre add", reason=reason)
    connection.execute(text("insert into reference.centre (code) values (:code)"), {"code": code})
    return _tell(connection, code, values)


def amend_centre(
    connection: Connection, code: str, told: Mapping[str, str], *, user: str, reason: str
) -> dict[str, Any]:
    """Changes the centre's name or age of majority, given as text; NotFound without the centre.

    Raises Refused for an impossible value.
    """
    require_centres(connection, [code])
    values = _read(told)
    declare_change(connection, user=user, command="centre amend", reason=reason)
    return _tell(connection, code, values)


def _read(told: Mapping[str, str]) -> dict[str, Any]:
    variables = {
        column.name: column.info["variable"]
        for column in table_of(Centre).columns
        if not column.primary_key
    }
    return dict(
        read_parameter(f"{column}={written}", variables, "registry centre list")
        for column, written in told.items()
    )


def _tell(connection: Connection, code: str, values: Mapping[str, Any]) -> dict[str, Any]:
    if values:
        changes = ", ".join(f"{column} = :{column}" for column in values)
        connection.execute(
            text(f"update reference.centre set {changes} where code = :code"),
            {"code": code, **values},
        )
    told = [f"{name} {value}" for name, value in values.items()]
    summarise_change(connection, ", ".join(f"{code}: {one}" for one in told) or code)
    return next(row for row in list_centres(connection) if row["code"] == code)
