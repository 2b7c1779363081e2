"""The formats of an exported view, each with the labels of the columns where it has room for them.

CSV has none. Parquet keeps them as metadata of the fields, a workbook on a second sheet, Stata as
variable labels (80 characters), SAS transport as labels (40).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

STATA_NAME, STATA_LABEL = 32, 80
XPORT_NAME, XPORT_LABEL = 8, 40


@dataclass(frozen=True)
class Labelled:
    """A table with its name, its label and those of its columns; `dates` are days, not moments."""

    name: str
    label: str
    frame: pd.DataFrame
    labels: dict[str, str]
    dates: frozenset[str]


@dataclass(frozen=True)
class Format:
    """How to write a table, and how its columns are called in the file."""

    write: Callable[[Labelled, Path], Any]
    names: Callable[[Sequence[str]], list[str]]


def _write_csv(table: Labelled, path: Path) -> None:
    table.frame.to_csv(path, index=False)


def _write_parquet(table: Labelled, path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    made = pa.Table.from_pandas(table.frame, preserve_index=False)
    fields = [field.with_metadata({"label": table.labels[field.name]}) for field in made.schema]
    held = {**(made.schema.metadata or {}), "label": table.label}
    parquet.write_table(made.cast(pa.schema(fields, metadata=held)), path)


def _write_workbook(table: Labelled, path: Path) -> None:
    frame = _without_zones(table.frame)
    labels = pd.DataFrame(
        [(table.name, table.label), *table.labels.items()], columns=["column", "label"]
    )
    with pd.ExcelWriter(path, engine="openpyxl") as writer:
        frame.to_excel(writer, index=False, sheet_name="data")
        labels.to_excel(writer, index=False, sheet_name="labels")
        for sheet in writer.sheets.values():
            sheet.freeze_panes = "A2"
            sheet.auto_filter.ref = sheet.dimensions
            for row in sheet.iter_rows(min_row=2):
                for cell in row:
                    if isinstance(cell.value, str):
                        # A text is a text, also one that begins like a formula.
                        cell.data_type = "s"


def _write_stata(table: Labelled, path: Path) -> None:
    frame, labels = _plain(table, STATA_NAME)
    moments = [str(name) for name in frame.select_dtypes("datetime")]
    columns = dict(zip(labels, table.labels, strict=True))
    frame.to_stata(
        path,
        write_index=False,
        version=118,
        convert_dates={name: "td" if columns[name] in table.dates else "tc" for name in moments},
        variable_labels={name: cut(label, STATA_LABEL) for name, label in labels.items()},
        data_label=cut(table.label, STATA_LABEL),
        convert_strl=[name for name in frame if _longest(frame[name]) > 2000],
    )


def _write_xport(table: Labelled, path: Path) -> None:
    from registry.report.xport import write_xport

    frame, labels = _plain(table, XPORT_NAME)
    (name,) = _short([table.name], XPORT_NAME)
    write_xport(
        frame,
        path,
        name=name.upper(),
        label=cut(table.label, XPORT_LABEL),
        labels={column: cut(label, XPORT_LABEL) for column, label in labels.items()},
    )


def _same(names: Sequence[str]) -> list[str]:
    return list(names)


FORMATS: dict[str, Format] = {
    ".csv": Format(_write_csv, _same),
    ".parquet": Format(_write_parquet, _same),
    ".xlsx": Format(_write_workbook, _same),
    ".dta": Format(_write_stata, lambda names: _short(names, STATA_NAME)),
    ".xpt": Format(_write_xport, lambda names: _short(names, XPORT_NAME)),
}
"""Ending -> the format."""


def cut(words: str, length: int) -> str:
    """The words up to a full stop or semicolon, cut between words where still too long."""
    first = re.split(r"(?<=\w)[.;](?:\s|$)", words, maxsplit=1)[0]
    if len(first.encode("utf-8")) <= length:
        return first
    while len(first.encode("utf-8")) > length - 3:
        shorter = first.rsplit(" ", 1)[0]
        first = shorter if shorter != first else first[:-1]
    return first + "..."


def _short(names: Sequence[str], length: int) -> list[str]:
    """Names of at most so many characters, each different: cut, and numbered where they clash."""
    given: list[str] = []
    for name in names:
        short = name if len(name) <= length else name.replace("_", "")[:length]
        number = 2
        while short in given or (short != name and short in names):
            short = name.replace("_", "")[: length - len(str(number))] + str(number)
            number += 1
        given.append(short)
    return given


def _plain(table: Labelled, length: int) -> tuple[pd.DataFrame, dict[str, str]]:
    """Columns that statistics programs know, under short names, and the labels of these."""
    names = _short(list(table.labels), length)
    columns = {}
    for name, (column, values) in zip(names, table.frame.items(), strict=True):
        columns[name] = _plain_column(values, str(column) in table.dates)
    frame = pd.DataFrame(columns, index=table.frame.index)
    return frame, dict(zip(names, table.labels.values(), strict=True))


def _plain_column(values: pd.Series[Any], is_date: bool) -> pd.Series[Any]:
    """Flags as 0, 1 and missing, days and moments as datetime64, all else as numbers or text."""
    if is_date:
        return pd.to_datetime(values)
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        moments: pd.Series[Any] = values.dt.tz_convert(None)
        return moments
    if values.dtype != object and not isinstance(values.dtype, pd.StringDtype):
        return values.astype("float64") if values.dtype == "bool" else values
    known = values.dropna()
    if not known.empty and known.map(lambda value: isinstance(value, bool | int | float)).all():
        return pd.Series(pd.to_numeric(values.map(float, na_action="ignore")), dtype="float64")
    texts: pd.Series[Any] = values.map(str, na_action="ignore").fillna("").astype(object)
    return texts


def _longest(values: pd.Series[Any]) -> int:
    if values.dtype != object or values.empty:
        return 0
    return int(values.map(lambda value: len(str(value).encode("utf-8"))).max())


def _without_zones(frame: pd.DataFrame) -> pd.DataFrame:
    """Moments as UTC without saying so, because a spreadsheet knows no time zones."""
    frame = frame.copy()
    for name in frame.select_dtypes("datetimetz").columns:
        frame[name] = frame[name].dt.tz_convert(None)
    return frame
