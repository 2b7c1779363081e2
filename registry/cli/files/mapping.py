"""How `registry import` reads files: by their names, by a mapping, or as a REDCap project."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from registry.cli.frame.context import warn
from registry.cli.frame.signatures import flag, option

if TYPE_CHECKING:
    from collections.abc import Callable

    from registry.importing.mapping.dialect import Dialect
    from registry.importing.mapping.mapping import FileMapping
    from registry.importing.marked import Sheet
    from registry.parsing.conventions import Conventions
    from registry.records.rows import WriteResult

MapOption = Annotated[
    Path | None, option("--map", "FILE", "A mapping (TOML) of the files' own columns.")
]
RedcapOption = Annotated[
    Path | None, option("--redcap", "DICTIONARY", "The files are a REDCap export; its dictionary.")
]
SuggestOption = Annotated[
    bool, flag("--suggest-map", "Draft a mapping of the files; import nothing.")
]


@dataclass(frozen=True)
class Reader:
    """What imports files; `by_number` says that hospital numbers name the child in them."""

    files: Callable[..., WriteResult]
    by_number: bool


def reader_of(map_file: Path | None, redcap: Path | None, *, by_number: bool) -> Reader:
    """What imports files by these options. Raises Refused for a mapping that is wrong."""
    if map_file is None and redcap is None:
        from registry.importing.run import import_files

        return Reader(import_files, by_number)
    from registry.importing.mapping.run import import_mapped

    mapping, dialect = _mapping(map_file, redcap)
    mapping = mapping.all_by_number() if by_number else mapping
    return Reader(partial(import_mapped, mapping=mapping, dialect=dialect), mapping.by_number)


def sheets_reader(map_file: Path | None, redcap: Path | None) -> Callable[..., list[Sheet]]:
    """What reads the same files again as they stand, to mark them."""
    from registry.importing.marked import sheets_of, titled

    if map_file is None and redcap is None:
        return sheets_of
    from registry.importing.mapping.run import tables_of
    from registry.parsing.conventions import NOTHING_SAID

    mapping, dialect = _mapping(map_file, redcap)

    def read(paths: list[Path], conventions: Conventions = NOTHING_SAID) -> list[Sheet]:
        tables = tables_of(paths, mapping.where_unsaid(conventions), dialect)
        return titled((table.sheet or table.path.stem, table) for table in tables)

    return read


def _mapping(map_file: Path | None, redcap: Path | None) -> tuple[FileMapping, Dialect]:
    from registry.importing.mapping.dialect import PLAIN
    from registry.importing.mapping.file import read_mapping
    from registry.importing.mapping.redcap import in_redcap, read_dictionary, redcap_mapping

    mapping = None if map_file is None else read_mapping(map_file)
    if redcap is None:
        assert mapping is not None
        return mapping, PLAIN
    dialect = read_dictionary(redcap)
    return redcap_mapping() if mapping is None else in_redcap(mapping), dialect


def print_draft(paths: list[Path], conventions: Conventions) -> None:
    """Prints a mapping of the files, drafted from their headers and codes."""
    from registry.importing.drafting.suggest import draft

    made = draft(paths, conventions)
    typer.echo(made.text, nl=False)
    for words in made.warnings:
        warn(words)
