"""The dictionary of the import files: as agreed, and the tables that this registry adds."""

from __future__ import annotations

import csv
from pathlib import Path

DICTIONARY = Path(__file__).with_name("data_dictionary.csv")


def agreed() -> list[dict[str, str]]:
    """A line a column, in the order of the files."""
    lines = []
    for path in (DICTIONARY, DICTIONARY.with_name("further_tables.csv")):
        with path.open(encoding="utf-8", newline="") as stream:
            lines += list(csv.DictReader(stream))
    # The end of follow-up stays the last of the tables.
    return sorted(lines, key=lambda line: line["table"] == "follow_up_ends")
