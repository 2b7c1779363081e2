"""Writes a SAS transport file, version 5, as statistics agencies take it (SAS TS-140).

Records of 80 bytes, numbers as IBM hexadecimal floats, a date as days since 1960-01-01. Names have
at most 8 characters, labels 40, texts 200; text is UTF-8.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_RECORD = 80
_LONGEST_TEXT = 200
_EPOCH = pd.Timestamp("1960-01-01")
_NAMESTR = struct.Struct(">hhhh8s40s8shhh2s8shhl52s")


def write_xport(
    frame: pd.DataFrame,
    path: Path,
    *,
    name: str,
    label: str,
    labels: Mapping[str, str],
    made: datetime | None = None,
) -> None:
    """Write a frame whose column names already have at most 8 letters, digits and underscores.

    Args:
        frame: numbers, flags, dates (datetime64) and texts; a missing text becomes an empty one.
        path: where to.
        name: of the data set, at most 8 characters.
        label: of the data set, cut after 40 bytes.
        labels: of the columns, cut likewise.
        made: the moment that the file tells; now without it.
    """
    moment = (made or datetime.now()).strftime("%d%b%y:%H:%M:%S").upper().encode("ascii")
    columns = [_Column.of(column, frame[column]) for column in frame.columns]
    out = bytearray()
    out += _header("LIBRARY", "0" * 30)
    out += _padded(b"SAS     SAS     SASLIB  9.4     ", 64) + moment
    out += _padded(moment, _RECORD)
    out += _header("MEMBER", "0" * 16 + "0160" + "0000000140")
    out += _header("DSCRPTR", "0" * 30)
    out += _padded(b"SAS     " + _text(name, 8) + b"SASDATA 9.4     ", 64) + moment
    out += _padded(moment, 32) + _text(label, 40) + b" " * 8
    out += _header("NAMESTR", f"{'0' * 6}{len(columns):04d}{'0' * 20}")
    names, position = bytearray(), 0
    for number, column in enumerate(columns, start=1):
        names += column.described(number, position, labels.get(column.name, ""))
        position += column.width
    out += _to_record(names)
    out += _header("OBS", "0" * 30)
    cells = np.concatenate([column.cells for column in columns], axis=1)
    out += _to_record(bytearray(cells.tobytes()))
    path.write_bytes(bytes(out))


class _Column:
    """A column as bytes: an array with a row of `width` bytes for each observation."""

    def __init__(self, name: str, cells: NDArray[np.uint8], numeric: bool, form: str) -> None:
        self.name, self.cells, self.numeric, self.form = name, cells, numeric, form

    @property
    def width(self) -> int:
        return int(self.cells.shape[1])

    @classmethod
    def of(cls, name: str, values: pd.Series[Any]) -> _Column:
        if pd.api.types.is_datetime64_any_dtype(values):
            whole_days = bool((values.dropna() == values.dropna().dt.normalize()).all())
            unit = pd.Timedelta(days=1) if whole_days else pd.Timedelta(seconds=1)
            numbers = ((values - _EPOCH) / unit).to_numpy(dtype="float64")
            return cls(name, ibm_floats(numbers), True, "DATE" if whole_days else "DATETIME")
        if pd.api.types.is_bool_dtype(values) or pd.api.types.is_numeric_dtype(values):
            numbers = values.to_numpy(dtype="float64", na_value=np.nan)
            return cls(name, ibm_floats(numbers), True, "")
        texts = [_cut("" if pd.isna(value) else str(value), _LONGEST_TEXT) for value in values]
        width = max([1, *(len(text) for text in texts)])
        joined = b"".join(text.ljust(width) for text in texts)
        cells = np.frombuffer(joined, dtype=np.uint8).reshape(len(texts), width)
        return cls(name, cells, False, "")

    def described(self, number: int, position: int, label: str) -> bytes:
        """The 140 bytes that declare the column."""
        form_width = {"DATE": 9, "DATETIME": 19}.get(self.form, 0)
        return _NAMESTR.pack(
            1 if self.numeric else 2, 0, self.width, number, _text(self.name.upper(), 8),
            _text(label, 40), _text(self.form, 8), form_width, 0, 0, b"", b" " * 8, 0, 0, position,
            b"",
        )  # fmt: skip


def ibm_floats(values: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    """IBM hexadecimal doubles, 8 bytes each: sign, excess-64 power of 16, 56 bits of fraction.

    They hold every double of the usual size exactly. NaN becomes the missing value of SAS.
    """
    missing = ~np.isfinite(values)
    fraction, power = np.frexp(np.where(missing, 0.0, np.abs(values)))
    sixteens = -(-power // 4)
    bits = np.ldexp(fraction, power - 4 * sixteens + 56).astype(np.uint64)
    bits |= (sixteens + 64).astype(np.uint64) << np.uint64(56)
    bits |= np.where(values < 0, np.uint64(1 << 63), np.uint64(0))
    bits = np.where(fraction == 0, np.uint64(0), bits)
    bits = np.where(missing, np.uint64(ord(".") << 56), bits)
    return bits.astype(">u8").view(np.uint8).reshape(len(values), 8)


def _header(kind: str, rest: str) -> bytes:
    return _padded(f"HEADER RECORD*******{kind:<8}HEADER RECORD!!!!!!!{rest}".encode(), _RECORD)


def _cut(words: str, length: int) -> bytes:
    """UTF-8 of at most so many bytes, without half a letter."""
    return words.encode("utf-8")[:length].decode("utf-8", "ignore").encode("utf-8")


def _text(words: str, length: int) -> bytes:
    return _padded(_cut(words, length), length)


def _padded(content: bytes, length: int) -> bytes:
    return content.ljust(length)


def _to_record(content: bytearray) -> bytes:
    return bytes(content) + b" " * (-len(content) % _RECORD)
