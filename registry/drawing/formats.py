"""Files in the format that their ending tells."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from registry.errors import other_ending

Writer = TypeVar("Writer")

FOR_SPREADSHEETS = "utf-8-sig"
"""The encoding of a CSV file: by its mark a spreadsheet knows it for UTF-8."""


def by_ending(path: Path, writers: Mapping[str, Writer]) -> Writer:
    """What stands under the file's ending; raises WrongUsage for one that is not among them."""
    writer = writers.get(path.suffix.lower())
    if writer is None:
        raise other_ending(path, writers)
    return writer
