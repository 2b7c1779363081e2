"""Every workbook is written here: row by row, to a file that is there, no text of it a formula."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from registry.parsing.formula import in_workbook, would_run
from registry.whole_file import part_beside


@contextmanager
def workbook(path: Path) -> Iterator[Any]:
    """A workbook without a sheet, at the path once the block has ended.

    What a sheet knows of its columns, and what stays in sight, is said before its first row.
    """
    from lxml.etree import SerialisationError
    from openpyxl import Workbook

    # Opened first: rows that have no place to go are never written.
    with path.open("wb") as stream, _sheets_beside(path):
        book = Workbook(write_only=True)
        try:
            yield book
            book.save(stream)
        except SerialisationError:
            raise _no_room() from None


@contextmanager
def _sheets_beside(path: Path) -> Iterator[None]:
    """Keeps openpyxl's files of single sheets beside the workbook, not in the system's folder.

    There they have the room that the workbook needs, and what a killed process leaves of children's
    values is taken away by the next that writes there.
    """
    with part_beside(path, tempfile.mkdtemp) as room:
        before, tempfile.tempdir = tempfile.tempdir, str(room)
        try:
            yield
        finally:
            tempfile.tempdir = before


def _no_room() -> OSError:
    """Why a sheet's file could not be written, which lxml does not tell."""
    try:
        with tempfile.TemporaryFile() as file:
            file.write(bytes(1 << 20))
    except OSError as error:
        return error
    return OSError(errno.EIO, os.strerror(errno.EIO))


def cell(sheet: Any, value: Any, **styles: Any) -> Any:
    """A cell with openpyxl's styles by their names; a text is one, also when it is edited."""
    from openpyxl.cell import WriteOnlyCell

    made = WriteOnlyCell(sheet)
    if isinstance(value, str):
        made.value = in_workbook(value)
        made.data_type = "s"
        if would_run(value):
            made.quotePrefix = True
    else:
        made.value = value
    for name, style in styles.items():
        setattr(made, name, style)
    return made


def set_widths(sheet: Any, widths: Iterable[float]) -> None:
    """The width of each column, in letters."""
    from openpyxl.utils import get_column_letter

    for number, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
