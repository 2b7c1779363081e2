"""A table as a paper prints it, and the words and cells that all tables share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from registry.drawing.numbers import MISSING, fixed, percent
from registry.words import spoken, tr

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Table:
    """A table of texts: the first `left` columns are words, the rest numbers.

    A first cell may begin with two spaces for each step of indentation. `lines` are results that
    stand under the table, `notes` what a reader must know beside them.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: int = 1
    lines: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def title(words: str, document: Document) -> str:
    """The words, with the definition that the numbers hold to."""
    return tr("{words} (definition: {definition})", words=words, definition=document["definition"])


def notes(document: Document) -> tuple[str, ...]:
    """Method, basis and notes of a document."""
    method = (document["method"],) if "method" in document else ()
    return (*map(spoken, method), *basis(document), *map(spoken, document["notes"]))


def basis(document: Document) -> tuple[str, ...]:
    """Clock, entry and censoring in one sentence, where the document tells them."""
    if "definition_hash" not in document:
        return ()
    return (
        tr(
            "Time is {clock}; {entry}; {censoring}. Definition {definition}{default}, hash {hash}.",
            clock=spoken(document["clock"]),
            entry=spoken(document["entry"]),
            censoring=spoken(document["censoring"]),
            definition=document["definition"],
            default=tr(" (the default)") if document.get("definition_is_default") else "",
            hash=document["definition_hash"][:12],
        ),
    )


def share(n: int | None, whole: int | None) -> str:
    """What part of the whole n is, in per cent; nothing where one of them is suppressed."""
    if n is None or whole is None:
        return ""
    return percent(n / whole if whole else None)


def plus_minus(mean: float | None, sd: float | None, decimals: int) -> str:
    """Mean and standard deviation."""
    return MISSING if mean is None else f"{fixed(mean, decimals)} ± {fixed(sd, decimals)}"


def hundredfold(share: float | None) -> float | None:
    """A proportion in per cent."""
    return None if share is None else 100 * share


def lower_first(words: str) -> str:
    """'Sex' to 'sex', but 'BMI Z-score', 'CRP' stay."""
    return words if words[1:2].isupper() else words[:1].lower() + words[1:]


def in_steps(words: str, document: Document) -> str:
    """The words under a figure, and why curves that are published are in coarse steps."""
    changes = document.get("disclosure", {"changes": ()})["changes"]
    return " ".join([words, *map(spoken, changes[1:])])
