"""What is kept of who a child is: each value optional, none of it anywhere else in the registry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from registry.errors import Refused
from registry.variables import Kind, Redaction, Variable
from registry.words import tr

LONGEST = 500


def _text(label: str, meaning: str = "") -> Variable:
    return Variable(label, Kind.TEXT, meaning=meaning, redaction=Redaction.IDENTIFIER)


VALUES: Mapping[str, Variable] = {
    "name": _text("Name"),
    "birth_name": _text("Name at birth"),
    "contact": _text("Contact", "telephone, address, who is to be called"),
    "identity_number": _text("Identity number", "of the identity card or the insurance"),
}


@dataclass(frozen=True)
class Number:
    """A hospital's number of a child; with `used_until` the hospital uses it no longer."""

    centre: str
    number: str
    used_until: str | None = None


@dataclass(frozen=True)
class Person:
    """A child's identity as it is kept."""

    patient_id: str
    name: str | None
    birth_name: str | None
    contact: str | None
    identity_number: str | None
    numbers: tuple[Number, ...]

    def to_json(self) -> dict[str, Any]:
        """The identity as one JSON object."""
        return asdict(self)

    def to_row(self) -> dict[str, Any]:
        """The identity as one row, its numbers in a cell."""
        return {**asdict(self), "numbers": ", ".join(map(_written, self.numbers))}


def _written(number: Number) -> str:
    until = "" if number.used_until is None else tr(" (until {day})", day=number.used_until)
    return f"{number.centre} {number.number}{until}"


def checked(given: Mapping[str, str | None]) -> dict[str, str | None]:
    """The values as they are kept, an empty one as None. Raises Refused without the value."""
    values = {name: (written or "").strip() or None for name, written in given.items()}
    for name, value in values.items():
        if value is not None and (len(value) > LONGEST or not value.isprintable()):
            raise Refused(
                tr("{column} is no text of at most {number} signs.", column=name, number=LONGEST)
            )
    return values
