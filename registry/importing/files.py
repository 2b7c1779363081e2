"""Finds the files of an import and the table of the registry that each of their tables fills."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from registry.errors import NotFound, Refused
from registry.importing.delimited import cannot_read
from registry.importing.table import DELIMITED, ENDINGS, WORKBOOK, Table, read_tables
from registry.parsing.conventions import NOTHING_SAID, Conventions
from registry.records.problems import Problem
from registry.records.source import (
    BY_FILE_NAME,
    PATIENT_COLUMN,
    Entity,
    Source,
    dictionary_columns,
    file_columns,
)
from registry.words import tr

# What a spreadsheet puts behind the name of a sheet's copy, as in "infusions (2)".
_COPY = re.compile(r"\s*\([0-9]+\)$")


# What other spreadsheets and older ones write.
# More names than these at once are another's file, and get one complaint together.
MOST_STRANGERS = 5
_OTHER_WORKBOOKS = (".xls", ".xlsm", ".xlsb", ".ods", ".numbers")


@dataclass(frozen=True)
class ImportTable:
    """A table of a file and the table of the registry that it fills.

    `number` tells it from the others of the run.
    """

    number: int
    table: Table
    entity: Entity

    def header_problems(self) -> list[Problem]:
        """What is wrong before any row is read."""
        if self.table.problems:
            return self.table.problems
        return [
            Problem(self.table.shown, self.table.header_line, column, None, problem)
            for column, problem in _wrong_columns(self.table.header, self.entity)
        ]

    def source(self) -> Source:
        """The rows on their way into the table of the registry."""
        table = self.table
        return Source(self.number, self.entity, table.shown, table.header, table.rows)


def find_tables(paths: list[Path], conventions: Conventions = NOTHING_SAID) -> list[ImportTable]:
    """The tables of the files named, and of the files in the folders named, patients first.

    A file, or a sheet of a workbook, is named after its table, whatever its capitals and whichever
    copy it is; a workbook of one sheet may have the name itself. Raises NotFound for a path that is
    not there and Refused for a file or sheet that is no table's.
    """
    files = find_files(paths)
    others = [path.name for path in files if path.suffix.lower() in _OTHER_WORKBOOKS]
    if others:
        raise Refused(
            tr("These workbooks cannot be read: {files}.", files=", ".join(others)),
            cure=tr("Save them as Excel workbooks (.xlsx), or each table as CSV UTF-8."),
        )
    names = [path.name for path in files]
    found: list[tuple[Entity, Table]] = []
    strangers = [path.name for path in files if _is_stranger(path)]
    if strangers:
        raise _no_table(strangers)
    for path in files:
        shown = path.name if names.count(path.name) == 1 else str(path)
        tables = read_tables(path, conventions, shown=shown)
        entities = [_entity_of(table, alone=len(tables) == 1) for table in tables]
        found += [
            (entity, table)
            for entity, table in zip(entities, tables, strict=True)
            if entity is not None
        ]
        strangers += [
            table.shown for entity, table in zip(entities, tables, strict=True) if entity is None
        ]
    if strangers:
        raise _no_table(strangers)
    order = list(BY_FILE_NAME.values())
    found.sort(key=lambda pair: order.index(pair[0]))
    return [
        ImportTable(number, table, entity) for number, (entity, table) in enumerate(found, start=1)
    ]


def find_files(paths: list[Path]) -> list[Path]:
    """The files named, and those of the folders named whose ending is a table's, each once.

    Raises NotFound for a path that is not there and for a folder without any.
    """
    try:
        found = [file for path in paths for file in _files_at(path)]
        return list({path.resolve(): path for path in reversed(found)}.values())[::-1]
    except OSError as error:
        raise cannot_read(error) from None


def _files_at(path: Path) -> list[Path]:
    if path.is_dir():
        inside = sorted(file for file in path.iterdir() if _is_meant(file))
        if not inside:
            raise NotFound(
                tr("The folder {folder} holds no CSV file or workbook.", folder=path),
                cure=_files_are_named(),
            )
        return inside
    if not path.is_file():
        raise NotFound(tr("There is no file or folder {path}.", path=path))
    return [path]


def _is_meant(file: Path) -> bool:
    """Whether a file in a folder is there to be imported: a .txt is, if it is named after a table.

    What spreadsheets and file systems keep beside an open file begins with ~$ or ._ ; a pipe would
    be waited for without end.
    """
    if file.name.startswith(("~$", "._")) or file.is_fifo() or file.is_socket():
        return False
    ending = file.suffix.lower()
    if ending == ".txt":
        return file.stem.casefold() in BY_FILE_NAME
    return ending in (*ENDINGS, *_OTHER_WORKBOOKS)


def _is_stranger(path: Path) -> bool:
    ending = path.suffix.lower()
    return ending != WORKBOOK and not (ending in DELIMITED and path.stem.casefold() in BY_FILE_NAME)


def _entity_of(table: Table, *, alone: bool) -> Entity | None:
    names = [table.path.stem] if table.sheet is None else [_COPY.sub("", table.sheet)]
    if alone:
        names.append(table.path.stem)
    return next(
        (BY_FILE_NAME[n] for name in names if (n := name.strip().casefold()) in BY_FILE_NAME), None
    )


def _no_table(strangers: list[str]) -> Refused:
    return Refused(
        tr("No table belongs to {files}.", files=", ".join(sorted(strangers))),
        cure=f"{_files_are_named()}\n{_draft_a_mapping()}",
    )


def _draft_a_mapping() -> str:
    return tr("For a hospital's own files: registry import --suggest-map FILE drafts a mapping.")


def _files_are_named() -> str:
    names = ", ".join(f"{name}.csv" for name in BY_FILE_NAME)
    return tr(
        "Name files, or the sheets of a workbook (.xlsx), after their tables: {names}.",
        names=names,
    )


def _wrong_columns(columns: list[str], entity: Entity) -> Iterator[tuple[str | None, str]]:
    """Column and complaint: one too many, one twice, one that is not there."""
    known = [PATIENT_COLUMN, *dictionary_columns(entity)]
    may_stand = {PATIENT_COLUMN, *file_columns(entity)}
    strange = [column for column in dict.fromkeys(columns) if column not in may_stand]
    if len(strange) > MOST_STRANGERS:
        yield (
            None,
            tr(
                "{number:column is|columns are} not of {table}: {strange}; "
                "the columns are {columns}",
                number=len(strange),
                table=entity.file_name,
                strange=", ".join(strange[:MOST_STRANGERS]) + ", ...",
                columns=", ".join(known),
            )
            + f". {_draft_a_mapping()}",
        )
    for column in dict.fromkeys(columns):
        if columns.count(column) > 1:
            yield column, tr("stands twice in the header")
        if column in strange and len(strange) <= MOST_STRANGERS:
            near = get_close_matches(column.strip().lower(), known, 1)
            yield (
                column,
                tr("is not a column of {table}; meant {near}?",
                   table=entity.file_name, near=near[0])
                if near
                else tr("is not a column of {table}; the columns are {columns}",
                        table=entity.file_name, columns=", ".join(known)),
            )  # fmt: skip
    required = [PATIENT_COLUMN] + [
        name for name, variable in dictionary_columns(entity).items() if variable.required
    ]
    for column in required:
        if column not in columns:
            yield column, tr("is missing from the header")
