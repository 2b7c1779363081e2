"""The formats of an exported view, each with the labels of the columns where it has room for them.

CSV has none. Parquet keeps them as metadata of the fields, a workbook on a second sheet, Stata as
variable labels (80 characters), SPSS (255 bytes) and SAS transport (40) likewise.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from registry.drawing.formats import FOR_SPREADSHEETS
from registry.drawing.sheet import write_workbook
from registry.parsing.formula import kept_from_running
from registry.records.short_names import SAS_TRANSPORT, SPSS, STATA, short_names

STATA_LABEL, XPORT_LABEL, SPSS_LABEL, SPSS_FILE_LABEL = 80, 40, 255, 64
# Bytes of a text in SAS transport, version 5.
XPORT_TEXT = 200


@dataclass(frozen=True)
class Labelled:
    """A table with its name, its label and those of its columns; `dates` are days, not moments.

    `sheet` is the name of its sheet in a workbook, by which an import knows a table of records.
    """

    name: str
    label: str
    frame: pd.DataFrame
    labels: dict[str, str]
    dates: frozenset[str]
    sheet: str = "data"


@dataclass(frozen=True)
class Format:
    """How to write a table, and how its columns are called in the file."""

    write: Callable[[Labelled, Path], Any]
    names: Callable[[Sequence[str]], list[str]]


def _write_csv(table: Labelled, path: Path) -> None:
    frame = table.frame.copy()
    for name in frame.select_dtypes(["object", "string"]):
        frame[name] = frame[name].map(kept_from_running)
    frame.to_csv(path, index=False, encoding=FOR_SPREADSHEETS)


def _write_parquet(table: Labelled, path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    made = pa.Table.from_pandas(table.frame, preserve_index=False)
    fields = [field.with_metadata({"label": table.labels[field.name]}) for field in made.schema]
    held = {**(made.schema.metadata or {}), "label": table.label}
    parquet.write_table(made.cast(pa.schema(fields, metadata=held)), path)


def _write_workbook(table: Labelled, path: Path) -> None:
    frame = _without_zones(table.frame).astype(object)
    cells = frame.where(frame.notna(), None).itertuples(index=False, name=None)
    labels = [(table.name, table.label), *table.labels.items()]
    data = [str(name) for name in frame], cells
    write_workbook(path, {table.sheet: data, "labels": (["column", "label"], labels)})


def _write_stata(table: Labelled, path: Path) -> None:
    frame, labels = _plain(table, STATA)
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
    import pyreadstat

    frame, labels = _plain(table, SAS_TRANSPORT)
    texts = frame.select_dtypes(object).columns
    frame[texts] = frame[texts].map(lambda value: _cut_bytes(value, XPORT_TEXT))
    (name,) = short_names([table.name], SAS_TRANSPORT)
    pyreadstat.write_xport(
        _with_days(table, frame).rename(columns=str.upper),
        path,
        file_label=_cut_bytes(cut(table.label, XPORT_LABEL), XPORT_LABEL),
        column_labels=[cut(label, XPORT_LABEL) for label in labels.values()],
        table_name=name.upper(),
        # The version that statistics agencies take (SAS TS-140).
        file_format_version=5,
    )


def _write_spss(table: Labelled, path: Path) -> None:
    import pyreadstat

    frame, labels = _plain(table, SPSS)
    flags = [
        name
        for name, values in zip(labels, table.frame.values.T, strict=True)
        if _are_flags(values)
    ]
    pyreadstat.write_sav(
        _with_days(table, frame),
        path,
        file_label=_cut_bytes(cut(table.label, SPSS_FILE_LABEL), SPSS_FILE_LABEL),
        column_labels=[cut(label, SPSS_LABEL) for label in labels.values()],
        variable_value_labels={name: {0: "no", 1: "yes"} for name in flags},
    )


def _are_flags(values: Iterable[Any]) -> bool:
    known = [value for value in values if not pd.isna(value)]
    return bool(known) and all(isinstance(value, bool) for value in known)


def _with_days(table: Labelled, frame: pd.DataFrame) -> pd.DataFrame:
    """The frame in which days are days, not moments."""
    frame = frame.copy()
    for name, column in zip(list(frame), table.labels, strict=True):
        if column in table.dates:
            days = frame[name].dt.date.astype(object)
            frame[name] = days.where(frame[name].notna(), None)
    return frame


def _cut_bytes(words: str, length: int) -> str:
    """UTF-8 of at most so many bytes, without half a letter."""
    return words.encode("utf-8")[:length].decode("utf-8", "ignore")


def _same(names: Sequence[str]) -> list[str]:
    return list(names)


FORMATS: dict[str, Format] = {
    ".csv": Format(_write_csv, _same),
    ".parquet": Format(_write_parquet, _same),
    ".xlsx": Format(_write_workbook, _same),
    ".dta": Format(_write_stata, lambda names: short_names(names, STATA)),
    ".sav": Format(_write_spss, lambda names: short_names(names, SPSS)),
    ".xpt": Format(_write_xport, lambda names: short_names(names, SAS_TRANSPORT)),
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


def _plain(table: Labelled, length: int) -> tuple[pd.DataFrame, dict[str, str]]:
    """Columns that statistics programs know, under short names, and the labels of these."""
    names = short_names(list(table.labels), length)
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
