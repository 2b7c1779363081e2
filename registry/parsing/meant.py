"""What a person may have meant by a name that is none: one rule of closeness for all names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from registry.words import tr

MOST_MEANT = 3


def near(name: str, names: Iterable[str], most: int = MOST_MEANT) -> list[str]:
    """The names most like the one given, whatever their capitals; the nearest first."""
    by_folded = {one.casefold(): one for one in names}
    found = get_close_matches(name.strip().casefold(), by_folded, most)
    return [by_folded[one] for one in found]


def did_you_mean(names: Sequence[str]) -> str | None:
    """The question as a sentence; None where nothing is like it."""
    if not names:
        return None
    listed = ", ".join(names[:-1])
    if listed:
        return tr("Did you mean {names} or {name}?", names=listed, name=names[-1])
    return tr("Did you mean {name}?", name=names[0])
