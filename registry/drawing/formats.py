"""Files in the format that their ending tells, and what a spreadsheet takes for text."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from registry.errors import other_ending
from registry.parsing.formula import in_workbook, would_run

Writer = TypeVar("Writer")

FOR_SPREADSHEETS = "utf-8-sig"
"""The encoding of a CSV file: by its mark a spreadsheet knows it for UTF-8."""


def as_text(cell: Any) -> None:
    """Keeps a workbook's cell that holds a text from being taken for a formula, now or edited."""
    if isinstance(cell.value, str):
        text = cell.value
        cell.value = in_workbook(text)
        cell.data_type = "s"
        if would_run(text):
            cell.quotePrefix = True


def by_ending(path: Path, writers: Mapping[str, Writer]) -> Writer:
    """What stands under the file's ending; raises WrongUsage for one that is not among them."""
    writer = writers.get(path.suffix.lower())
    if writer is None:
        raise other_ending(path, writers)
    return writer
