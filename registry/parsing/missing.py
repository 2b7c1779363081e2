"""What a person says of cells that mean nothing."""

from __future__ import annotations

import csv


def read_missing(text: str) -> frozenset[str]:
    """The cells named in `-,ND,未测`; one with a comma stands in double quotes."""
    return frozenset(
        word
        for cell in next(csv.reader([text], skipinitialspace=True), [])
        if (word := cell.strip())
    )
