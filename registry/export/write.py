"""Writes the views of the analysts to files, with the labels of their columns."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import Connection, text

from registry.drawing.formats import FOR_SPREADSHEETS
from registry.errors import NotFound, Refused, other_ending
from registry.export.columns import read_table
from registry.export.formats import FORMATS, Labelled
from registry.models import Patient
from registry.parsing.formula import cells_kept
from registry.parsing.meant import did_you_mean, near
from registry.records.rows import BY_FILE_NAME
from registry.steps import each
from registry.whole_file import write_folder, write_whole
from registry.words import tr

CODEBOOK = "codebook.csv"
RELEASE = "release"


@dataclass(frozen=True)
class _View:
    schema: str
    name: str
    label: str
    # Column -> its type in the database and its comment.
    columns: dict[str, tuple[str, str]]


def write_view(connection: Connection, view: str, path: Path) -> int:
    """Writes every row of a view, or of a table, to `path`, whole or not at all; returns the rows.

    A view is one of schema analytics; a table one of the dictionary, with the columns of its import
    file. Raises NotFound for an unknown one, WrongUsage for another ending and Refused where the
    file cannot be written.
    """
    if path.suffix.lower() not in FORMATS:
        raise other_ending(path, FORMATS)
    read = labelled(connection, view)
    _whole(path, lambda part: FORMATS[path.suffix.lower()].write(read, part))
    return len(read.frame)


def labelled(connection: Connection, name: str) -> Labelled:
    """A view or table with its labels. Raises NotFound for an unknown one."""
    entity = BY_FILE_NAME.get(name)
    if entity is not None:
        return read_table(connection, entity)
    views = _views(connection, "analytics")
    if name not in views:
        raise NotFound(
            tr("There is no view {view}.", view=name),
            cure=did_you_mean(near(name, [*views, *BY_FILE_NAME]))
            or tr("There are: {views}.", views=", ".join([*views, *BY_FILE_NAME])),
        )
    return _read(connection, views[name])


def write_records(
    connection: Connection, folder: Path, ending: str, *, force: bool = False
) -> dict[str, int]:
    """Writes every table to a file that an import takes back; returns the rows of each.

    Raises Refused where something is there, without `force`, or a file cannot be written.
    """

    def write(part: Path) -> dict[str, int]:
        return {
            name: write_view(connection, name, part / f"{name}{ending}")
            for name in each(list(BY_FILE_NAME), lambda one: tr("Writing {name}", name=one))
        }

    # Without the patients nobody takes the rest for a registry.
    return write_folder(folder, write, last=f"{Patient.file_name}{ending}", force=force)


def write_all(
    connection: Connection, folder: Path, ending: str, *, force: bool = False
) -> dict[str, int]:
    """Writes every view to a file of its own, and `codebook.csv`; returns the rows of each view.

    Raises Refused where something is there, without `force`, or a file cannot be written.
    """
    return write_folder(
        folder,
        lambda part: _write_views(connection, "analytics", part, ending),
        last=CODEBOOK,
        force=force,
    )


def write_released(
    connection: Connection, schema: str, release: str, part: Path, ending: str
) -> dict[str, int]:
    """The same of what a release has of every view of a schema, to a folder that is there."""
    return _write_views(connection, schema, part, ending, release)


def _write_views(
    connection: Connection, schema: str, part: Path, ending: str, release: str | None = None
) -> dict[str, int]:
    views = _views(connection, schema)
    if release is not None:
        for view in views.values():
            del view.columns[RELEASE]
    book = [
        {
            "view": view.name,
            "view_comment": view.label,
            "column": column,
            "name_in_file": name,
            "type": kind,
            "label": label,
        }
        for view in views.values()
        for (column, (kind, label)), name in zip(
            view.columns.items(), FORMATS[ending].names(list(view.columns)), strict=True
        )
    ]
    _whole(part / CODEBOOK, lambda file: _write_codebook(book, file))
    rows = {}
    for view in each(list(views.values()), lambda one: tr("Writing {name}", name=one.name)):
        read = _read(connection, view, release)
        FORMATS[ending].write(read, part / f"{view.name}{ending}")
        rows[view.name] = len(read.frame)
    return rows


def _write_codebook(rows: list[dict[str, str]], path: Path) -> None:
    with path.open("w", encoding=FOR_SPREADSHEETS, newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(rows[0])
        writer.writerows(cells_kept(row.values()) for row in rows)


def _whole(path: Path, write: Callable[[Path], Any]) -> None:
    if not path.parent.is_dir():
        raise Refused(
            tr(
                "{file} cannot be written: {folder} is a non-existent directory.",
                file=path,
                folder=path.parent,
            )
        )
    write_whole(path, write)


def _views(connection: Connection, schema: str) -> dict[str, _View]:
    """Every view of a schema with its comment, and its columns with theirs."""
    rows = connection.execute(
        text(
            "select c.relname as view, obj_description(c.oid, 'pg_class') as comment,"
            " a.attname as column, format_type(a.atttypid, a.atttypmod) as type,"
            " col_description(c.oid, a.attnum) as label"
            " from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0"
            f" where c.relnamespace = '{schema}'::regnamespace and c.relkind = 'v'"
            " order by c.relname, a.attnum"
        )
    ).mappings()
    found: dict[str, _View] = {}
    for row in rows:
        view = found.setdefault(row["view"], _View(schema, row["view"], row["comment"] or "", {}))
        view.columns[row["column"]] = (row["type"], row["label"] or "")
    return found


def _read(connection: Connection, view: _View, release: str | None = None) -> Labelled:
    columns = "*" if release is None else ", ".join(f"t.{column}" for column in view.columns)
    where = "" if release is None else f"where t.{RELEASE} = :release"
    frame = pd.read_sql(
        text(f"select {columns} from {view.schema}.{view.name} t {where} order by t"),
        connection,
        params=None if release is None else {"release": release},
        coerce_float=False,
    )
    frame = frame.apply(_without_decimals)
    labels = {column: label for column, (_, label) in view.columns.items()}
    dates = {column for column, (kind, _) in view.columns.items() if kind == "date"}
    return Labelled(view.name, view.label, frame, labels, frozenset(dates))


def _without_decimals(column: pd.Series) -> pd.Series:
    """A column of exact decimals as floating point, which every reader of the file knows."""
    if column.dtype == object and any(isinstance(value, Decimal) for value in column):
        return column.astype("float64")
    return column
