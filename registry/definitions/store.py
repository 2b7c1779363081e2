"""Lists, shows and adds definitions; a value is read by the declaration of its parameter."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from registry.errors import Refused, WrongUsage
from registry.models.definition import Definition
from registry.parsing.parameter import read_parameter
from registry.records.change import declare_change, summarise_change
from registry.records.registry_setting import default_definition, definition_or_default
from registry.words import tr


def list_definitions(connection: Connection) -> list[dict[str, Any]]:
    """A row per definition: what it is and how fresh its statuses are."""
    rows = connection.execute(
        text(
            "select d.name, d.is_default, d.version, d.based_on, d.description, d.data_cut, "
            "left(d.hash, 12) as hash, f.derived_on, f.derived_patients, f.waiting "
            "from analytics.definition d "
            "join analytics.freshness f on f.definition = d.name order by d.name"
        )
    ).mappings()
    return [dict(row) for row in rows]


def get_definition(connection: Connection, name: str) -> dict[str, Any]:
    """The whole row; NotFound without it."""
    row = connection.execute(
        text("select * from rules.definition where name = :name"),
        {"name": definition_or_default(connection, name)},
    )
    return dict(row.mappings().one())


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
            tr("{name!r} cannot name a definition.", name=name),
            cure=tr("Begin with a letter; then up to 39 of a-z 0-9 _ -"),
        )
    values = get_definition(connection, base)
    parameters = Definition.parameters()
    for change in changes:
        key, value = read_parameter(change, parameters, "registry definition show paper")
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
            tr("There is a definition {name} already.", name=name),
            cure=tr("Take another name, or change it for everyone with --replace and --reason."),
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
        raise Refused(
            tr("These parameters do not fit together: {constraint}.", constraint=_constraint(error))
        ) from None
    return get_definition(connection, name)


def set_default_definition(connection: Connection, name: str, *, user: str, reason: str) -> None:
    """Makes `name` the registry's default, which is kept with who did it, when and why."""
    definition_or_default(connection, name)
    before = default_definition(connection)
    if name == before:
        return
    declare_change(connection, user=user, command="definition default", reason=reason)
    connection.execute(
        text("update reference.registry_setting set default_definition = :name"), {"name": name}
    )
    summarise_change(connection, f"default definition: {before}, now {name}")


def summary_of(definition: dict[str, Any]) -> str:
    """What the audit keeps of a definition that was added or changed, in words."""
    return f"{definition['name']}, version {definition['version']}: {definition['description']}"


def _description(base: str, changes: list[str]) -> str:
    return f"{base} with " + (", ".join(changes) if changes else "nothing changed")


def _constraint(error: IntegrityError) -> str:
    """The name of the rule that stands against it, in words."""
    name = str(getattr(getattr(error.orig, "diag", None), "constraint_name", "") or "")
    return name.removeprefix("ck_definition_").replace("_", " ") or tr("refused by the database")
