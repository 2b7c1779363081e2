"""How a program that exported a file names its columns and writes its choices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Dialect:
    """What stands in a file instead of the names and texts that a mapping speaks of.

    `names` gives the name of a column for what may stand in the header instead; `choices` give,
    for a column, the text for what may stand in a cell instead. `beside` are the files that tell
    of the data and hold none, which may lie in the same folder.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    beside: frozenset[Path] = frozenset()

    def name(self, header: str) -> str:
        """What the mapping calls the column."""
        return self.names.get(header, header)

    def label(self, name: str, cell: str) -> str:
        """What the cell of the column says."""
        return self.choices.get(name, {}).get(cell, cell)


PLAIN = Dialect()
