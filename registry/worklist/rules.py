"""The rules of the worklist and the numbers they are held to: lists and changes them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from registry.errors import NotFound, Refused
from registry.models import WorklistSetting
from registry.parsing.parameter import read_parameter
from registry.words import spoken, tr

LISTING = "registry worklist parameters"


def list_rules(connection: Connection) -> list[dict[str, Any]]:
    """A row per rule, in the order of the list; its words in the person's language."""
    rows = connection.execute(
        text(
            "select rule, kind, active, after_end, action, why, source "
            "from reference.worklist_rule order by place"
        )
    ).mappings()
    return [
        {**row, **{name: spoken(row[name]) for name in ("action", "why", "source")}} for row in rows
    ]


def list_parameters(connection: Connection) -> list[dict[str, Any]]:
    """A row per number that the rules are held to: its value, unit, meaning and origin."""
    values = connection.execute(text("select * from reference.worklist_setting")).mappings().one()
    return [
        {
            "parameter": name,
            "value": values[name],
            "unit": declared.unit,
            "meaning": spoken(declared.label),
            "origin": spoken(declared.meaning),
        }
        for name, declared in WorklistSetting.parameters().items()
    ]


def set_parameters(connection: Connection, changes: list[str]) -> str:
    """Changes numbers by `NAME=VALUE`, for everyone; returns what was changed, in words.

    The caller has said who and why. Raises WrongUsage for an unknown name or a value of the wrong
    kind, Refused for one that is impossible or does not fit the others.
    """
    parameters = WorklistSetting.parameters()
    values = dict(read_parameter(change, parameters, LISTING) for change in changes)
    _begin_change(connection)
    try:
        connection.execute(
            text(
                "update reference.worklist_setting set "
                + ", ".join(f"{name} = :{name}" for name in values)
            ),
            values,
        )
    except IntegrityError:
        raise Refused(
            tr("These numbers do not fit together."),
            cure=tr("The days of infusions 2, 3 and 4 grow, and the least interval is the least."),
        ) from None
    return ", ".join(f"{name}={value}" for name, value in values.items())


def switch_rule(connection: Connection, rule: str, *, active: bool) -> None:
    """Makes a rule give items, or none, for everyone; NotFound for a rule that is not there."""
    names = list(
        connection.execute(
            text("select rule from reference.worklist_rule order by place")
        ).scalars()
    )
    if rule not in names:
        raise NotFound(
            tr("There is no rule {name}.", name=rule),
            cure=tr("There are: {names}.", names=", ".join(names)),
        )
    _begin_change(connection)
    connection.execute(
        text("update reference.worklist_rule set active = :active where rule = :rule"),
        {"active": active, "rule": rule},
    )


def _begin_change(connection: Connection) -> None:
    """Has the database keep who changes the rules and why; it refuses to without a reason."""
    connection.execute(text("select audit.current_change(true)"))
