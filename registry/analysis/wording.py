"""Notes of several parts: sentences one after another, lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import reduce

from registry.words import note


def sentences(parts: Iterable[str]) -> str:
    """'A fact. Another.'; empty parts are left out."""
    return _joined(lambda one, other: note("{one} {other}", one=one, other=other), parts)


def listed(parts: Iterable[str]) -> str:
    """'one, other'."""
    return _joined(lambda one, other: note("{one}, {other}", one=one, other=other), parts)


def listed_apart(parts: Iterable[str]) -> str:
    """'one, of two words; other'."""
    return _joined(lambda one, other: note("{one}; {other}", one=one, other=other), parts)


def _joined(join: Callable[[str, str], str], parts: Iterable[str]) -> str:
    held = [part for part in parts if part]
    return reduce(join, held) if held else ""
