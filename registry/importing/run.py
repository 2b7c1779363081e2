"""An import from files to tables: all or nothing, in the caller's transaction."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection

from registry.importing.files import find_files, read_header, source_of
from registry.records.problems import Problem, TableCounts, WriteResult
from registry.records.source import Source
from registry.records.write import Progress, write_rows


def import_files(
    connection: Connection,
    paths: list[Path],
    *,
    update: bool = False,
    changes: int | None = 0,
    progress: Progress = lambda _step, _rows: None,
) -> WriteResult:
    """Imports files and folders of files; nothing is written when anything is wrong.

    The caller commits; `committed` is set by it. `changes` is how many changed cells the result
    lists, None for all. `progress` hears of a step and of rows done.
    Raises NotFound and Refused where the files themselves are wrong.
    """
    files = find_files(paths)
    problems: list[Problem] = []
    readable: list[Source] = []
    for file in files:
        header, wrong = read_header(file)
        problems.extend(wrong)
        if not wrong:
            readable.append(source_of(file, header))
    result = write_rows(
        connection, readable, problems, update=update, changes=changes, progress=progress
    )
    for file in files:
        result.tables.setdefault(file.entity.file_name, TableCounts())
    place = {file.shown: number for number, file in enumerate(files)}
    result.errors.sort(key=lambda problem: (place[problem.file], problem.line or 0))
    return result
