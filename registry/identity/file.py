"""A file of who the children are, read whole: it is small, and all of it is kept or nothing."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from registry.errors import Refused, read_text
from registry.identity.person import VALUES, checked
from registry.identity.store import Link, key_of
from registry.words import tr

NUMBER, CENTRE, PATIENT = "hospital_number", "centre", "patient_id"


@dataclass(frozen=True)
class Line:
    """What a line says of a child."""

    patient_id: str
    number: str | None
    centre: str | None
    values: dict[str, str | None]

    def link(self, centre: str) -> Link:
        """The line's number as the child's."""
        return Link(self.patient_id, centre, self.number or "")


def read_file(path: Path) -> list[Line]:
    """The lines of a CSV file in UTF-8. Raises NotFound and Refused; no error repeats a value."""
    rows = csv.DictReader(read_text(path).splitlines())
    columns = [PATIENT, NUMBER, CENTRE, *VALUES]
    if set(rows.fieldnames or ()) - set(columns) or PATIENT not in (rows.fieldnames or ()):
        raise Refused(
            tr("{file} has another header.", file=path),
            cure=tr("Its columns are {columns}.", columns=", ".join(columns)),
        )
    found = []
    for number, row in enumerate(rows, start=2):
        try:
            found.append(_line(row))
        except (Refused, TypeError, AttributeError) as error:
            problem = error.problem if isinstance(error, Refused) else tr("It cannot be read.")
            raise Refused(
                tr("{file}, line {line}: {problem}", file=path, line=number, problem=problem)
            ) from None
    return found


def _line(row: dict[str, str]) -> Line:
    cells = {name: cell.strip() for name, cell in row.items()}
    number = cells.get(NUMBER) or None
    if number is not None:
        key_of(number)
    values = checked({name: cells[name] for name in VALUES if cells.get(name)})
    return Line(cells[PATIENT], number, cells.get(CENTRE) or None, values)
