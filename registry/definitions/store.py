"""Lists, shows and adds definitions; a value is read by the declaration of its parameter."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from registry.errors import NotFound, Refused, WrongUsage
from registry.models import Definition
from registry.variables import Kind, Variable

NONE = "none"


def list_definitions(connection: Connection) -> list[dict[str, Any]]:
    """A row per definition: what it is and how fresh its statuses are."""
    rows = connection.execute(
        text(
            "select d.name, d.version, d.based_on, d.description, left(d.hash, 12) as hash, "
            "f.derived_patients, f.waiting from reference.definition d "
            "join analytics.freshness f on f.definition = d.name order by d.name"
        )
    ).mappings()
    return [dict(row) for row in rows]


def get_definition(connection: Connection, name: str) -> dict[str, Any]:
    """The whole row; NotFound without it."""
    row = (
        connection.execute(
            text("select * from reference.definition where name = :name"), {"name": name}
        )
        .mappings()
        .one_or_none()
    )
    if row is None:
        names = connection.execute(text("select name from reference.definition order by 1"))
        raise NotFound(
            f"There is no definition {name}.", cure=f"There are: {', '.join(names.scalars())}."
        )
    return dict(row)


def add_definition(
    connection: Connection,
    name: str,
    base: str,
    changes: list[str],
    *,
    description: str | None = None,
    replace: bool = False,
) -> dict[str, Any]:
    """Adds `name` as `base` with the changes `KEY=VALUE`; with `replace` it may be there.

    Raises WrongUsage for an unknown key or a value of the wrong kind, Refused for an impossible
    value or a name that is taken.
    """
    pattern = Definition.__table__.columns["name"].info["variable"].pattern
    if not re.fullmatch(pattern, name):
        raise WrongUsage(
            f"{name!r} cannot name a definition.",
            cure="Begin with a letter; then up to 39 of a-z 0-9 _ -",
        )
    values = get_definition(connection, base)
    parameters = Definition.parameters()
    for change in changes:
        key, value = _parsed(change, parameters)
        values[key] = value
    row = {key: values[key] for key in parameters} | {
        "name": name,
        "based_on": base if base != name else values["based_on"],
        "description": description or _description(base, changes),
    }
    taken = connection.execute(
        text("select exists (select from reference.definition where name = :name)"), {"name": name}
    ).scalar_one()
    if taken and not replace:
        raise Refused(
            f"There is a definition {name} already.",
            cure="Take another name, or change it for everyone with --replace and --reason.",
        )
    names = ", ".join(row)
    marks = ", ".join(f":{key}" for key in row)
    changed = ", ".join(f"{key} = excluded.{key}" for key in row if key != "name")
    try:
        connection.execute(
            text(
                f"insert into reference.definition ({names}) values ({marks}) "
                f"on conflict (name) do update set {changed}"
            ),
            row,
        )
    except IntegrityError as error:
        raise Refused(f"These parameters do not fit together: {_constraint(error)}.") from None
    return get_definition(connection, name)


def record_definition(
    connection: Connection, definition: dict[str, Any], user: str, reason: str | None
) -> None:
    """Keeps who added or changed a definition, when and why."""
    summary = f"{definition['name']}, version {definition['version']}: {definition['description']}"
    connection.execute(
        text(
            "insert into reference.change_set (made_by, command, reason, summary) "
            "values (:user, 'definition add', :reason, :summary)"
        ),
        {"user": user, "reason": reason, "summary": summary},
    )


def _description(base: str, changes: list[str]) -> str:
    return f"{base} with " + (", ".join(changes) if changes else "nothing changed")


def _constraint(error: IntegrityError) -> str:
    """The name of the rule that stands against it, in words."""
    name = str(getattr(getattr(error.orig, "diag", None), "constraint_name", "") or "")
    return name.removeprefix("ck_definition_").replace("_", " ") or "refused by the database"


def _parsed(change: str, parameters: dict[str, Variable]) -> tuple[str, Any]:
    key, equals, written = change.partition("=")
    key, written = key.strip(), written.strip()
    if not equals:
        raise WrongUsage(f"--set {change} is not KEY=VALUE.")
    if key not in parameters:
        near = get_close_matches(key, parameters, 1)
        raise WrongUsage(
            f"There is no parameter {key}.",
            cure=f"Did you mean {near[0]}?" if near else "See: registry definition show paper",
        )
    variable = parameters[key]
    if written.lower() in (NONE, ""):
        if variable.required:
            raise Refused(f"{key} needs a value{_allowed(variable)}.")
        return key, None
    value = _value(key, written, variable)
    _refuse_impossible(key, value, written, variable)
    return key, value


def _value(key: str, written: str, variable: Variable) -> Any:
    try:
        match variable.kind:
            case Kind.FLAG:
                return {"yes": True, "true": True, "no": False, "false": False}[written.lower()]
            case Kind.INTEGER:
                return int(written)
            case Kind.NUMBER:
                number = Decimal(written)
                if not number.is_finite():
                    raise ValueError(written)
                return number
            case Kind.DATE:
                return date.fromisoformat(written)
            case _:
                return written
    except (KeyError, ValueError, InvalidOperation):
        kinds = {
            Kind.FLAG: "yes or no",
            Kind.INTEGER: "a whole number",
            Kind.NUMBER: "a number",
            Kind.DATE: "a date as YYYY-MM-DD",
        }
        raise WrongUsage(f"{key}={written} is not {kinds[variable.kind]}.") from None


def _refuse_impossible(key: str, value: Any, written: str, variable: Variable) -> None:
    impossible = (
        (variable.codes is not None and value not in variable.codes)
        or (variable.minimum is not None and value < variable.minimum)
        or (variable.maximum is not None and value > variable.maximum)
        or (variable.kind is Kind.DATE and value > date.today())
    )
    if impossible:
        raise Refused(f"{key}={written} is impossible{_allowed(variable)}.")


def _allowed(variable: Variable) -> str:
    if variable.kind is Kind.DATE:
        return ": not in the future, since follow-up that has not been lived cannot be analysed"
    words = variable.limits()
    unit = f" {variable.unit}" if variable.unit else ""
    return f": {words}{unit}" if words else ""
