"""What the registry's names are called elsewhere: one table, its rows data with a source.

`codes.csv` has a row a name and code. Of several codes of one system for a name the first is the
one that is written; whoever reads takes any of them. `checked` says whether the code was found with
this name in a published table when it was entered; what is not checked is not written as a code
unless somebody asks for it. A file of the same columns amends the table.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from importlib.resources import files
from io import StringIO
from pathlib import Path

from registry.errors import Refused, read_from, read_text
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
    return shipped.amended(_rows(read_text(amendments), amendments.name))


# Our system -> how the standardised vocabularies of OHDSI call it; OMOP's codes are its own ids.
_VOCABULARIES = {
    "LOINC": "LOINC",
    "SNOMED": "SNOMED",
    "ATC": "ATC",
    "ICD-10": "ICD10",
    "UCUM": "UCUM",
}
_OF_CONCEPT = ("concept_id", "vocabulary_id", "concept_code", "standard_concept", "invalid_reason")


def held_to(codes: Codes, concepts: Path) -> Codes:
    """The table, its codes checked against CONCEPT.csv as Athena gives it out.

    An id of OMOP is checked where it stands there as a standard concept that is valid, a code of
    another vocabulary where it is valid; what does not stand there is not checked. Systems that no
    such vocabulary has are as they were. Raises Refused for a file that is no such list.
    """
    wanted = {row.code for row in codes if row.system == "OMOP"}
    others = {(_VOCABULARIES[row.system], row.code) for row in codes if row.system in _VOCABULARIES}
    confirmed: set[tuple[str, str]] = set()
    try:
        with read_from(concepts), concepts.open(encoding="utf-8", newline="") as file:
            reader = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            header = next(reader, [])
            places = [header.index(column) for column in _OF_CONCEPT]
            for cells in reader:
                concept, vocabulary, code, standard, invalid = (cells[place] for place in places)
                if invalid:
                    continue
                if concept in wanted and standard == "S":
                    confirmed.add(("OMOP", concept))
                if (vocabulary, code) in others:
                    confirmed.add((vocabulary, code))
    except (ValueError, IndexError):
        # No such column, a line that is too short, or no text at all.
        raise Refused(
            tr("{file} is no list of concepts.", file=concepts.name),
            cure=tr("It is CONCEPT.csv of a download from Athena, with tabs."),
        ) from None
    return Codes(
        replace(
            row,
            checked=(_VOCABULARIES.get(row.system, row.system), row.code) in confirmed,
            source=concepts.name,
        )
        if row.system == "OMOP" or row.system in _VOCABULARIES
        else row
        for row in codes
    )


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
