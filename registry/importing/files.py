"""Finds the import files and reads their rows as text, one at a time."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from registry.errors import NotFound, Refused
from registry.records.problems import Problem
from registry.records.source import (
    BY_FILE_NAME,
    NOT_UTF8,
    PATIENT_COLUMN,
    Entity,
    Row,
    Source,
    dictionary_columns,
    is_utf8,
)

# One cell of a spreadsheet holds 32,767 characters at the most.
csv.field_size_limit(131_072)


@dataclass(frozen=True)
class ImportFile:
    """One file and the table it fills.

    `number` tells it from the others of the run; `shown` is the name that a complaint carries.
    """

    number: int
    path: Path
    entity: Entity
    shown: str


def find_files(paths: list[Path]) -> list[ImportFile]:
    """The files named, and the CSV files of the folders named, patients first.

    Raises NotFound for a path that is not there and Refused for a file that is no table's.
    """
    try:
        found = [file for path in paths for file in _files_at(path)]
        unique = list({path.resolve(): path for path in reversed(found)}.values())
    except OSError as error:
        raise _cannot_read(error) from None
    strangers = [path.name for path in unique if _table_of(path) is None]
    if strangers:
        raise Refused(
            f"No table belongs to the file {', '.join(sorted(strangers))}.",
            cure=f"Name files after their tables: {_names()}.",
        )
    order = list(BY_FILE_NAME)
    unique.sort(key=lambda path: (order.index(path.stem), found.index(path)))
    names = [path.name for path in unique]
    return [
        ImportFile(
            number,
            path,
            BY_FILE_NAME[path.stem],
            path.name if names.count(path.name) == 1 else str(path),
        )
        for number, path in enumerate(unique, start=1)
    ]


def _files_at(path: Path) -> list[Path]:
    if path.is_dir():
        inside = sorted(path.glob("*.csv"))
        if not inside:
            raise NotFound(
                f"The folder {path} holds no CSV file.",
                cure=f"Files are named after their tables: {_names()}.",
            )
        return inside
    if not path.is_file():
        raise NotFound(f"There is no file or folder {path}.")
    return [path]


def _table_of(path: Path) -> Entity | None:
    return BY_FILE_NAME.get(path.stem) if path.suffix == ".csv" else None


def _names() -> str:
    return ", ".join(f"{name}.csv" for name in BY_FILE_NAME)


def read_header(file: ImportFile) -> tuple[list[str], list[Problem]]:
    """The header's columns, and what is wrong with them."""
    problems: list[Problem] = []
    header = next(read_rows(file, problems, header=True), None)
    if header is None or header.cells is None:
        if not problems:
            problem = "the file is empty; it needs a header"
            problems.append(Problem(file.shown, 1, None, None, problem))
        return [], problems
    line = header.line

    def complain(column: str | None, problem: str) -> None:
        problems.append(Problem(file.shown, line, column, None, problem))

    columns = [cell.strip() for cell in header.cells]
    if not all(is_utf8(column) for column in columns):
        complain(None, NOT_UTF8)
        return [], problems
    known = [PATIENT_COLUMN, *dictionary_columns(file.entity)]
    for column in dict.fromkeys(columns):
        if columns.count(column) > 1:
            complain(column, "stands twice in the header")
        if column not in known:
            near = get_close_matches(column, known, 1)
            hint = f"; meant {near[0]}?" if near else f"; the columns are {', '.join(known)}"
            complain(column, f"is not a column of {file.entity.file_name}{hint}")
    required = [PATIENT_COLUMN] + [
        name for name, variable in dictionary_columns(file.entity).items() if variable.required
    ]
    for column in required:
        if column not in columns:
            complain(column, "is missing from the header")
    return columns, problems


def source_of(file: ImportFile, columns: list[str]) -> Source:
    """The file's rows on their way into its table."""

    def rows(problems: list[Problem]) -> Iterator[Row]:
        return read_rows(file, problems)

    return Source(file.number, file.entity, file.shown, columns, rows)


def read_rows(file: ImportFile, problems: list[Problem], *, header: bool = False) -> Iterator[Row]:
    """The rows after the header, or from it on, empty ones left out.

    What cannot be read goes to `problems`; a row that is no CSV ends the file. Bytes that are not
    UTF-8 are kept as lone surrogates.
    """
    width = None
    begins = 1
    try:
        with file.path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            try:
                for cells in reader:
                    line, begins = begins, reader.line_num + 1
                    if width is None and cells:
                        width = len(cells)
                        if header:
                            yield Row(line, cells)
                    elif any(cell.strip() for cell in cells):
                        if len(cells) == width:
                            yield Row(line, cells)
                        else:
                            problem = f"has {len(cells)} cells where the header has {width}"
                            problems.append(Problem(file.shown, line, None, None, problem))
                            yield Row(line, None)
            except csv.Error as error:
                problem = f"is not CSV from here on: {error}"
                problems.append(Problem(file.shown, begins, None, None, problem))
                yield Row(begins, None)
    except OSError as error:
        raise _cannot_read(error) from None


def _cannot_read(error: OSError) -> Refused:
    return Refused(f"The file {error.filename} cannot be read: {error.strerror}.")
