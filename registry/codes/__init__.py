"""What the registry's names are called elsewhere: one table, its rows data with a source.

`codes.csv` has a row a name and code. Of several codes of one system for a name the first is the
one that is written; whoever reads takes any of them. `checked` says whether the code was found with
this name in a published table when it was entered; what is not checked is not written as a code
unless somebody asks for it. A file of the same columns amends the table.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from io import StringIO
from pathlib import Path

from registry.errors import Refused
from registry.words import tr

COLUMNS = ("kind", "name", "system", "code", "display", "checked", "source")


@dataclass(frozen=True)
class Code:
    """What a name of ours is called in a system, e.g. the analyte `CRP` in LOINC."""

    kind: str
    name: str
    system: str
    code: str
    display: str
    checked: bool
    source: str


class Codes:
    """The table, read by our names and by theirs."""

    def __init__(self, rows: Iterable[Code]) -> None:
        self._rows = list(rows)
        self._by_name: dict[tuple[str, str, str], Code] = {}
        for row in self._rows:
            self._by_name.setdefault((row.kind, row.name, row.system), row)

    def __iter__(self) -> Iterator[Code]:
        return iter(self._rows)

    def find(self, kind: str, name: str, system: str) -> Code | None:
        """The code that is written for a name of ours, checked or not."""
        return self._by_name.get((kind, name, system))

    def named(self, system: str, code: str) -> list[Code]:
        """The names of ours that a system's code stands for."""
        return [row for row in self._rows if (row.system, row.code) == (system, code)]

    def amended(self, rows: Iterable[Code]) -> Codes:
        """With these rows instead of those of the same names and systems."""
        new = list(rows)
        replaced = {(row.kind, row.name, row.system) for row in new}
        kept = [row for row in self._rows if (row.kind, row.name, row.system) not in replaced]
        return Codes([*kept, *new])


def known_codes(amendments: Path | None = None) -> Codes:
    """The program's table, amended by a file of the same columns.

    Raises Refused where the file cannot be read, or a row of it is none.
    """
    text = files(__name__).joinpath("codes.csv").read_text(encoding="utf-8")
    shipped = Codes(_rows(text, "codes.csv"))
    if amendments is None:
        return shipped
    try:
        written = amendments.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(
            tr("{file} cannot be read: {reason}.", file=amendments, reason=error)
        ) from None
    return shipped.amended(_rows(written, amendments.name))


def _rows(text: str, name: str) -> Iterator[Code]:
    reader = csv.DictReader(StringIO(text, newline=""))
    lacking = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
    if lacking:
        raise Refused(
            tr("{file} lacks the column {columns}.", file=name, columns=", ".join(lacking)),
            cure=tr("It has these columns: {columns}.", columns=", ".join(COLUMNS)),
        )
    for row in reader:
        cells = {column: (row[column] or "").strip() for column in COLUMNS}
        checked = cells.pop("checked")
        if checked not in ("yes", "no") or not all(
            cells[column] for column in ("kind", "name", "system", "code", "source")
        ):
            raise Refused(
                tr("{file}, line {line}: this is no code.", file=name, line=reader.line_num),
                cure=tr("Only the display may be empty, and checked is yes or no."),
            )
        yield Code(**cells, checked=checked == "yes")
