"""What a study holds to: a definition, whole, and the rules that read it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import Connection, text

from registry.errors import Refused
from registry.models.definition import Definition
from registry.parsing.parameter import read_parameter
from registry.views.build import rules_hash
from registry.views.view import ANALYTICS
from registry.words import tr


@cache
def held_to() -> str:
    """SHA-256 of rules and views that this program has, whatever its version is called."""
    return rules_hash(ANALYTICS)


def definition_whole(row: Mapping[str, Any]) -> dict[str, Any]:
    """A definition as an envelope has it: name, hash and every parameter."""
    parameters = {name: plain(row[name]) for name in Definition.parameters()}
    return {"name": row["name"], "hash": row["hash"], "parameters": parameters}


def plain(value: Any) -> Any:
    """A parameter's value as JSON has it, written in one way."""
    match value:
        case Decimal():
            digits = f"{value:f}"
            return digits.rstrip("0").rstrip(".") if "." in digits else digits
        case date():
            return value.isoformat()
        case _:
            return value


def parameters_of(definition: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of an envelope's definition, as the registry's rows have them."""
    known = Definition.parameters()
    read = {}
    for name, value in definition["parameters"].items():
        if name in known:
            read[name] = read_parameter(f"{name}={_typed(value)}", known, "")[1]
    return read


def held_definition(connection: Connection, wanted: Mapping[str, Any]) -> str:
    """The name that this registry has for the definition of an envelope.

    Refused where it has none with the same parameters.
    """
    rows = [
        definition_whole(dict(row))
        for row in connection.execute(
            text("select * from reference.definition order by name")
        ).mappings()
    ]
    for row in rows:
        if row["hash"] == wanted["hash"] and row["parameters"] == wanted["parameters"]:
            return str(row["name"])
    nearest = min(rows, key=lambda row: len(_differing(row, wanted)))
    changes = " ".join(
        f"--set {name}={_typed(wanted['parameters'][name])}"
        for name in _differing(nearest, wanted)
        if name in wanted["parameters"]
    )
    raise Refused(
        tr("This registry has no definition like that of the study ({name}).",
           name=wanted["name"]),
        cure=tr(
            "Look at what it asks for, and if it may be: registry definition add NAME --from "
            "{nearest} {changes}",
            nearest=nearest["name"],
            changes=changes,
        ),
    )  # fmt: skip


def _differing(row: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    own, other = row["parameters"], wanted["parameters"]
    return [name for name in {**own, **other} if own.get(name) != other.get(name)]


def _typed(value: Any) -> str:
    """As a person writes it after `--set`."""
    if value is None:
        return "none"
    return str(value).lower() if isinstance(value, bool) else str(value)


def require_rules(wanted: str, program: str) -> None:
    """Raises Refused where this program's rules are not those that the study was made with."""
    if wanted != held_to():
        raise Refused(
            tr(
                "The study was made by version {program} of the program, whose rules are others.",
                program=program,
            ),
            cure=tr("All who take part work with the same version."),
        )
