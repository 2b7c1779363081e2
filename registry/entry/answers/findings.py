"""What an entered record is answered with: facts to show and warnings, never a refusal."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from registry.words import spoken, tr


class Fact(NamedTuple):
    """One thing the registry knows of a record: `value` for programs, `text` for people.

    An empty text is nothing to show: there is no value, or another fact's text tells it.
    """

    key: str
    label: str
    value: Any
    text: str


@dataclass
class Answer:
    """What the registry says to a record that has just been entered."""

    facts: list[Fact] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def add(self, key: str, label: str, value: Any, text: str | None = None) -> None:
        """Adds a fact; without a text of its own the value speaks for itself."""
        self.facts.append(Fact(key, label, value, shown(value) if text is None else text))

    def warn(self, *sentences: str) -> None:
        """Adds warnings."""
        self.warnings.extend(sentences)

    def to_json(self) -> dict[str, Any]:
        """The facts by their keys: dates in ISO 8601, numbers as numbers, a missing value null."""
        return {fact.key: _plain(fact.value) for fact in self.facts}


def shown(value: Any) -> str:
    """A value as people read it: numbers without padding zeros, nothing where there is none."""
    match value:
        case None:
            return ""
        case Decimal():
            digits = f"{value:f}"
            return digits.rstrip("0").rstrip(".") if "." in digits else digits
        case _:
            return str(value)


def coded(code: str | None) -> str:
    """A code of the registry's own as words in the person's language."""
    return spoken((code or "").replace("_", " "))


def rounded(value: Decimal, places: str = "0.1") -> str:
    """A number rounded for people, 4.999 as 5; what is decided by it is decided before."""
    return shown(value.quantize(Decimal(places)))


def signed(value: Decimal) -> str:
    """A change with its sign; a true minus is for typesetters, a hyphen can be searched for."""
    return f"+{shown(value)}" if value > 0 else shown(value)


def measured(value: Decimal, comparator: str | None) -> str:
    """A measured value with the operator it was reported with."""
    return f"{comparator or ''}{shown(value)}"


def _plain(value: Any) -> Any:
    match value:
        case date():
            return value.isoformat()
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case list() | tuple():
            return [_plain(held) for held in value]
        case _:
            return value


def changed_from(change: Decimal, score: Decimal, on: date) -> str:
    """A change of a score in words, from which score and when."""
    return tr(
        "{change} points, from {score} on {on}", change=signed(change), score=shown(score), on=on
    )


def day_of_course(day: int | None) -> str:
    """Where a day counted from the first infusion lies; empty without an infusion."""
    if day is None:
        return ""
    if day < 0:
        return tr("{days:day|days} before the first infusion", days=-day)
    return tr("day {day} of infliximab", day=day)
