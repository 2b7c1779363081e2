"""To whom results go, and the limits they are held to then."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from registry.errors import CannotEstimate
from registry.words import tr


class Audience(StrEnum):
    """For whom a result is made."""

    NONE = "none"
    PUBLISH = "publish"


class Limits(NamedTuple):
    """What a published result is held to: rows of `reference.registry_setting`.

    Args:
        children: the least count that is shown, and what every step of a curve rests on.
    """

    children: int


class Withheld(CannotEstimate):
    """A result that cannot be published from so few children, whole as it is."""

    def __init__(self, problem: str, *, cure: str | None = None) -> None:
        super().__init__(problem, cure=cure or tr("For use within the centre: --disclosure none"))
