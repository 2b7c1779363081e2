"""Files that are written whole or not at all, in the format that their ending tells."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from registry.errors import Refused, WrongUsage
from registry.parsing.formula import in_workbook, would_run
from registry.words import tr

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
        raise WrongUsage(
            tr("{file} does not tell a format by its ending.", file=path.name),
            cure=tr("End it in {endings}.", endings=", ".join(writers)),
        )
    return writer


def write_whole(path: Path, write: Callable[[Path], Any], *, make_folder: bool = False) -> None:
    """Lets `write` fill a file beside the target, which takes its place when it is whole.

    Raises Refused where it cannot be written.
    """
    part = path.with_name(f".{path.stem}.part{path.suffix}")
    try:
        if make_folder:
            path.parent.mkdir(parents=True, exist_ok=True)
        write(part)
        os.replace(part, path)
    except OSError as error:
        raise Refused(
            tr("{file} cannot be written: {reason}.", file=path, reason=error.strerror or error)
        ) from None
    finally:
        part.unlink(missing_ok=True)
