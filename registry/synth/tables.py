"""The import files with their columns, and the rows of one child on their way there."""

from __future__ import annotations

from registry.models.codebook import headers
from registry.synth.days import iso

# The columns after patient_id, in the order of the files.
COLUMNS: dict[str, tuple[str, ...]] = {
    table: tuple(columns[1:]) for table, columns in headers().items()
}

Row = tuple[str, ...]


class Rows:
    """The rows of one child.

    Two things hold for whatever is added: it is dated from birth to the last day known of the
    child, and a natural key has one row, the first one added.
    """

    def __init__(self, patient_id: str, birth: int, last_day: int) -> None:
        self.patient_id = patient_id
        self.birth = birth
        self.last_day = last_day
        self._tables: dict[str, dict[tuple[int, str], Row]] = {table: {} for table in COLUMNS}

    def covers(self, day: int) -> bool:
        """Whether something may be dated on that day."""
        return self.birth <= day <= self.last_day

    def add(self, table: str, cells: Row, *, day: int | None, key: str = "") -> bool:
        """Add a row under its natural key; False when it was out of time or there already.

        `day` is None where the date is no part of the key; `key` is what names the row beside it.
        """
        if day is not None and not self.covers(day):
            return False
        rows = self._tables[table]
        natural_key = (day or 0, key)
        if natural_key in rows:
            return False
        rows[natural_key] = (self.patient_id, *cells)
        return True

    def optional(self, day: int | None) -> str:
        """The text of a date that may be missing; a day not yet known of is missing too."""
        return "" if day is None or day > self.last_day else iso(day)

    def of(self, table: str) -> list[Row]:
        """The rows of a table by date and key."""
        rows = self._tables[table]
        return [rows[natural_key] for natural_key in sorted(rows)]
