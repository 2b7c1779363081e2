"""The cases of the rules as rows of import files, each of a child of its own."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from registry.entry.save import Draft
from registry.records.rows import BY_FILE_NAME
from tests.quality.case import Case
from tests.quality.cases import CASES

CHILD = {
    "sex": "male",
    "birth_date": "2012-03-01",
    "onset_on": "2020-01-01",
    "diagnosis": "CD",
    "centre": "BCH",
}


@dataclass(frozen=True)
class Row:
    """One row of an import file, of the child it is about."""

    patient: str
    table: str
    cells: dict[str, str]

    def draft(self) -> Draft:
        return Draft(BY_FILE_NAME[self.table], {"patient_id": self.patient, **self.cells})


def child(number: int, failing: bool) -> str:
    return f"{'F' if failing else 'I'}{number:03}"


def given() -> Iterator[Row]:
    """Two children for each case, with the records that are there before."""
    for number, case in enumerate(CASES):
        for failing in (True, False):
            patient = child(number, failing)
            yield Row(patient, "patients", CHILD | dict(case.child))
            for table, cells in case.given:
                yield Row(patient, table, dict(cells))
    yield Row("Q007", "patients", CHILD)


def tried(number: int, case: Case, failing: bool) -> Row:
    cells = {**case.record, **(case.failing if failing else case.inside)}
    return Row(cells.pop("patient_id", child(number, failing)), case.table, cells)


def write(rows: Sequence[Row], folder: Path) -> Path:
    """The rows as import files."""
    folder.mkdir()
    for table in dict.fromkeys(row.table for row in rows):
        of_table = [row for row in rows if row.table == table]
        columns = list(dict.fromkeys(name for row in of_table for name in row.cells))
        with (folder / f"{table}.csv").open("w", newline="") as stream:
            writer = csv.DictWriter(stream, ["patient_id", *columns], restval="")
            writer.writeheader()
            writer.writerows({"patient_id": row.patient, **row.cells} for row in of_table)
    return folder
