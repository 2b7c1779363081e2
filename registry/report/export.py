"""Writes a view of the analysts to CSV, Parquet or a spreadsheet."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from sqlalchemy import Connection, text

from registry.errors import NotFound, Refused, WrongUsage
from registry.words import tr


def _write_spreadsheet(frame: pd.DataFrame, path: Path) -> None:
    _without_zones(frame).to_excel(path, index=False, sheet_name="data")


WRITERS: dict[str, Callable[[pd.DataFrame, Path], None]] = {
    ".csv": lambda frame, path: frame.to_csv(path, index=False),
    ".parquet": lambda frame, path: frame.to_parquet(path, index=False),
    ".xlsx": _write_spreadsheet,
}


def write_view(connection: Connection, view: str, path: Path) -> int:
    """Writes every row of `analytics.VIEW` to `path`, whole or not at all; returns the rows.

    Raises NotFound for an unknown view, WrongUsage for another ending and Refused where the file
    cannot be written.
    """
    writer = WRITERS.get(path.suffix.lower())
    if writer is None:
        raise WrongUsage(
            tr("{file} does not tell a format by its ending.", file=path.name),
            cure=tr("End it in {endings}.", endings=", ".join(WRITERS)),
        )
    views = (
        connection.execute(
            text(
                "select table_name from information_schema.views where table_schema = 'analytics' "
                "order by 1"
            )
        )
        .scalars()
        .all()
    )
    if view not in views:
        raise NotFound(
            tr("There is no view {view}.", view=view),
            cure=tr("There are: {names}.", names=", ".join(views)),
        )
    frame = pd.read_sql(
        text(f"select * from analytics.{view} order by 1, 2"), connection, coerce_float=False
    )
    frame = frame.apply(_without_decimals)
    # A part file beside the target: an interrupted export leaves no half table under its name.
    part = path.with_name(f".{path.stem}.part{path.suffix}")
    try:
        writer(frame, part)
        os.replace(part, path)
    except OSError as error:
        # pandas itself says in words that a folder is missing, without the system's number.
        raise Refused(
            tr("{file} cannot be written: {reason}.", file=path, reason=error.strerror or error)
        ) from None
    finally:
        part.unlink(missing_ok=True)
    return len(frame)


def _without_zones(frame: pd.DataFrame) -> pd.DataFrame:
    """Moments as UTC without saying so, because a spreadsheet knows no time zones."""
    frame = frame.copy()
    for name in frame.select_dtypes("datetimetz").columns:
        frame[name] = frame[name].dt.tz_convert(None)
    return frame


def _without_decimals(column: pd.Series) -> pd.Series:
    """A column of exact decimals as floating point, which every reader of the file knows."""
    from decimal import Decimal

    if column.dtype == object and any(isinstance(value, Decimal) for value in column):
        return column.astype("float64")
    return column
