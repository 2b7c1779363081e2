"""The rules of the worklist and the numbers they are held to: lists and changes them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from registry.errors import NotFound, Refused
from registry.models import WorklistSetting
from registry.parsing.parameter import read_parameter
from registry.variables import Kind, Variable
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
    """A row per number that the rules are held to: its value, unit, meaning and origin.

    Those of the worklist's own rules first, then those that entries and their plausibility are
    held to.
    """
    values = connection.execute(text("select * from reference.worklist_setting")).mappings().one()
    own = [
        {
            "parameter": name,
            "value": values[name],
            "unit": declared.unit,
            "meaning": spoken(declared.label),
            "origin": spoken(declared.meaning),
        }
        for name, declared in WorklistSetting.parameters().items()
    ]
    limits = connection.execute(
        text(
            "select key as parameter, value, nullif(unit, '') as unit, meaning, source as origin "
            "from reference.entry_limit order by key"
        )
    ).mappings()
    return own + [
        {**row, "meaning": spoken(row["meaning"]), "origin": spoken(row["origin"])}
        for row in limits
    ]


def set_parameters(connection: Connection, changes: list[str]) -> str:
    """Changes numbers by `NAME=VALUE`, for everyone; returns what was changed, in words.

    The caller has said who and why. Raises WrongUsage for an unknown name or a value of the wrong
    kind, Refused for one that is impossible or does not fit the others.
    """
    parameters = WorklistSetting.parameters()
    limits = _limits(connection)
    values = dict(read_parameter(change, parameters | limits, LISTING) for change in changes)
    _begin_change(connection)
    own = {name: value for name, value in values.items() if name in parameters}
    try:
        if own:
            connection.execute(
                text(
                    "update reference.worklist_setting set "
                    + ", ".join(f"{name} = :{name}" for name in own)
                ),
                own,
            )
    except IntegrityError:
        raise Refused(
            tr("These numbers do not fit together."),
            cure=tr("The days of infusions 2, 3 and 4 grow, and the least interval is the least."),
        ) from None
    for name in values.keys() & limits.keys():
        connection.execute(
            text("update reference.entry_limit set value = :value where key = :name"),
            {"name": name, "value": values[name]},
        )
    return ", ".join(f"{name}={value}" for name, value in values.items())


def _limits(connection: Connection) -> dict[str, Variable]:
    """What entries are held to, by its name; any number that is not below nought will do."""
    rows = connection.execute(text("select key, meaning, unit from reference.entry_limit"))
    return {
        row.key: Variable(
            row.meaning, Kind.NUMBER, unit=row.unit or None, required=True, minimum=Decimal(0)
        )
        for row in rows
    }


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
