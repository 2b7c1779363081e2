"""Natural keys: unknown patients, rows that stand twice, files in any order."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from .tables import (
    VALID,
    Cells,
    accepted,
    complaints,
    counts,
    insert,
    insert_patient,
    number_rows,
    row,
    take,
    write,
    write_all,
)

CHILDREN = [table for table in VALID if table != "patients"]
PATIENTS = {"patients": [VALID["patients"]]}
UNKNOWN = "is not a patient of the registry; add the patient first or in patients.csv"

# The natural key beside the patient, another value of each of its columns, and of another column.
KEYS: dict[str, tuple[Cells, Cells]] = {
    "phenotypes": ({"assessed_on": "2019-01-01"}, {"location": "L1"}),
    "anthropometry": ({"measured_on": "2019-01-01"}, {"height_cm": "122"}),
    "infusions": ({"infused_on": "2019-01-01"}, {"dose_mg": "200"}),
    "tdm_levels": ({"sampled_on": "2019-01-01", "assay": "ELISA"}, {"ifx_ug_ml": "<4.2"}),
    "pcdai_visits": ({"visited_on": "2019-01-01"}, {"total": "40"}),
    "lab_results": ({"collected_on": "2019-01-01", "analyte": "HGB"}, {"value": "19"}),
    "medications": (
        {"started_on": "2018-08-20", "drug": "methotrexate"},
        {"stopped_on": "2018-09-01"},
    ),
    "endoscopies": ({"performed_on": "2019-01-01"}, {"cdeis": "13"}),
    "surgeries": ({"performed_on": "2019-01-01", "procedure": "colectomy"}, {}),
    "gene_findings": ({"gene": "FOXP3", "hgvs_c": "c.758T>C"}, {"zygosity": "hemizygous"}),
    "conditions": (
        {"onset_on": "2018-01-01", "condition": "lymphoma"},
        {"resolved_on": "2019-01-01"},
    ),
    "adverse_events": ({"started_on": "2018-01-01", "term": "rash"}, {"severity": "severe"}),
    "consents": (
        {"scope": "genetics", "signed_on": "2018-07-01", "given_by": "adolescent"},
        {"withdrawn_on": "2019-01-01"},
    ),
    "follow_up_ends": ({}, {"reason": "died"}),
}
NATURAL_KEYS = {
    "phenotypes": "patient_id and assessed_on",
    "anthropometry": "patient_id and measured_on",
    "infusions": "patient_id and infused_on",
    "tdm_levels": "patient_id and sampled_on and assay",
    "pcdai_visits": "patient_id and visited_on",
    "lab_results": "patient_id and collected_on and analyte",
    "medications": "patient_id and drug and started_on",
    "endoscopies": "patient_id and performed_on",
    "surgeries": "patient_id and performed_on and procedure",
    "gene_findings": "patient_id and gene and hgvs_c",
    "conditions": "patient_id and condition and onset_on",
    "adverse_events": "patient_id and started_on and term",
    "consents": "patient_id and scope and signed_on and given_by",
    "follow_up_ends": "patient_id",
}
CHANGEABLE = [table for table in CHILDREN if KEYS[table][1]]


def keyed(table: str, **cells: str) -> Cells:
    """A valid row whose unit fits whatever analyte it is given, and whose course has an end."""
    cells = {"analyte": "HGB", "unit": "g/L", **cells} if table == "lab_results" else cells
    return row(table, **{"stopped_on": "2018-08-20", **cells} if table == "medications" else cells)


def other_keys(table: str) -> list[Cells]:
    """Rows that differ from the valid one in one column of the natural key each."""
    plain = keyed(table)
    if table == "lab_results":
        return [
            keyed(table, collected_on="2019-01-01"),
            keyed(table, analyte="CRP", unit="mg/L"),
        ]
    return [plain | {column: cell} for column, cell in KEYS[table][0].items()]


@pytest.mark.parametrize("table", CHILDREN)
def test_an_unknown_patient(connection: Connection, tmp_path: Path, table: str) -> None:
    rows = [keyed(table), keyed(table, patient_id="P2")]
    result = take(connection, write_all(tmp_path, {**PATIENTS, table: rows}))
    assert complaints(result) == [(f"{table}.csv", 3, "patient_id", "P2", UNKNOWN)]
    assert result.tables[table] == counts(2, inserted=1, rejected=1)
    with pytest.raises(IntegrityError) as refused, connection.begin_nested():
        insert(connection, table, 1_000_000, VALID[table])
    diagnosis = refused.value.orig.diag  # type: ignore[union-attr]
    assert diagnosis.constraint_name.startswith("fk_")


@pytest.mark.parametrize("table", CHILDREN)
def test_a_patient_of_the_same_import_or_of_the_registry(
    connection: Connection, tmp_path: Path, table: str
) -> None:
    people = write(tmp_path / "a", "patients", [VALID["patients"]])
    records = write(tmp_path / "b", table, [keyed(table)])
    later = write(tmp_path / "c", table, [keyed(table)])
    assert accepted(connection, records, people).tables[table] == counts(1, inserted=1)
    assert accepted(connection, later).tables[table] == counts(1, unchanged=1)


def test_a_study_id_is_case_sensitive(connection: Connection, tmp_path: Path) -> None:
    rows = [row("surgeries", patient_id="p1")]
    result = take(connection, write_all(tmp_path, {**PATIENTS, "surgeries": rows}))
    meant = "is not a patient of the registry; did you mean P1?"
    assert complaints(result) == [("surgeries.csv", 2, "patient_id", "p1", meant)]


def test_a_patient_whose_own_row_is_wrong_is_no_unknown_patient(
    connection: Connection, tmp_path: Path
) -> None:
    tables = {"patients": [row("patients", birth_date="soon")], "surgeries": [row("surgeries")]}
    assert [said[:3] for said in complaints(take(connection, write_all(tmp_path, tables)))] == [
        ("patients.csv", 2, "birth_date")
    ]


def test_the_birth_that_comes_with_the_import_is_the_one_that_counts(
    connection: Connection, tmp_path: Path
) -> None:
    born = row("patients", birth_date="2018-06-11", onset_on="", diagnosed_on="")
    tables = {"patients": [born], "surgeries": [row("surgeries", performed_on="2018-06-10")]}
    assert complaints(take(connection, write_all(tmp_path, tables))) == [
        ("surgeries.csv", 2, "performed_on", "2018-06-10", "lies before the birth")
    ]


# Rows that differ in the key are two rows


@pytest.mark.parametrize("table", CHILDREN)
def test_rows_that_differ_in_any_part_of_the_key(
    connection: Connection, tmp_path: Path, table: str
) -> None:
    rows = [keyed(table), *other_keys(table)]
    result = accepted(connection, write_all(tmp_path, {**PATIENTS, table: rows}))
    assert result.tables[table] == counts(len(rows), inserted=len(rows))


# Rows that share the key


@pytest.mark.parametrize("apart", [False, True], ids=["one file", "two files"])
@pytest.mark.parametrize("table", VALID)
def test_the_same_row_twice_counts_once(
    connection: Connection, tmp_path: Path, table: str, apart: bool
) -> None:
    twice = [VALID[table]] if apart else [VALID[table], VALID[table]]
    first = write_all(tmp_path / "a", {**PATIENTS, table: twice})
    second = [write(tmp_path / "b", table, [VALID[table]])] if apart else []
    result = accepted(connection, first, *second)
    assert result.tables[table] == counts(2, inserted=1, unchanged=1)
    assert number_rows(connection)[table] == 1


def test_the_same_numbers_in_other_spellings(connection: Connection, tmp_path: Path) -> None:
    rows = [row("infusions", dose_mg=dose) for dose in ("150", "150.0", " 150.00", "+150.")]
    result = accepted(connection, write_all(tmp_path, {**PATIENTS, "infusions": rows}))
    assert result.tables["infusions"] == counts(4, inserted=1, unchanged=3)


@pytest.mark.parametrize("table", CHANGEABLE)
def test_the_same_key_with_other_values(connection: Connection, tmp_path: Path, table: str) -> None:
    rows = [keyed(table), keyed(table), keyed(table) | KEYS[table][1]]
    result = take(connection, write_all(tmp_path, {**PATIENTS, table: rows}))
    key = NATURAL_KEYS[table]
    words = f"stands twice with the same {key} and other values, first in {table}.csv, line 2"
    assert complaints(result) == [(f"{table}.csv", 4, "patient_id", "P1", words)]
    assert result.tables[table] == counts(3, inserted=1, unchanged=1, rejected=1)
    patient = insert_patient(connection, "P1")
    insert(connection, "patients", patient, VALID["patients"])
    insert(connection, table, patient, rows[0])
    with pytest.raises(IntegrityError) as refused, connection.begin_nested():
        insert(connection, table, patient, rows[2])
    diagnosis = refused.value.orig.diag  # type: ignore[union-attr]
    assert diagnosis.constraint_name.endswith("_natural_key")


def test_two_files_of_one_table_that_contradict_each_other(
    connection: Connection, tmp_path: Path
) -> None:
    first = write_all(tmp_path / "a", {**PATIENTS, "infusions": [row("infusions")]})
    second = write(tmp_path / "b", "infusions", [row("infusions", dose_mg="10")])
    third = write(tmp_path / "c", "infusions", [row("infusions", dose_mg="x")])
    result = take(connection, first, second, third)
    words = "stands twice with the same patient_id and infused_on and other values, first in "
    words += f"{first / 'infusions.csv'}, line 2"
    assert complaints(result) == [
        (str(second), 2, "patient_id", "P1", words),
        (str(third), 2, "dose_mg", "x", "is not a number"),
        (str(third), 2, "patient_id", "P1", words),
    ]
    assert result.tables["infusions"] == counts(3, inserted=1, rejected=2)


def test_a_patient_twice(connection: Connection, tmp_path: Path) -> None:
    rows = [row("patients"), row("patients", sex="male")]
    words = "stands twice with the same patient_id and other values, first in patients.csv, line 2"
    assert complaints(take(connection, write(tmp_path, "patients", rows))) == [
        ("patients.csv", 3, "patient_id", "P1", words)
    ]


def test_rows_whose_key_cannot_be_read_are_not_called_the_same(
    connection: Connection, tmp_path: Path
) -> None:
    rows = [row("infusions", infused_on="?"), row("infusions", infused_on="?", dose_mg="9")]
    result = take(connection, write_all(tmp_path, {**PATIENTS, "infusions": rows}))
    assert [said[1:4] for said in complaints(result)] == [
        (2, "infused_on", "?"),
        (3, "infused_on", "?"),
    ]


def test_each_of_two_bad_rows_that_are_the_same_is_named(
    connection: Connection, tmp_path: Path
) -> None:
    rows = [row("infusions", patient_id="P9")] * 2
    result = take(connection, write_all(tmp_path, {"infusions": rows}))
    assert [said[1:3] for said in complaints(result)] == [(2, "patient_id"), (3, "patient_id")]
    assert result.tables["infusions"] == counts(2, rejected=2)


@pytest.mark.parametrize("header", [None, ("patient_id", "sampled_on", "ifx_ug_ml")])
def test_levels_without_an_assay_share_a_key(
    connection: Connection, tmp_path: Path, header: tuple[str, ...] | None
) -> None:
    write(tmp_path, "patients", [VALID["patients"]])
    write(tmp_path, "tdm_levels", [row("tdm_levels", assay="")], header)
    accepted(connection, tmp_path)
    assert accepted(connection, tmp_path).tables["tdm_levels"] == counts(1, unchanged=1)
    write(tmp_path, "tdm_levels", [row("tdm_levels", assay="", ifx_ug_ml="9")], header)
    words = "is not what the record with this patient_id and sampled_on and assay has (4.2); "
    words += "to change it import with --update and --reason"
    assert complaints(take(connection, tmp_path)) == [
        ("tdm_levels.csv", 2, "ifx_ug_ml", "9", words)
    ]
    write(tmp_path, "tdm_levels", [row("tdm_levels", assay="ELISA", ifx_ug_ml="9")])
    assert accepted(connection, tmp_path).tables["tdm_levels"] == counts(1, inserted=1)
