"""An import of a hospital's own files by a mapping: all or nothing, in the caller's transaction."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from pathlib import Path

from sqlalchemy import Connection

from registry.errors import Refused
from registry.importing.decimal_mark import DecimalMark
from registry.importing.files.find import find_files
from registry.importing.files.table import Table, read_tables
from registry.importing.mapping.dialect import PLAIN, Dialect
from registry.importing.mapping.mapping import FileMapping, SourceMapping, matches
from registry.importing.mapping.table import MappedRows, MappedTable, Place
from registry.parsing.conventions import NOTHING_SAID, Conventions
from registry.records.numbered import Numbered
from registry.records.plausibility import warn_of_import
from registry.records.rows import AnyProblem, Change, Problem, WriteResult
from registry.records.study_ids import MASK
from registry.records.write import write_rows
from registry.steps import renamed
from registry.words import tr

# A source's name inside the import.
_NAME = re.compile("\x1f([0-9]+)\x1f")


def import_mapped(
    connection: Connection,
    paths: Sequence[Path],
    mapping: FileMapping,
    *,
    dialect: Dialect = PLAIN,
    conventions: Conventions = NOTHING_SAID,
    update: bool = False,
    allow_ids: bool = False,
    numbered: Numbered | None = None,
    changes: int | None = 0,
) -> WriteResult:
    """Imports files and folders of files by the mapping; nothing is written when anything is wrong.

    `conventions` hold where the mapping says nothing. Complaints name the file's own line and
    header, and show the cell as it stands there. With `numbered` the patients' columns that the
    mapping says so of hold hospital numbers.
    `changes` is how many changed cells the result lists, None for all. The caller commits;
    `committed` is set by it.

    Raises NotFound and Refused where the files, or what the mapping says of them, are wrong.
    """
    mapped = read_mapped(paths, mapping.where_unsaid(conventions), dialect, numbered)
    problems: list[Problem] = []
    sources: list[MappedRows] = []
    for table in mapped:
        wrong = table.problems()
        problems.extend(wrong)
        if not wrong:
            sources.extend(table.parts)
    marks: defaultdict[Path, DecimalMark] = defaultdict(DecimalMark)
    back = _WayBack(sources)
    rows = [part.source(marks[part.path]) for part in sources]
    with renamed(back.text):
        result = write_rows(
            connection,
            rows,
            problems,
            update=update,
            allow_ids=allow_ids,
            numbered=numbered,
            changes=changes,
        )
    warn_of_import(connection, rows, result)
    order = {table.table.shown: (number, table) for number, table in enumerate(mapped)}

    def place(problem: Problem) -> tuple[int, int, int]:
        number, table = order[problem.file]
        return number, problem.line or 0, table.position(problem.column)

    result.errors = sorted(back.problems(result.errors), key=place)
    result.warnings = sorted(back.problems(result.warnings), key=place)
    result.changes = [back.change(change) for change in result.changes]
    result.notes.extend(back.text(note) for table in mapped for note in table.notes())
    if numbered is not None:
        numbered.hide(result)
    return result


def read_mapped(
    paths: Sequence[Path],
    mapping: FileMapping,
    dialect: Dialect = PLAIN,
    numbered: Numbered | None = None,
) -> list[MappedTable]:
    """The files' tables with what the mapping says of each; those to skip are left out.

    Raises Refused for a file or sheet that the mapping says nothing of.
    """
    found: list[MappedTable] = []
    number = 1
    for table in tables_of(paths, mapping, dialect):
        source = mapping.of_table(table.path.name, table.sheet) or _marked_source(mapping, table)
        if source is None:
            raise Refused(
                tr("{mapping} says nothing of {file}.", mapping=mapping.name, file=table.shown),
                cure=tr("Add a [[source]] for it, with skip = true if it is not to be taken."),
            )
        if not source.skip:
            found.append(MappedTable(table, source, number, dialect, numbered))
            number += len(source.rows)
    if not found:
        raise Refused(tr("{mapping} takes nothing from these files.", mapping=mapping.name))
    return found


def _marked_source(mapping: FileMapping, table: Table) -> SourceMapping | None:
    """What a table of a marked file stands for: its sheets are called as sheets and files were."""
    if not table.marked:
        return None
    if len(mapping.sources) == 1:
        return mapping.sources[0]
    title = table.sheet or table.path.stem
    return next(
        (
            source
            for source in mapping.sources
            if matches(source.sheet or Path(source.file).stem, title)
        ),
        None,
    )


def tables_of(
    paths: Sequence[Path],
    mapping: FileMapping | None = None,
    dialect: Dialect = PLAIN,
    *,
    header_names: Collection[str] = (),
    conventions: Conventions = NOTHING_SAID,
) -> list[Table]:
    """Every table of the files and of the files in the folders, in the order of their names.

    A row below the first is taken for the header if it holds a header of the mapping, or one of
    `header_names`. `conventions` hold where there is no mapping.
    """
    files = find_files(paths, dialect.beside).files
    names = [file.name for file in files]
    tables = []
    for file in files:
        sources = mapping.of_file(file.name) if mapping else []
        headers = {header for source in sources for header in source.headers} | set(header_names)
        headers |= {header for header, name in dialect.names.items() if name in headers}
        tables += read_tables(
            file,
            sources[0].conventions if sources else conventions,
            shown=file.name if names.count(file.name) == 1 else str(file),
            header_names=headers,
            filled_down={header for source in sources for header in source.fill_down},
        )
    return tables


class _WayBack:
    """From records, as the import numbers them, to the cells that a person can find."""

    def __init__(self, parts: list[MappedRows]) -> None:
        self._parts = {part.number: part for part in parts}

    def text(self, words: str) -> str:
        """The words with each source's name, and the line with it, as the person knows them."""

        def with_line(found: re.Match[str]) -> str:
            part = self._parts[int(found["part"])]
            line = part.place(int(found["line"]), None).line
            return tr("{file}, line {line}", file=part.shown, line=line)

        # As the checks say it, in the person's language.
        said = re.escape(tr("{file}, line {line}", file="\0", line="\1"))
        name = _NAME.pattern.replace("(", "(?P<part>")
        lined = said.replace("\0", name).replace("\1", "(?P<line>[0-9]+)")
        words = re.sub(lined, with_line, words)
        return _NAME.sub(lambda found: self._parts[int(found[1])].shown, words)

    def problems(self, problems: list[AnyProblem]) -> list[AnyProblem]:
        """The complaints with file, line, header and cell as they stand in the file, each once."""
        places = [self._place(problem) for problem in problems]
        cells = _cells([place for place in places if place is not None])
        found = [
            problem if place is None else self._problem(problem, place, cells)
            for problem, place in zip(problems, places, strict=True)
        ]
        return list(dict.fromkeys(found))

    def _place(self, problem: Problem) -> Place | None:
        name = _NAME.fullmatch(problem.file)
        if name is None or problem.line is None:
            return None
        return self._parts[int(name[1])].place(problem.line, problem.column)

    def _problem(
        self, problem: AnyProblem, place: Place, cells: dict[tuple[str, int, str], str]
    ) -> AnyProblem:
        shown = place.table.table.shown
        column, value = problem.column, problem.value
        if place.header is not None and value == MASK:
            column = place.table.shown_header(place.header)
        elif place.header is not None:
            column = place.table.shown_header(place.header)
            value = cells.get((shown, place.line, place.header), "") or None
        words = self.text(problem.problem)
        if value and problem.value and value != problem.value and not place.counted:
            words = tr("{problem} (read as {value})", problem=words, value=problem.value)
        return problem._replace(
            file=shown, line=place.line, column=column, value=value, problem=words
        )

    def change(self, change: Change) -> Change:
        """A changed cell with file and line as they stand in the file."""
        name = _NAME.fullmatch(change.file)
        if name is None:
            return change
        place = self._parts[int(name[1])].place(change.line, change.column)
        return change._replace(file=place.table.table.shown, line=place.line)


def _cells(places: list[Place]) -> dict[tuple[str, int, str], str]:
    """The cells at the places, as they stand in their files, which are read once more for them."""
    wanted: dict[str, tuple[MappedTable, dict[int, set[str]]]] = {}
    for place in places:
        if place.header is not None:
            shown = place.table.table.shown
            lines = wanted.setdefault(shown, (place.table, {}))[1]
            lines.setdefault(place.line, set()).add(place.header)
    return {
        (shown, row.line, header): table.cells.text(row, header)
        for shown, (table, lines) in wanted.items()
        for row in table.rows([])
        for header in lines.get(row.line, ())
    }
