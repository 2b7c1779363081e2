"""That a text is no value: what is wrong with it, in words for the person who wrote it."""

from __future__ import annotations


class Unreadable(ValueError):
    """The text has no meaning as a value of its column, or two; `problem` follows the value."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


class NotOfKind(Unreadable):
    """The text is nothing of the column's kind; the checks of the records say the same of it."""


class AmbiguousDate(Unreadable):
    """The text is a date whose day and month could be one another."""
