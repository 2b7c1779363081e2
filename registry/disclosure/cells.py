"""What the cells of a document are, by their paths; what nobody declared is not published."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from numbers import Number
from typing import Any

from registry.words import Note

SUPPRESSED = "suppressed"
"""Stands as true beside a cell that was suppressed."""


class Cell(Enum):
    """What a cell holds, which decides what becomes of it when its document is published."""

    OPEN = "words, and numbers that somebody chose: kept"
    SENTENCE = "words about the results: kept where they tell no number of them"
    COUNT = "children or events: the rule of the analysis decides"
    DERIVED = "computed from counts and values of many: to four decimals"
    PERCENT = "a percentage of counts: to one decimal"
    MEASURE = "a mean, deviation or quartile of many values: to two decimals"
    CHILD = "of single children, with all that is below it: never published"


Cells = Mapping[str, Cell]
"""By path: keys joined by dots, `*` for the elements of a list or any key, a last `**` for all
below."""


def kind_of(path: tuple[str, ...], cells: Cells) -> Cell | None:
    """What the cell at a path is declared as; None where nobody declared it."""
    for pattern, kind in cells.items():
        if _fits(path, tuple(pattern.split("."))):
            return kind
    return None


def under(prefix: str, cells: Cells) -> dict[str, Cell]:
    """The same cells where a document holds them below a path."""
    return {f"{prefix}.{pattern}": kind for pattern, kind in cells.items()}


def undeclared(document: Any, cells: Cells, path: tuple[str, ...] = ()) -> set[str]:
    """The paths of a document that nobody declared."""
    if path and kind_of(path, cells) is Cell.CHILD:
        return set()
    if isinstance(document, Mapping):
        below = [(held, (*path, str(key))) for key, held in document.items()]
    elif isinstance(document, list | tuple):
        below = [(held, (*path, "*")) for held in document]
    else:
        known = document is None or kind_of(path, cells) is not None
        return set() if known else {".".join(path)}
    return {one for held, at in below for one in undeclared(held, cells, at)}


def _fits(path: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    if pattern[-1] == "**":
        pattern = pattern[:-1]
        path = path[: len(pattern)]
    return len(path) == len(pattern) and all(
        wanted in ("*", key) for key, wanted in zip(path, pattern, strict=True)
    )


def hide(holder: dict[str, Any], *keys: str) -> None:
    """Suppress cells: null, with the mark beside them."""
    for key in keys:
        if key in holder:
            holder[key] = None
            holder[SUPPRESSED] = True


def published(document: Mapping[str, Any], cells: Cells) -> dict[str, Any]:
    """The document with every cell as its declaration has it; the argument stays."""
    made = _walk(document, (), cells)
    assert isinstance(made, dict)
    return made


def _walk(value: Any, path: tuple[str, ...], cells: Cells) -> Any:
    if path and kind_of(path, cells) is Cell.CHILD:
        return None
    if isinstance(value, Mapping):
        made: dict[str, Any] = {}
        for key, held in value.items():
            below = (*path, str(key))
            told = _walk(held, below, cells)
            made[key] = told
            if _lost(held, told):
                made[SUPPRESSED] = True
        return made
    if isinstance(value, list | tuple):
        return [_walk(held, (*path, "*"), cells) for held in value]
    if value is None or path[-1] == SUPPRESSED:
        return value
    match kind_of(path, cells):
        case Cell.OPEN | Cell.COUNT:
            return value
        case Cell.SENTENCE:
            return value if tells_no_number(value) else None
        case Cell.DERIVED:
            return round(value, 4)
        case Cell.MEASURE:
            return round(value, 2)
        case Cell.PERCENT:
            return round(value, 1)
        case _:
            return None


def tells_no_number(sentence: str) -> bool:
    """A sentence that was written with numbers of the document tells them too."""
    if not isinstance(sentence, Note):
        return not any(one.isdigit() for one in sentence)
    return not any(
        isinstance(one, Number) or (isinstance(one, Note) and not tells_no_number(one))
        for one in sentence.values.values()
    )


def _lost(before: Any, after: Any) -> bool:
    """Whether a cell, or one of a list of cells, became null."""
    if after is None and isinstance(before, Mapping | list | tuple):
        return False
    if isinstance(before, list | tuple):
        pairs = zip(before, after, strict=True)
        return any(_lost(one, other) for one, other in pairs)
    return before is not None and after is None
