"""What tells whether two results were computed from the same rows."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import compute

from registry.analysis.dataset import Days

_ROWS = 20_000  # written at once


def fingerprint(frames: Mapping[str, pd.DataFrame]) -> str:
    """SHA-256 of the rows, whatever their order; numbers of records are no part of it.

    A row is the tuple of its values as texts, as Python shows it, and the rows stand in the order
    of that; they are never all at hand.
    """
    whole = sha256()
    for view in sorted(frames):
        frame = frames[view]
        names = [name for name in frame.columns if not name.endswith("record_id")]
        whole.update("\n".join([view, *names, ""]).encode())
        texts, places = _numbered(frame[names])
        order = _order(places, len(frame))
        end = ",)\n" if len(names) == 1 else ")\n"
        for first in range(0, len(order), _ROWS):
            rows = order[first : first + _ROWS]
            cells = [text.take(place[rows]) for text, place in zip(texts, places, strict=True)]
            row = compute.binary_join_element_wise(*cells, ", ")
            lines = compute.binary_join_element_wise("(", row, end, "")
            # The texts stand one behind the other.
            whole.update(lines.buffers()[2])
    return whole.hexdigest()


def _numbered(frame: pd.DataFrame) -> tuple[list[Any], list[Days]]:
    """Of each column the texts that occur in their order, and which of them each row has."""
    texts, places = [], []
    for name in frame.columns:
        # By identity first: a value that rows share is written once.
        cells = frame[name].to_numpy(dtype=object)
        own = np.fromiter(map(id, cells), dtype=np.int64, count=len(cells))
        number, distinct = pd.factorize(own)
        one = np.empty(len(distinct), dtype=np.int64)
        one[number] = np.arange(len(own))
        shown = np.array([repr(str(cell)) for cell in cells[one]], dtype=object)
        found, place = np.unique(shown, return_inverse=True)
        texts.append(pa.array(found, pa.string()))
        places.append(place[number])
    return texts, places


def _order(places: list[Days], rows: int) -> Days:
    """The rows in the order of their texts; no text within quotes begins another."""
    order, group, of_group = np.arange(rows), np.zeros(rows, dtype=np.int64), min(rows, 1)
    for place in places:
        # Rows that no column so far tells apart are ordered by the next.
        if of_group == rows:
            break
        key = group * (int(place.max()) + 1) + place[order]
        sorted_key = np.argsort(key, kind="stable")
        order, key = order[sorted_key], key[sorted_key]
        group = np.concatenate(([0], np.cumsum(key[1:] != key[:-1])))
        of_group = int(group[-1]) + 1
    return order
