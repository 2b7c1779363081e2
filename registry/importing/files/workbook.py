"""The tables in the sheets of a workbook, whatever program wrote it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from registry.errors import Refused
from registry.importing.files.layout import LOOKED_AT, Grid, Table, lay_out
from registry.importing.files.sheet import Area, Sheet
from registry.importing.files.zipped import BROKEN, Unreadably
from registry.parsing.conventions import Conventions
from registry.records.rows import Problem, Row
from registry.words import tr

_MERGES_NAMED = 10


def read_workbook(
    path: Path,
    shown: str,
    conventions: Conventions,
    header_names: Collection[str],
    filled_down: Collection[str],
) -> list[Table]:
    """The visible sheets that hold anything; the first has the notes about the others.

    With `conventions.sheet` it is that one alone. Raises Refused for a file that is no workbook or
    cannot be opened, and where no sheet is called so.
    """
    sheets = _sheets(path, shown)
    visible = [sheet for sheet in sheets if not sheet.hidden]
    said = conventions.sheet
    taken = visible if said is None else [one for one in visible if one.title == said]
    if said is not None and not taken:
        raise Refused(
            tr("{file} has no sheet {sheet}.", file=shown, sheet=said),
            cure=tr("It has {sheets}.", sheets=", ".join(one.title for one in visible)),
        )
    tables = [
        _read_sheet(path, f"{shown} [{sheet.title}]", sheet, conventions, header_names, filled_down)
        for sheet in taken
        if len(taken) == 1 or _is_filled(sheet)
    ]
    if tables and said is None:
        tables[0].notes.extend(
            tr("{file}: the hidden sheet {sheet} was left out", file=shown, sheet=sheet.title)
            for sheet in sheets
            if sheet.hidden
        )
    return tables


def _sheets(path: Path, shown: str) -> list[Sheet]:
    try:
        return _reader(path)(path)
    except Unreadably as error:
        raise Refused(
            tr("The file {file} cannot be read: {reason}.", file=shown, reason=error.words),
            cure=_save_as(),
        ) from None
    except BROKEN:
        raise Refused(
            tr(
                "The file {file} is no {kind} workbook, or is locked with a password.",
                file=shown,
                kind=path.suffix.removeprefix(".").upper(),
            ),
            cure=_save_as(),
        ) from None


def _save_as() -> str:
    return tr("Save it as an Excel workbook (.xlsx) without a password, or as CSV UTF-8.")


def _reader(path: Path) -> Callable[[Path], list[Sheet]]:
    """What reads the file; each needs a library of its own, which takes a while to load."""
    match path.suffix.lower():
        case ".xls":
            from registry.importing.files.xls import xls_sheets

            return xls_sheets
        case ".ods":
            from registry.importing.files.ods import ods_sheets

            return ods_sheets
        case _:
            from registry.importing.files.xlsx import xlsx_sheets

            return xlsx_sheets


def _is_filled(sheet: Sheet) -> bool:
    """Whether any cell of the sheet is filled; one that cannot be read is not empty."""
    try:
        return any(True for _ in islice(sheet.rows([]), 1))
    except BROKEN:
        return True


def _read_sheet(
    path: Path,
    shown: str,
    sheet: Sheet,
    conventions: Conventions,
    header_names: Collection[str],
    filled_down: Collection[str],
) -> Table:
    looked = _look_through(sheet)
    if looked.broken is not None:
        here = Problem(shown, looked.last + 1, None, None, looked.broken)
        return Table(path, sheet.title, shown, 1, [], lambda _problems: iter(()), [here])
    skip = conventions.skip_hidden
    grid = _grid(sheet, shown, skip_hidden=skip)
    table = lay_out(path, sheet.title, shown, grid, header_names)
    areas = looked.areas
    hidden = looked.hidden - sum(line <= table.header_line for line in looked.first_hidden)
    if hidden and skip:
        table.notes.append(
            tr("{file}: {number:row|rows} hidden or filtered out left out",
               file=shown, number=hidden)
        )  # fmt: skip
    elif hidden:
        table.notes.append(
            tr(
                "{file}: {number:row|rows} hidden or filtered out read like the others; "
                "--skip-hidden leaves them out",
                file=shown,
                number=hidden,
            )
        )
    for area in [one for one in areas if _matters(one, table, grid, filled_down)][:_MERGES_NAMED]:
        problem = tr("the cells {area} are merged; split them", area=_reference(area))
        table.problems.append(Problem(shown, area.top, None, None, problem))
    return table


@dataclass
class _LookedThrough:
    """What one pass over a sheet shows: what is merged and hidden, and where it cannot be read.

    `first_hidden` are the lines of hidden rows that may stand above the header.
    """

    areas: list[Area] = field(default_factory=list)
    hidden: int = 0
    first_hidden: list[int] = field(default_factory=list)
    last: int = 0
    broken: str | None = None


def _look_through(sheet: Sheet) -> _LookedThrough:
    found = _LookedThrough()
    try:
        for number, row in enumerate(sheet.rows(found.areas)):
            found.last = row.line
            found.hidden += row.hidden
            if row.hidden and number < LOOKED_AT:
                found.first_hidden.append(row.line)
    except BROKEN as error:
        found.broken = tr("the sheet cannot be read from here on")
        if isinstance(error, Unreadably):
            found.broken = tr(": ").join([found.broken, error.words])
    return found


def _matters(area: Area, table: Table, grid: Grid, filled_down: Collection[str]) -> bool:
    """Whether merged cells hide that a cell of the header or below it is empty."""
    if area.bottom < table.header_line or (table.banded and area.bottom == table.header_line):
        return False
    if area.left != area.right or area.top <= table.header_line:
        return True
    header = next((row.cells for row in grid([]) if row.line == table.header_line), None) or []
    return area.left > len(header) or header[area.left - 1].strip() not in filled_down


def _reference(area: Area) -> str:
    """The cells as a spreadsheet names them, A2:A3."""
    return f"{_letters(area.left)}{area.top}:{_letters(area.right)}{area.bottom}"


def _letters(column: int) -> str:
    letters = ""
    while column:
        column, place = divmod(column - 1, 26)
        letters = chr(ord("A") + place) + letters
    return letters


def _grid(sheet: Sheet, shown: str, *, skip_hidden: bool) -> Grid:
    def rows(problems: list[Problem]) -> Iterator[Row]:
        line = 0
        try:
            for row in sheet.rows([]):
                line = row.line
                if not (skip_hidden and row.hidden):
                    yield Row(line, row.texts)
        except BROKEN:
            # It was whole when it was looked through.
            problem = tr("the file was changed while it was read")
            problems.append(Problem(shown, line + 1, None, None, problem))
            yield Row(line + 1, None)

    return rows
