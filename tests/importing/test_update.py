"""Importing again: unchanged, refused, updated; empty cells, absent columns, rules across both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from registry.models import ENTITIES, table_of
from tests.oracle.records import COLUMNS

from .tables import (
    VALID,
    Cells,
    accepted,
    complaints,
    contents,
    counts,
    row,
    take,
    write,
    write_all,
)

FULL: dict[str, Cells] = {
    "patients": VALID["patients"],
    "phenotypes": row("phenotypes", upper_gi="L4a", behaviour="B2", perianal="yes", growth="G1"),
    "anthropometry": row("anthropometry", weight_kg="25", height_z="-0.5", bmi_z="-1.25"),
    "infusions": row("infusions", product="CT-P13"),
    "tdm_levels": row("tdm_levels", ifx_ug_ml="<0.4", ada_au_ml=">20", assay="ELISA"),
    "pcdai_visits": row("pcdai_visits", stools="5", esr="2.5"),
    "lab_results": VALID["lab_results"],
    "medications": row("medications", stopped_on="2019-01-01"),
    "endoscopies": VALID["endoscopies"],
    "gene_findings": row(
        "gene_findings",
        hgvs_p="p.R222X",
        zygosity="hemizygous",
        acmg_class="pathogenic",
        diagnosis="XLP2",
    ),
    "conditions": row("conditions", resolved_on="2018-01-01"),
    "adverse_events": row("adverse_events", resolved_on="2019-01-05"),
    "consents": row(
        "consents", form_version="1", valid_until="2030-01-01", withdrawn_on="2029-01-01"
    ),
    "follow_up_ends": row("follow_up_ends", note="moved away"),
}
# (table, column, another value)
CHANGES = [
    ("patients", "centre", "NCH"),
    ("patients", "sex", "male"),
    ("patients", "birth_date", "2010-01-16"),
    ("patients", "onset_on", "2018-03-01"),
    ("patients", "diagnosed_on", "2018-06"),
    ("patients", "diagnosis", "UC"),
    ("phenotypes", "location", "L1"),
    ("phenotypes", "upper_gi", "L4b"),
    ("phenotypes", "behaviour", "B2B3"),
    ("phenotypes", "perianal", "no"),
    ("phenotypes", "growth", "G0"),
    ("anthropometry", "height_cm", "121.6"),
    ("anthropometry", "weight_kg", "26"),
    ("anthropometry", "height_z", "0.5"),
    ("anthropometry", "bmi_z", "-1.26"),
    ("infusions", "dose_mg", "150.1"),
    ("infusions", "weight_kg", "25.1"),
    ("infusions", "product", "originator"),
    ("tdm_levels", "ifx_ug_ml", "0.4"),
    ("tdm_levels", "ifx_ug_ml", "<0.3"),
    ("tdm_levels", "ada_au_ml", "<20"),
    ("pcdai_visits", "total", "40"),
    ("pcdai_visits", "stools", "10"),
    ("pcdai_visits", "esr", "5"),
    ("lab_results", "value", ">18"),
    ("lab_results", "unit", "mg/dL"),
    ("medications", "stopped_on", "2019-01-02"),
    ("endoscopies", "cdeis", "12.5"),
    ("gene_findings", "reported_on", "2019-01-02"),
    ("gene_findings", "hgvs_p", "p.Arg222Ter"),
    ("gene_findings", "zygosity", "unknown"),
    ("gene_findings", "acmg_class", "uncertain"),
    ("gene_findings", "diagnosis", "another"),
    ("conditions", "resolved_on", "2018-01-02"),
    ("adverse_events", "severity", "severe"),
    ("adverse_events", "serious", "yes"),
    ("adverse_events", "resolved_on", "2019-01-06"),
    ("consents", "form_version", "2"),
    ("consents", "valid_until", "2030-01-02"),
    ("consents", "withdrawn_on", "2029-01-02"),
    ("follow_up_ends", "ended_on", "2022-01-02"),
    ("follow_up_ends", "reason", "died"),
    ("follow_up_ends", "note", "moved  away"),
]
EMPTIED = [
    (table, column)
    for table, column in dict.fromkeys(change[:2] for change in CHANGES)
    if (table, column)
    not in {
        ("patients", "centre"),
        ("patients", "sex"),
        ("patients", "birth_date"),
        ("patients", "diagnosis"),
        ("infusions", "dose_mg"),
        ("infusions", "weight_kg"),
        ("pcdai_visits", "total"),
        ("lab_results", "value"),
        ("lab_results", "unit"),
        ("adverse_events", "severity"),
        ("adverse_events", "serious"),
        ("follow_up_ends", "ended_on"),
        ("follow_up_ends", "reason"),
    }
]


@pytest.fixture(scope="module")
def first_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files with a full row in every table."""
    tables = {table: [cells] for table, cells in FULL.items()}
    return write_all(tmp_path_factory.mktemp("first"), tables)


@pytest.fixture(scope="module")
def filled_once(bench: Connection, first_files: Path) -> Iterator[Connection]:
    savepoint = bench.begin_nested()
    accepted(bench, first_files)
    yield bench
    savepoint.rollback()


@pytest.fixture
def filled(filled_once: Connection) -> Iterator[Connection]:
    """A registry with a full row in every table; whatever the test writes is taken back."""
    savepoint = filled_once.begin_nested()
    yield filled_once
    savepoint.rollback()


@pytest.fixture
def full_patient(filled: Connection) -> Connection:
    """A registry in which nothing but the patient is known."""
    for entity in reversed(ENTITIES[1:]):
        filled.execute(text(f"delete from clinical.{table_of(entity).name}"))
    return filled


@pytest.mark.parametrize("update", [False, True])
def test_the_same_files_again_change_nothing(
    filled: Connection, first_files: Path, update: bool
) -> None:
    result = accepted(filled, first_files, update=update)
    assert result.tables == {table: counts(1, unchanged=1) for table in FULL}


@pytest.mark.parametrize(("table", "column", "cell"), CHANGES)
def test_another_value_is_refused_and_with_update_taken(
    filled: Connection, tmp_path: Path, table: str, column: str, cell: str
) -> None:
    before = contents(filled, table)
    path = write(tmp_path, table, [FULL[table] | {column: cell}])
    refused = take(filled, path)
    assert [said[:4] for said in complaints(refused)] == [(f"{table}.csv", 2, column, cell)]
    assert refused.errors[0].problem.startswith("is not what the record with this patient_id")
    assert refused.errors[0].problem.endswith("to change it import with --update and --reason")
    assert refused.tables[table] == counts(1, rejected=1)
    assert contents(filled, table) == before
    taken = accepted(filled, path, update=True)
    assert taken.tables[table] == counts(1, updated=1)
    assert contents(filled, table) == _expected(table, FULL[table] | {column: cell})


def _expected(table: str, cells: Cells) -> dict[tuple[str, ...], int]:
    return {tuple(cells.get(column, "") for column in COLUMNS[table]): 1}


@pytest.mark.parametrize(("table", "column"), EMPTIED)
def test_an_empty_cell_empties_and_an_absent_column_stays(
    filled: Connection, tmp_path: Path, table: str, column: str
) -> None:
    others = [name for name in FULL[table] if name != column]
    path = write(tmp_path, table, [FULL[table]], others)
    assert accepted(filled, path, update=True).tables[table] == counts(1, unchanged=1)
    assert contents(filled, table) == _expected(table, FULL[table])
    path = write(tmp_path, table, [FULL[table] | {column: ""}])
    assert [said[2:4] for said in complaints(take(filled, path))] == [(column, None)]
    assert accepted(filled, path, update=True).tables[table] == counts(1, updated=1)
    assert contents(filled, table) == _expected(table, FULL[table] | {column: ""})


def test_every_difference_of_a_row_is_named(filled: Connection, tmp_path: Path) -> None:
    path = write(tmp_path, "infusions", [row("infusions", dose_mg="1", weight_kg="25.0")])
    assert [said[1:4] for said in complaints(take(filled, path))] == [
        (2, "dose_mg", "1"),
        (2, "product", None),
    ]


def test_a_record_keeps_its_number_and_the_patient_is_marked(
    filled: Connection, tmp_path: Path
) -> None:
    number = text("select record_id from clinical.infusion")
    before = filled.execute(number).scalar_one()
    filled.execute(text("delete from derived.changed_patient"))
    marks = text("select count(*) from derived.changed_patient")
    accepted(filled, write(tmp_path, "infusions", [FULL["infusions"]]), update=True)
    assert filled.execute(marks).scalar_one() == 0
    accepted(filled, write(tmp_path, "infusions", [row("infusions", dose_mg="1")]), update=True)
    assert filled.execute(number).scalar_one() == before
    assert filled.execute(marks).scalar_one() == 1


def test_one_file_with_new_changed_and_unchanged_rows(filled: Connection, tmp_path: Path) -> None:
    rows = [
        FULL["infusions"],
        row("infusions", infused_on="2018-07-15"),
        row("infusions", infused_on="2018-08-12"),
    ]
    write(tmp_path, "infusions", rows[1:2])
    accepted(filled, tmp_path / "infusions.csv")
    path = write(tmp_path, "infusions", [rows[0], rows[1] | {"dose_mg": "9"}, rows[2]])
    result = accepted(filled, path, update=True)
    assert result.tables["infusions"] == counts(3, inserted=1, updated=1, unchanged=1)
    assert accepted(filled, path).tables["infusions"] == counts(3, unchanged=3)


# Rules between a column that the file has and one that only the registry has


PERSON = ("patient_id", "centre", "sex", "birth_date", "diagnosis")


@pytest.mark.parametrize(
    ("changed", "columns", "expected"),
    [
        (
            {"onset_on": "2018-06-02"},
            (*PERSON, "onset_on"),
            [("onset_on", "2018-06-02", "lies after the diagnosis")],
        ),
        (
            {"diagnosed_on": "2018-02-28"},
            (*PERSON, "diagnosed_on"),
            [("diagnosed_on", "2018-02-28", "lies before the onset")],
        ),
        (
            {"birth_date": "2018-04-01"},
            (*PERSON, "diagnosed_on"),
            [("birth_date", "2018-04-01", "lies after the onset")],
        ),
        (
            {"birth_date": "2018-06-02"},
            PERSON,
            [
                ("birth_date", "2018-06-02", "lies after the diagnosis"),
                ("birth_date", "2018-06-02", "lies after the onset"),
            ],
        ),
    ],
)
def test_a_person_is_checked_as_he_would_be_afterwards(
    full_patient: Connection,
    tmp_path: Path,
    changed: Cells,
    columns: tuple[str, ...],
    expected: list[tuple[str, str, str]],
) -> None:
    path = write(tmp_path, "patients", [VALID["patients"] | changed], columns)
    said = [told[2:] for told in complaints(take(full_patient, path, update=True))]
    assert sorted(said) == sorted(expected)


def test_a_birth_does_not_move_behind_a_record(filled: Connection, tmp_path: Path) -> None:
    born = row("patients", birth_date="2018-06-11", onset_on="", diagnosed_on="")
    path = write(tmp_path, "patients", [born])
    problems = {(said[2], said[4]) for said in complaints(take(filled, path, update=True))}
    assert problems == {
        ("birth_date", f"lies after {column} of a record in {table}")
        for table, column in (
            ("phenotypes", "assessed_on"),
            ("anthropometry", "measured_on"),
            ("endoscopies", "performed_on"),
            ("conditions", "onset_on"),
            ("consents", "signed_on"),
        )
    }


def test_a_birth_moves_to_the_day_of_the_first_record(filled: Connection, tmp_path: Path) -> None:
    born = row("patients", birth_date="2017-01-01")
    result = accepted(filled, write(tmp_path, "patients", [born]), update=True)
    assert result.tables["patients"] == counts(1, updated=1)


def test_the_total_is_held_to_the_items_of_the_registry(
    full_patient: Connection, tmp_path: Path
) -> None:
    items = ("abdominal_pain", "stools", "functioning", "hematocrit", "esr", "albumin", "weight",
             "height", "abdomen", "perirectal", "extraintestinal")  # fmt: skip
    cells = row("pcdai_visits", total="0") | dict.fromkeys(items, "0")
    accepted(full_patient, write(tmp_path, "pcdai_visits", [cells]))
    day = ("patient_id", "visited_on")
    path = write(tmp_path, "pcdai_visits", [cells | {"total": "5"}], (*day, "total"))
    assert [said[2:] for said in complaints(take(full_patient, path, update=True))] == [
        ("total", "5", "is not the sum of the items, 0")
    ]
    path = write(tmp_path, "pcdai_visits", [cells | {"stools": "5"}], (*day, "stools"))
    words = "makes the sum of the items 5, which is not the total in the registry, 0"
    assert [said[2:] for said in complaints(take(full_patient, path, update=True))] == [
        ("stools", "5", words)
    ]
    path = write(tmp_path, "pcdai_visits", [cells | {"total": ""}], (*day, "total"))
    accepted(full_patient, path, update=True)
    path = write(tmp_path, "pcdai_visits", [cells | {"stools": ""}], (*day, "stools"))
    words = "is missing, and so are the items to compute it from: stools"
    assert [said[2:] for said in complaints(take(full_patient, path, update=True))] == [
        ("total", None, words)
    ]
