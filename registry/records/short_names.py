"""Names of columns in the files of programs that allow only short ones."""

from __future__ import annotations

from collections.abc import Sequence

STATA, SAS_TRANSPORT, SPSS = 32, 8, 64
"""The longest names of their columns."""


def short_names(names: Sequence[str], length: int) -> list[str]:
    """Names of at most so many characters, each different: cut, and numbered where they clash."""
    given: list[str] = []
    for name in names:
        short = name if len(name) <= length else name.replace("_", "")[:length]
        number = 2
        while short in given or (short != name and short in names):
            short = name.replace("_", "")[: length - len(str(number))] + str(number)
            number += 1
        given.append(short)
    return given
