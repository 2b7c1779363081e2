"""A table of text: finds its header in a file or sheet and brings the rows below in line."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from registry.importing.mapping.banded import read_header
from registry.records.rows import IsPlain, Lines, Problem, Row
from registry.words import tr

Grid = Callable[[list[Problem]], Iterator[Row]]
GridLines = Callable[[list[Problem], IsPlain], Iterator[Row | Lines]]

# The column of reasons in a file that an import has marked; it is there to be read by people.
PROBLEM_COLUMN = "problem"

# A header further down than this is not looked for.
LOOKED_AT = 20


@dataclass(frozen=True)
class Table:
    """One table of text as it stands in a file, nothing interpreted yet.

    `shown` is the name that complaints carry: the file's name, for a sheet "file.xlsx [sheet]".
    `header` holds the names of the columns without the blanks around them; a column without a name
    and without a cell is left out, and so is that of reasons which an import has written. `rows`
    yields the rows below the header, their cells aligned with it and empty rows left out, and adds
    to the list it is given what cannot be read; it can be called again. `lines`, where it is given,
    yields the same, with rows that are plain together. `problems` say why there is no header to go
    by. `notes` say in words what was read in another way than one may expect;
    `rows` adds to them. `marked` says that it is one which an import has written,
    `banded` that its header stands in two rows, of which `header_line` is the last.
    """

    path: Path
    sheet: str | None
    shown: str
    header_line: int
    header: list[str]
    rows: Callable[[list[Problem]], Iterator[Row]]
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    marked: bool = False
    banded: bool = False
    lines: GridLines | None = None


def lay_out(
    path: Path,
    sheet: str | None,
    shown: str,
    grid: Grid,
    header_names: Collection[str],
    grid_lines: GridLines | None = None,
) -> Table:
    """The table in a grid of cells; `grid` yields every row of the file that is not empty.

    So does `grid_lines`, where it is given, with the rows that are plain together.
    """
    problems: list[Problem] = []
    notes: list[str] = []
    top = list(islice(grid(problems), LOOKED_AT))
    rows = [row for row in top if row.cells is not None]
    header_row = _sure_header(rows, header_names) or next(iter(rows), None)
    if header_row is None or header_row.cells is None:
        if not problems:
            problem = tr("the file is empty; it needs a header")
            if sheet is not None:
                problem = tr("the sheet is empty; it needs a header")
            problems.append(Problem(shown, 1, None, None, problem))
        return Table(path, sheet, shown, 1, [], lambda _problems: iter(()), problems)
    problems.clear()
    found = read_header(rows, header_row)
    line = found.line
    if found.banded:
        notes.append(
            tr("{file}: the header stands in lines {first} and {line}",
               file=shown, first=found.first_line, line=line)
        )  # fmt: skip
    if found.first_line > rows[0].line:
        notes.append(
            tr("{file}: what stands above the header in line {line} was left out",
               file=shown, line=found.first_line)
        )  # fmt: skip
    elif (
        not found.banded and _filled(header_row) == 1 and any(_filled(row) > 1 for row in rows[1:])
    ):
        problem = tr("looks like a title; delete what stands above the header")
        problems.append(Problem(shown, line, None, header_row.cells[0].strip() or None, problem))
    names = found.names
    named = [place for place, name in enumerate(names) if name]
    taken = [
        place
        for place in named
        if names[place] != PROBLEM_COLUMN or PROBLEM_COLUMN in header_names or len(named) == 1
    ]

    def aligned(problems: list[Problem]) -> Iterator[Row]:
        rows = grid(problems) if sheet is None else _filled_up(grid(problems), named[-1] + 1)
        return _aligned(rows, line, named, taken, shown, problems)

    def aligned_lines(problems: list[Problem], is_plain: IsPlain) -> Iterator[Row | Lines]:
        assert grid_lines is not None
        for one in grid_lines(problems, is_plain):
            if isinstance(one, Row):
                yield from _aligned(iter((one,)), line, named, taken, shown, problems)
            elif rows := one.rows[max(0, line + 1 - one.line) :]:
                yield Lines(max(one.line, line + 1), rows)

    header = [names[place] for place in taken]
    return Table(
        path,
        sheet,
        shown,
        line,
        header,
        aligned,
        problems,
        notes,
        marked=len(taken) < len(named),
        banded=found.banded,
        # Where each column of the file is taken, a plain row is in line with the header.
        lines=aligned_lines if grid_lines is not None and len(taken) == len(names) else None,
    )


def _filled(row: Row) -> int:
    return sum(1 for cell in row.cells or () if cell.strip())


def _sure_header(rows: list[Row], header_names: Collection[str]) -> Row | None:
    """The first row that holds one of the names."""
    known = {name.casefold() for name in header_names}
    for row in rows:
        if any(cell.strip().casefold() in known for cell in row.cells or ()):
            return row
    return None


def _filled_up(rows: Iterator[Row], width: int) -> Iterator[Row]:
    """A sheet's rows, each of which ends with its last filled cell, at the width of the header."""
    for row in rows:
        if row.cells is not None and len(row.cells) < width:
            yield Row(row.line, row.cells + [""] * (width - len(row.cells)))
        else:
            yield row


def _aligned(
    rows: Iterator[Row],
    header_line: int,
    named: list[int],
    taken: list[int],
    shown: str,
    problems: list[Problem],
) -> Iterator[Row]:
    """The rows below the header, each with a cell for each column that is taken and no other."""
    width = named[-1] + 1
    gaps = len(named) < width
    for row in rows:
        cells = row.cells
        if row.line <= header_line:
            continue
        if cells is None:
            yield row
            continue
        if len(cells) != width:
            last = max(place for place, cell in enumerate(cells) if cell.strip())
            if len(cells) < width or last >= width:
                number = len(cells) if len(cells) < width else last + 1
                problem = tr("has {number:cell|cells} where the header has {width}",
                             number=number, width=width)  # fmt: skip
                problems.append(Problem(shown, row.line, None, None, problem))
                yield Row(row.line, None)
                continue
            cells = cells[:width]
        if gaps:
            stray = [
                cells[place] for place in set(range(width)).difference(named)
                if cells[place].strip()
            ]  # fmt: skip
            if stray:
                problem = tr("stands in a column without a name in the header")
                problems.append(Problem(shown, row.line, None, stray[0], problem))
                yield Row(row.line, None)
                continue
        if len(taken) < width:
            cells = [cells[place] for place in taken]
        yield row if cells is row.cells else Row(row.line, cells)
