"""An import from files to tables: all or nothing, in the caller's transaction."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from sqlalchemy import Connection

from registry.importing.decimal_mark import DecimalMark
from registry.importing.files.encoding import check_encoding
from registry.importing.files.find import find_tables
from registry.importing.reading import TableReader
from registry.parsing.conventions import NOTHING_SAID, Conventions
from registry.records.numbered import Numbered
from registry.records.plausibility import warn_of_import
from registry.records.rows import AnyProblem, Problem, TableCounts, WriteResult
from registry.records.write import write_rows


def import_files(
    connection: Connection,
    paths: list[Path],
    *,
    conventions: Conventions = NOTHING_SAID,
    update: bool = False,
    allow_ids: bool = False,
    numbered: Numbered | None = None,
    changes: int | None = 0,
) -> WriteResult:
    """Imports files and folders of files; nothing is written when anything is wrong.

    A value in another spelling than the import format's is read where it can mean one thing only;
    `conventions` say what else it may mean. The caller commits; `committed` is set by it. `changes`
    is how many changed cells the result lists, None for all. With `numbered` the column of patients
    holds hospital numbers.
    Raises NotFound and Refused where the files themselves are wrong.
    """
    check_encoding(conventions.encoding)
    tables = find_tables(paths, conventions)
    problems: list[Problem] = []
    readers: list[TableReader] = []
    marks: defaultdict[Path, DecimalMark] = defaultdict(DecimalMark)
    for table in tables:
        wrong = table.header_problems()
        problems.extend(wrong)
        if not wrong:
            mark = marks[table.table.path]
            source = table.source()
            if numbered is not None:
                source = numbered.source(source)
            readers.append(TableReader(source, conventions, mark))
    sources = [reader.read() for reader in readers]
    result = write_rows(
        connection,
        sources,
        problems,
        update=update,
        allow_ids=allow_ids,
        numbered=numbered,
        changes=changes,
    )
    warn_of_import(connection, sources, result)
    for table in tables:
        result.tables.setdefault(table.entity.file_name, TableCounts())
        result.notes.extend(table.notes())
    for reader in readers:
        result.notes.extend(reader.notes)
    result.errors = _as_typed(readers, result.errors)
    result.warnings = _as_typed(readers, result.warnings)
    if numbered is not None:
        numbered.hide(result)
    place = {table.table.shown: number for number, table in enumerate(tables)}
    result.errors.sort(key=lambda problem: (place[problem.file], problem.line or 0))
    return result


def _as_typed(readers: list[TableReader], problems: list[AnyProblem]) -> list[AnyProblem]:
    """The complaints with each cell as it stands in its file."""
    found = list(problems)
    places: defaultdict[str, list[int]] = defaultdict(list)
    for place, problem in enumerate(problems):
        places[problem.file].append(place)
    for reader in readers:
        there = places[reader.source.shown]
        typed = reader.as_typed([problems[place] for place in there])
        for place, problem in zip(there, typed, strict=True):
            found[place] = problem
    return found
