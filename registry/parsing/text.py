"""Text as people type it: full-width signs folded into ASCII, and that a text is no value."""

from __future__ import annotations

from registry.variables import Kind
from registry.words import note, spoken

# What a spreadsheet, a web page or a word processor leaves around a value.
BLANKS = " \t\r\n\u00a0\u2002\u2003\u2009\u202f\u3000"

# A full-width comma is left alone: it separates, nobody writes a decimal with it.
_FULL_WIDTH = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F) if wide != 0xFF0C}
_BLANK = dict.fromkeys(map(ord, BLANKS), ord(" "))
_MINUS = dict.fromkeys((0x2212, 0xFE63), ord("-"))
_FOLDED = _FULL_WIDTH | _BLANK | _MINUS

# Full-width letters, digits, hyphen and underscore, and the same of ASCII: what translate of SQL
# needs to fold what `folded` folds in a study id.
WIDE, NARROW = (
    "".join(letters)
    for letters in zip(
        *((chr(w), chr(n)) for w, n in _FULL_WIDTH.items() if chr(n).isalnum() or chr(n) in "-_"),
        strict=True,
    )
)


def folded(text: str) -> str:
    """The text in ASCII where it is full-width, with plain blanks and minus signs; ends trimmed."""
    return text.translate(_FOLDED).strip(" ")


class Unreadable(ValueError):
    """The text has no meaning as a value of its column, or two; `problem` follows the value.

    `typed` is what to say where the value is typed alone: an import has options that decide what a
    text means, a single record has none.
    """

    def __init__(self, problem: str, typed: str | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.typed = problem if typed is None else typed


class NotOfKind(Unreadable):
    """The text is nothing of the column's kind; the checks of the records say the same of it."""


# What is said of a text that is nothing of a kind.
NOT_OF_KIND = {
    Kind.DATE: note("is not a date; write YYYY-MM-DD"),
    Kind.PARTIAL_DATE: note("is not a date; write YYYY-MM-DD, YYYY-MM or YYYY"),
    Kind.NUMBER: note("is not a number"),
    Kind.INTEGER: note("is not a whole number"),
    Kind.MEASURED: note("is not a number, <number or >number"),
    Kind.FLAG: note("is neither yes nor no"),
}


def not_of_kind(kind: Kind) -> NotOfKind:
    """The refusal in those words."""
    return NotOfKind(spoken(NOT_OF_KIND[kind]))


class AmbiguousDate(Unreadable):
    """The text is a date whose day and month could be one another."""
