"""That a text is no value: what is wrong with it, in words for the person who wrote it."""

from __future__ import annotations


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


class AmbiguousDate(Unreadable):
    """The text is a date whose day and month could be one another."""
