"""The files of the views: which there are, and what stands in them, read once."""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
# What several rules share.
FUNCTIONS = "functions"
PRESENT = "present"
WORKLIST = "worklist"
# Whose views lie in `present`, the rules' own first.
OF_PRESENT = ("rules", WORKLIST, "quality")
# Tables of so many columns that a view names those that it reads: each join of the stored tree
# lists all of both its sides, and planning goes through it time and again.
WIDE = ("definition", "worklist_setting")
_WIDE = re.compile(rf"(from|join) ({'|'.join(WIDE)}) (\w+)\b")


@cache
def names(folder: str) -> tuple[str, ...]:
    """The names of a folder's files, in order; a view bears that of its file."""
    files = (file.partition(".") for file in os.listdir(FOLDER / folder))
    return tuple(sorted(name for name, _, kind in files if kind == "sql"))


@cache
def source(folder: str, name: str) -> str:
    """What stands in the file of that name."""
    return FOLDER.joinpath(folder, f"{name}.sql").read_text(encoding="utf-8")


def has(folder: str, name: str, mark: str) -> bool:
    """Whether the header of a file has a line that begins with `-- @` and this mark.

    For who asks of many files; a header that is told of is read whole (`headers`).
    """
    return f"\n-- @{mark}" in source(folder, name)


@cache
def folders() -> dict[str, str]:
    """The folder of each view of `present` that has a file."""
    return {name: folder for folder in OF_PRESENT for name in names(folder)}


def select_of(folder: str, name: str) -> str:
    """What a view selects, to be asked of fewer rows than all."""
    _, _, select = source(folder, name).partition(f"create view {name} as\n")
    return narrowed(select.rstrip().removesuffix(";"))


def narrowed(text: str) -> str:
    """The text with wide tables read by the columns that it names behind their alias."""

    def read(match: re.Match[str]) -> str:
        before, table, alias = match.groups()
        # Found by the alias; what may stand before it is looked at behind it.
        named = sorted(set(re.findall(rf"{alias}\.(?<!\w{alias}\.)([\w*]+)", text)))
        if not named or "*" in named:
            return match[0]
        return f"{before} (select {', '.join(named)} from {table}) {alias}"

    return _WIDE.sub(read, text) if any(f" {table} " in text for table in WIDE) else text
