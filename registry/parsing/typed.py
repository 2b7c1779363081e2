"""Text of a cell that a workbook knows more about than its letters say.

They are text like any other, so whoever hands cells on hands them on as they are.
"""

from __future__ import annotations


class NumberText(str):
    """A number of a workbook, written with a point whatever mark people write there.

    `serial_offset` is what makes a day's number in its workbook one of the 1900 system, in days.
    """

    serial_offset = 0


class NumberText1904(NumberText):
    """A number of a workbook that counts days from 1904."""

    serial_offset = 1462


class NumberTextWithoutDays(NumberText):
    """A number of a statistics program: it is no day, for the programs count from other days."""

    serial_offset = -10_000_000


class FaultText(str):
    """A cell of a workbook without a value: an error, or a formula that was never computed."""

    problem: str

    def __new__(cls, shown: str, problem: str) -> FaultText:
        """The cell as it is `shown`, and what is wrong with it."""
        made = super().__new__(cls, shown)
        made.problem = problem
        return made


class LabelledText(str):
    """The label of a value in the file of a statistics program; `value` is what it stands for."""

    value: str

    def __new__(cls, label: str, value: str) -> LabelledText:
        """The label with its value, a number being one of a file."""
        made = super().__new__(cls, label)
        made.value = value
        return made
