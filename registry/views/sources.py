"""The files of the views: which there are, and what stands in them, read once."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
# What several rules share.
FUNCTIONS = "functions"
PRESENT = "present"
# Whose views lie in `present`, the rules' own first.
OF_PRESENT = ("rules", "worklist", "quality")


@cache
def names(folder: str) -> tuple[str, ...]:
    """The names of a folder's files, in order; a view bears that of its file."""
    files = (file.partition(".") for file in os.listdir(FOLDER / folder))
    return tuple(sorted(name for name, _, kind in files if kind == "sql"))


@cache
def source(folder: str, name: str) -> str:
    """What stands in the file of that name."""
    return FOLDER.joinpath(folder, f"{name}.sql").read_text(encoding="utf-8")


@cache
def folders() -> dict[str, str]:
    """The folder of each view of `present` that has a file."""
    return {name: folder for folder in OF_PRESENT for name in names(folder)}


def select_of(folder: str, name: str) -> str:
    """What a view selects, to be asked of fewer rows than all."""
    text = source(folder, name)
    return text.partition(f"create view {name} as\n")[2].rstrip().removesuffix(";")
