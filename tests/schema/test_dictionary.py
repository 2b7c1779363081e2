"""Every table and column of the data dictionary stands in the database, and little else.

`data_dictionary.csv` is the dictionary of the import files as agreed, with its types and limits;
`further_tables.csv` has the tables that this registry adds.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from registry.models import ENTITIES, Patient, PatientRecord, table_of
from registry.variables import Variable

DICTIONARY = Path(__file__).with_name("data_dictionary.csv")
FURTHER = Path(__file__).with_name("further_tables.csv")

TYPES = {
    "text": "text",
    "code": "text",
    "flag": "boolean",
    "date": "date",
    "number": "numeric",
    "score": "numeric",
    "measured": "numeric",
}
# What the registry keeps beside the columns of the files.
OWN_COLUMNS = {
    "patients": {"onset_on_precision", "diagnosed_on_precision"},
    "tdm_levels": {"ifx_ug_ml_comparator", "ada_au_ml_comparator"},
    "pcdai_visits": {"computed_total", "score"},
    "lab_results": {"value_comparator"},
    "medications": {"stopped_on_precision"},
    "gene_findings": {"hgvs_p_normalised"},
}
# Words of the dictionary that are rules over several columns, tested with the rules.
RELATIONS = ("a known patient", "on or after", "not in the future", "HGVS", "HGNC", "own unit")


@dataclass(frozen=True)
class Entry:
    """One line of the dictionary."""

    file: str
    column: str
    kind: str
    required: bool
    unit: str
    allowed: str

    def __str__(self) -> str:
        return f"{self.file}.{self.column}"


def dictionary(path: Path) -> list[Entry]:
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Entry(
                line["table"],
                line["column"],
                line["type"],
                line["required"] == "yes",
                line["unit"],
                line["allowed"],
            )
            for line in csv.DictReader(file)
        ]


ENTRIES = [*dictionary(DICTIONARY), *dictionary(FURTHER)]
COLUMNS = [entry for entry in ENTRIES if entry.column != "patient_id"]
ENTITY = {entity.file_name: entity for entity in ENTITIES}


def entity_of(entry: Entry) -> type[Patient] | type[PatientRecord]:
    return ENTITY[entry.file]


def declared(entry: Entry) -> Variable:
    variable = table_of(entity_of(entry)).columns[entry.column].info["variable"]
    assert isinstance(variable, Variable)
    return variable


def test_every_file_has_a_table_and_every_table_a_file() -> None:
    assert {entry.file for entry in ENTRIES} == set(ENTITY)
    assert len({entry.file for entry in dictionary(DICTIONARY)}) == 13


def test_every_column_has_the_type_and_the_need_of_the_dictionary(database: Connection) -> None:
    found = {
        (row[0], row[1]): (row[2], row[3])
        for row in database.execute(
            text(
                "select table_name, column_name, data_type, is_nullable = 'NO' "
                "from information_schema.columns where table_schema = 'clinical'"
            )
        )
    }
    expected = {
        (table_of(entity_of(entry)).name, entry.column): (TYPES[entry.kind], entry.required)
        for entry in COLUMNS
    }
    assert {place: found.get(place) for place in expected} == expected


def test_every_row_belongs_to_a_patient_by_number_and_the_number_to_a_study_id(
    database: Connection,
) -> None:
    numbered = database.execute(
        text(
            "select count(*) from information_schema.columns where table_schema = 'clinical' "
            "and column_name = 'patient_id' and data_type = 'bigint' and is_nullable = 'NO'"
        )
    ).scalar_one()
    assert numbered == len(ENTITY)
    [study_id] = [entry for entry in ENTRIES if str(entry) == "patients.patient_id"]
    assert study_id.allowed == "1-32 of A-Z a-z 0-9 _ -"


@pytest.mark.parametrize("file", sorted(ENTITY))
def test_a_table_has_no_further_columns(database: Connection, file: str) -> None:
    entity = ENTITY[file]
    columns = set(
        database.execute(
            text(
                "select column_name::text from information_schema.columns "
                "where table_schema = 'clinical' and table_name = :name"
            ),
            {"name": table_of(entity).name},
        ).scalars()
    )
    own = OWN_COLUMNS.get(file, set()) | {"patient_id", "row_version", "missing_reasons"}
    if entity is not Patient:
        own.add("record_id")

    assert columns - own == {entry.column for entry in COLUMNS if entry.file == file}
    assert own <= columns


@pytest.mark.parametrize("entry", COLUMNS, ids=str)
def test_a_declaration_has_the_unit_and_the_limits_of_the_dictionary(entry: Entry) -> None:
    variable = declared(entry)
    assert (variable.unit or "") == entry.unit
    assert variable.required == entry.required
    if entry.kind == "flag":
        assert variable.limits() == "yes or no" == entry.allowed.replace("|", " or ")
    elif entry.kind == "code" and "|" in entry.allowed:
        assert variable.codes == tuple(entry.allowed.split("|"))
    elif entry.kind == "score" and "|" in entry.allowed:
        low, middle, high = (Decimal(points) for points in entry.allowed.split("|"))
        assert (variable.minimum, variable.step, variable.maximum) == (low, middle, high)
    elif span := re.fullmatch(r"(above )?(-?\d+) to (\d+)( in steps of (.+))?", entry.allowed):
        above, low_, high_, _, step = span.groups()
        assert (variable.minimum, variable.maximum) == (Decimal(low_), Decimal(high_))
        assert variable.above_minimum == bool(above)
        assert variable.step == (Decimal(step) if step else None)
    else:
        assert not entry.allowed or any(words in entry.allowed for words in RELATIONS)
