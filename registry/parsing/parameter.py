"""Reads `KEY=VALUE` by the declaration of the parameter of that name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any

from registry.errors import Refused, WrongUsage
from registry.variables import Kind, Variable
from registry.words import tr

NONE = "none"


def read_parameter(
    change: str, parameters: Mapping[str, Variable], listing: str
) -> tuple[str, Any]:
    """The parameter's name and its value, None for `none` where it may be missing.

    `listing` is the command that lists the parameters. Raises WrongUsage for an unknown name or a
    value of the wrong kind, Refused for an impossible value.
    """
    key, equals, written = change.partition("=")
    key, written = key.strip(), written.strip()
    if not equals:
        raise WrongUsage(tr("--set {change} is not KEY=VALUE.", change=change))
    if key not in parameters:
        near = get_close_matches(key, parameters, 1)
        raise WrongUsage(
            tr("There is no parameter {key}.", key=key),
            cure=tr("Did you mean {name}?", name=near[0])
            if near
            else tr("See: {listing}", listing=listing),
        )
    variable = parameters[key]
    if variable.several:
        written = ",".join(part.strip() for part in written.split(","))
    if written.lower() in (NONE, ""):
        if variable.required:
            raise Refused(tr("{key} needs a value{allowed}.", key=key, allowed=_allowed(variable)))
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
            Kind.FLAG: tr("yes or no"),
            Kind.INTEGER: tr("a whole number"),
            Kind.NUMBER: tr("a number"),
            Kind.DATE: tr("a date as YYYY-MM-DD"),
        }
        raise WrongUsage(
            tr(
                "{key}={written} is not {kind}.",
                key=key,
                written=written,
                kind=kinds[variable.kind],
            )
        ) from None


def _refuse_impossible(key: str, value: Any, written: str, variable: Variable) -> None:
    impossible = (
        (variable.codes is not None and not _listed(value, variable))
        or (variable.minimum is not None and value < variable.minimum)
        or (variable.above_minimum and value == variable.minimum)
        or (variable.maximum is not None and value > variable.maximum)
        or (variable.kind is Kind.DATE and value > date.today())
    )
    if impossible:
        raise Refused(
            tr(
                "{key}={written} is impossible{allowed}.",
                key=key,
                written=written,
                allowed=_allowed(variable),
            )
        )


def _listed(value: str, variable: Variable) -> bool:
    """Whether it is one of the codes; of several each, and none twice."""
    codes = value.split(",") if variable.several else [value]
    return set(codes) <= set(variable.codes or ()) and len(set(codes)) == len(codes)


def _allowed(variable: Variable) -> str:
    if variable.kind is Kind.DATE:
        return tr(": not in the future, since follow-up that has not been lived cannot be analysed")
    words = variable.limits_with_unit()
    return tr(": {limits}", limits=words) if words else ""
