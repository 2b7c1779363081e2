"""Finds the files of an import and the table of the registry that each of their tables fills."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path

from registry.errors import NotFound, Refused
from registry.importing.drafting.names import table_called
from registry.importing.files.regular import (
    FOLDER,
    cannot_read,
    check_regular,
    identity,
    other_than_file,
)
from registry.importing.files.table import ENDINGS, WORKBOOKS, Table, read_tables
from registry.models.missing_reason import reason_column
from registry.parsing.conventions import NOTHING_SAID, Conventions
from registry.parsing.missing import NO_WORDS, MissingWords
from registry.parsing.stops import UNKNOWN, read_stop
from registry.records.rows import (
    BY_FILE_NAME,
    PATIENT_COLUMN,
    Entity,
    Problem,
    Row,
    Source,
    dictionary_columns,
    file_columns,
    lacking_columns,
)
from registry.records.short_names import SAS_TRANSPORT, short_names
from registry.words import spoken, tr

# More names than these at once are another's file, and get one complaint together.
MOST_STRANGERS = 5
# What other spreadsheets write, which nothing here reads.
_OTHER_WORKBOOKS = (".xlsb", ".numbers")
# What spreadsheets and file systems keep beside a file.
_NOT_MEANT = (".", "~$")


@dataclass(frozen=True)
class Found:
    """The files that are to be read, and what else lies in the folders, with what it is."""

    files: list[Path]
    passed_over: list[str]


@dataclass(frozen=True)
class ImportTable:
    """A table of a file and the table of the registry that it fills.

    `number` tells it from the others of the run. Cells in `missing` mean nothing, or why there is
    nothing; `emptied` counts those read.
    """

    number: int
    table: Table
    entity: Entity
    missing: MissingWords = NO_WORDS
    emptied: Counter[str] = field(default_factory=Counter)

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
        columns = [*table.header, *self._added()]
        rows, lines = (self._rows, None) if self.missing else (table.rows, table.lines)
        return Source(self.number, self.entity, table.shown, columns, rows, lines=lines)

    def _reasons(self) -> dict[str, str]:
        """Column -> that of its reason, where cells may say why they are empty."""
        lacking = lacking_columns(self.entity) if self.missing.say_why else {}
        return {name: reason_column(name) for name in self.table.header if name in lacking}

    def _added(self) -> list[str]:
        """The columns of reasons that the file itself has not."""
        return [name for name in self._reasons().values() if name not in self.table.header]

    def _rows(self, problems: list[Problem]) -> Iterator[Row]:
        """The rows without what means nothing."""
        header, reasons, added = self.table.header, self._reasons(), self._added()
        known = frozenset(self.missing)
        columns = [*header, *added]
        places = [(header.index(name), columns.index(why)) for name, why in reasons.items()]
        variables = dictionary_columns(self.entity)
        stops = {name for name, variable in variables.items() if variable.may_be_unknown}
        for row in self.table.rows(problems):
            if row.cells is None:
                yield row
                continue
            cells = [*row.cells, *("" for _ in added)]
            if known.isdisjoint(map(str.strip, row.cells)):
                yield Row(row.line, cells)
                continue
            # Of a stop that is written but unknown the word is the value.
            words = [
                "" if name in stops and read_stop(cell) == UNKNOWN else cell.strip()
                for name, cell in zip(columns, cells, strict=True)
            ]
            self.emptied.update(word for word in words if word in known)
            cells = ["" if word in known else cell for word, cell in zip(words, cells, strict=True)]
            for place, why in places:
                said = (self.missing.reason(words[one]) for one in (why, place))
                cells[why] = cells[why] or next(filter(None, said), "")
            yield Row(row.line, cells)

    def notes(self) -> list[str]:
        """What was read in another way than one may expect."""
        said = [
            tr("{file}: {text} taken as empty, cells: {number}",
               file=self.table.shown, text=text, number=number)
            for text, number in self.emptied.items()
        ]  # fmt: skip
        return [*self.table.notes, *said]


def find_tables(paths: list[Path], conventions: Conventions = NOTHING_SAID) -> list[ImportTable]:
    """The tables of the files named, and of the files in the folders named, patients first.

    A file, or a sheet of a workbook, is named after its table, whatever its capitals and whatever
    follows behind a sign or a number; a workbook of one sheet may have the name itself. What
    belongs to no table is passed over, which a note says. Raises NotFound for a path that is not
    there and Refused where nothing belongs to a table.
    """
    found = find_files(paths)
    names = [path.name for path in found.files]
    taken: list[tuple[Entity, Table]] = []
    strangers: list[str] = []
    for path in found.files:
        if not _may_hold_a_table(path):
            strangers.append(path.name)
            continue
        shown = path.name if names.count(path.name) == 1 else str(path)
        tables = read_tables(path, conventions, shown=shown)
        for table in tables:
            entity = _entity_of(table, alone=len(tables) == 1)
            if entity is None:
                strangers.append(table.shown)
            else:
                taken.append((entity, _with_full_names(table, entity)))
    if not taken:
        raise _no_table([*strangers, *found.passed_over])
    order = list(BY_FILE_NAME.values())
    taken.sort(key=lambda pair: order.index(pair[0]))
    if strangers or found.passed_over:
        others = ", ".join(sorted([*strangers, *found.passed_over]))
        taken[0][1].notes.append(
            tr("passed over, since no table is named so: {files}", files=others)
        )
    return [
        ImportTable(number, table, entity, conventions.missing)
        for number, (entity, table) in enumerate(taken, start=1)
    ]


def find_files(paths: Sequence[Path], beside: Collection[Path] = ()) -> Found:
    """The files named, and those of the folders named whose ending is a table's, each once.

    What is `beside` the data in a folder is not of them. Raises NotFound for a path that is not
    there and for a folder without any, and Refused for what is named and is no file.
    """
    files: dict[tuple[int, ...], Path] = {}
    passed_over: list[str] = []
    for path in paths:
        other = other_than_file(path)
        if other == FOLDER:
            inside = _files_in(path, beside, passed_over)
        else:
            check_regular(path)
            inside = [path]
        for file in inside:
            files.setdefault(identity(file), file)
    return Found(list(files.values()), passed_over)


def _files_in(folder: Path, beside: Collection[Path], passed_over: list[str]) -> list[Path]:
    """The files in a folder that are there to be imported."""
    inside = []
    try:
        listed = sorted(folder.iterdir())
    except OSError as error:
        raise cannot_read(error) from None
    for file in listed:
        if file.name.startswith(_NOT_MEANT) or os.path.realpath(file) in map(str, beside):
            continue
        other = other_than_file(file)
        ending = file.suffix.lower()
        if other == FOLDER and ending not in ENDINGS:
            continue
        if other is not None and other != FOLDER:
            passed_over.append(f"{file.name} ({spoken(other)})")
        elif ending not in (*ENDINGS, *_OTHER_WORKBOOKS) or (
            ending == ".txt" and table_called(file.stem) is None
        ):
            passed_over.append(file.name)
        else:
            check_regular(file)
            inside.append(file)
    if not inside:
        raise NotFound(
            tr("The folder {folder} holds no CSV file or workbook.", folder=folder),
            cure=_files_are_named(),
        )
    return inside


def _may_hold_a_table(path: Path) -> bool:
    """Whether the file's name is a table's, or those of its sheets may be.

    Raises Refused for a workbook of a kind that cannot be read and has the name of a table.
    """
    ending = path.suffix.lower()
    if ending in WORKBOOKS:
        return True
    named = table_called(path.stem) is not None
    if named and ending in _OTHER_WORKBOOKS:
        raise Refused(
            tr("These workbooks cannot be read: {files}.", files=path.name),
            cure=tr("Save them as Excel workbooks (.xlsx), or each table as CSV UTF-8."),
        )
    return named and ending in ENDINGS


def _with_full_names(table: Table, entity: Entity) -> Table:
    """The table with the names of the dictionary where its kind of file has only short ones."""
    if table.path.suffix.lower() != ".xpt":
        return table
    names = [PATIENT_COLUMN, *file_columns(entity)]
    full = dict(zip(map(str.upper, short_names(names, SAS_TRANSPORT)), names, strict=True))
    return replace(table, header=[full.get(name.upper(), name) for name in table.header])


def _entity_of(table: Table, *, alone: bool) -> Entity | None:
    """The table after which it is named; where only nearly so, one of its headers must be known."""
    names = [table.path.stem] if table.sheet is None else [table.sheet]
    if alone:
        names.append(table.path.stem)
    for name in names:
        exact = BY_FILE_NAME.get(name.strip().casefold())
        if exact is not None:
            return exact
    for called in map(table_called, names):
        if called is not None:
            entity = BY_FILE_NAME[called]
            known = {PATIENT_COLUMN, *dictionary_columns(entity)}
            if known.intersection(map(str.casefold, table.header)):
                return entity
    return None


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
