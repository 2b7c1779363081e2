"""The rules of the worklist and the numbers they are held to: lists and changes them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from registry.errors import NotFound, Refused, there_are
from registry.models.definition import OURS
from registry.models.worklist import WorklistSetting
from registry.parsing.parameter import read_parameter
from registry.variables import Kind, Variable
from registry.words import note, spoken, tr

LISTING = "registry worklist parameters"
_THERAPEUTIC = note("Trough of infliximab that is therapeutic, from here on")
# The name of a threshold among the numbers: trough_week_14, trough_week_14_perianal_fistulising.
_TROUGH = "concat_ws('_', 'trough', timepoint, nullif(phenotype, 'any'))"
_THRESHOLDS = (
    "purpose = 'therapeutic' and version = (select max(version) from reference.tdm_threshold)"
)
_OTHERS = f"""
select key as parameter, value, nullif(unit, '') as unit, meaning, source as origin
from reference.entry_limit
union all
select {_TROUGH}, ifx_ug_ml, 'ug/mL', :therapeutic, source
from reference.tdm_threshold
where {_THRESHOLDS}
order by parameter
"""


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
    held to, and the thresholds of a trough.
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
    return own + [
        {**row, "meaning": spoken(row["meaning"]), "origin": spoken(row["origin"])}
        for row in connection.execute(text(_OTHERS), {"therapeutic": _THERAPEUTIC}).mappings()
    ]


def set_parameters(connection: Connection, changes: list[str]) -> str:
    """Changes numbers by `NAME=VALUE`, for everyone; returns what was changed, in words.

    The caller has said who and why. Raises WrongUsage for an unknown name or a value of the wrong
    kind, Refused for one that is impossible or does not fit the others.
    """
    parameters = WorklistSetting.parameters()
    limits = {
        row["parameter"]: Variable(
            row["meaning"], Kind.NUMBER, unit=row["unit"], required=True, minimum=Decimal(0)
        )
        for row in list_parameters(connection)
        if row["parameter"] not in parameters
    }
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
        for update in (
            "update reference.entry_limit set value = :value where key = :name",
            # What is told with it is then no guideline's any more.
            "update reference.tdm_threshold set ifx_ug_ml = :value, source = :ours "
            f"where {_TROUGH} = :name and {_THRESHOLDS} and ifx_ug_ml <> :value",
        ):
            given = {"name": name, "value": values[name], "ours": OURS}
            connection.execute(text(update), given)
    return ", ".join(f"{name}={value}" for name, value in values.items())


def switch_rule(connection: Connection, rule: str, *, active: bool) -> None:
    """Makes a rule give items, or none, for everyone; NotFound for a rule that is not there."""
    names = list(
        connection.execute(
            text("select rule from reference.worklist_rule order by place")
        ).scalars()
    )
    if rule not in names:
        raise NotFound(tr("There is no rule {name}.", name=rule), cure=there_are(names))
    _begin_change(connection)
    connection.execute(
        text("update reference.worklist_rule set active = :active where rule = :rule"),
        {"active": active, "rule": rule},
    )


def _begin_change(connection: Connection) -> None:
    """Has the database keep who changes the rules and why; it refuses to without a reason."""
    connection.execute(text("select audit.current_change(true)"))
