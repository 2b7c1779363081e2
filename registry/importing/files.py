"""Finds the import files and reads their rows as text, one at a time."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from registry.errors import NotFound, Refused
from registry.importing.problems import Problem
from registry.models import ENTITIES, Patient, PatientRecord, table_of
from registry.variables import Variable

# One cell of a spreadsheet holds 32,767 characters at the most.
csv.field_size_limit(131_072)

BY_FILE_NAME = {entity.file_name: entity for entity in ENTITIES}
PATIENT_COLUMN = "patient_id"


@dataclass(frozen=True)
class ImportFile:
    """One file and the table it fills; `number` tells it from the others of the run."""

    number: int
    path: Path
    entity: type[Patient] | type[PatientRecord]

    @property
    def shown(self) -> str:
        """The name that a complaint carries."""
        return self.path.name


@dataclass(frozen=True)
class Row:
    """One row as text: `line` is where it begins, the header being line 1."""

    line: int
    cells: list[str]


def dictionary_columns(entity: type[Patient] | type[PatientRecord]) -> dict[str, Variable]:
    """The columns that a file of this table may have, in order, but for the patient's."""
    return {
        column.name: column.info["variable"]
        for column in table_of(entity).columns
        if "variable" in column.info
    }


def find_files(paths: list[Path]) -> list[ImportFile]:
    """The files named, and the CSV files of the folders named, patients first.

    Raises NotFound for a path that is not there and Refused for a file that is no table's.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(path.glob("*.csv"))
            if not inside:
                raise NotFound(
                    f"The folder {path} holds no CSV file.",
                    cure=f"Files are named after their tables: {_names()}.",
                )
            found.extend(inside)
        elif path.is_file():
            found.append(path)
        else:
            raise NotFound(f"There is no file or folder {path}.")
    unique = list(dict.fromkeys(path.resolve() for path in found))
    strangers = [path.name for path in unique if path.stem not in BY_FILE_NAME]
    if strangers:
        raise Refused(
            f"No table belongs to the file {', '.join(strangers)}.",
            cure=f"Name files after their tables: {_names()}.",
        )
    order = list(BY_FILE_NAME)
    unique.sort(key=lambda path: order.index(path.stem))
    return [
        ImportFile(number, path, BY_FILE_NAME[path.stem])
        for number, path in enumerate(unique, start=1)
    ]


def _names() -> str:
    return ", ".join(f"{name}.csv" for name in BY_FILE_NAME)


def read_header(file: ImportFile) -> tuple[list[str], list[Problem]]:
    """The header's columns, and what is wrong with them."""
    problems: list[Problem] = []

    def complain(column: str | None, problem: str) -> None:
        problems.append(Problem(file.shown, 1, column, None, problem))

    try:
        header = next((row.cells for row in _raw_rows(file)), None)
    except (UnicodeDecodeError, csv.Error) as error:
        complain(None, unreadable(error))
        return [], problems
    if header is None:
        complain(None, "the file is empty; it needs a header")
        return [], problems
    columns = [cell.strip() for cell in header]
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


def read_rows(file: ImportFile, problems: list[Problem]) -> Iterator[Row]:
    """The rows after the header, empty ones left out; what cannot be read goes to `problems`."""
    width = None
    try:
        for row in _raw_rows(file):
            if width is None:
                width = len(row.cells)
            elif not any(cell.strip() for cell in row.cells):
                continue
            elif len(row.cells) != width:
                problem = f"has {len(row.cells)} cells where the header has {width}"
                problems.append(Problem(file.shown, row.line, None, None, problem))
            else:
                yield row
    except (UnicodeDecodeError, csv.Error) as error:
        problems.append(Problem(file.shown, None, None, None, unreadable(error)))


def unreadable(error: UnicodeDecodeError | csv.Error) -> str:
    """Why a file cannot be read, with the cure."""
    if isinstance(error, UnicodeDecodeError):
        return "is not in UTF-8; save it as CSV UTF-8"
    return f"is not a CSV file: {error}"


def _raw_rows(file: ImportFile) -> Iterator[Row]:
    try:
        with file.path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            begins = 1
            for cells in reader:
                if cells:
                    yield Row(begins, cells)
                begins = reader.line_num + 1
    except OSError as error:
        raise Refused(f"The file {file.path} cannot be read: {error.strerror}.") from None
