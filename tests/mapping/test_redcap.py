"""A REDCap project in and out: raw values and labels, instruments that repeat, missing codes."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection

from registry.database.engine import Database
from registry.errors import Refused
from registry.export.redcap import write_redcap
from registry.importing.mapping.file import read_mapping
from registry.importing.mapping.mapping import FileMapping
from registry.importing.mapping.redcap import in_redcap, read_dictionary, redcap_mapping
from registry.importing.mapping.run import import_mapped
from registry.records.rows import WriteResult
from tests.importing.tables import contents

from .cohort import Contents, all_contents, write_csv
from .redcap import row, write_dictionary, write_export


def take(connection: Connection, dictionary: Path, export: Path) -> WriteResult:
    return import_mapped(
        connection, [export], redcap_mapping(), dialect=read_dictionary(dictionary)
    )


@pytest.mark.parametrize("labels", [False, True], ids=["raw", "labels"])
def test_the_cohort_as_a_redcap_export(
    database: Connection, canonical: Contents, tmp_path: Path, labels: bool
) -> None:
    dictionary = write_dictionary(tmp_path / "dictionary.csv")
    result = take(database, dictionary, write_export(tmp_path / "export.csv", labels=labels))
    assert [str(problem) for problem in result.errors] == []
    assert all_contents(database) == canonical


def test_out_and_in_again(
    shared_study: Database, database: Connection, canonical: Contents, tmp_path: Path
) -> None:
    with shared_study.engine.connect() as connection:
        rows = write_redcap(connection, tmp_path)
    assert rows == sum(table.total() for table in canonical.values())
    result = take(database, tmp_path / "data_dictionary.csv", tmp_path / "data.csv")
    assert [str(problem) for problem in result.errors] == []
    assert all_contents(database) == canonical


def test_a_folder_as_it_was_exported(
    shared_study: Database, database: Connection, canonical: Contents, tmp_path: Path
) -> None:
    """The dictionary and the list of instruments in it were read as data, with 134 complaints."""
    with shared_study.engine.connect() as connection:
        write_redcap(connection, tmp_path / "project")
    folder = tmp_path / "project"
    result = take(database, folder / "data_dictionary.csv", folder)
    assert [str(problem) for problem in result.errors] == []
    assert all_contents(database) == canonical


HEADER = "record_id,redcap_repeat_instrument,redcap_repeat_instance,"


def test_missing_data_codes_are_empty_and_counted(database: Connection, tmp_path: Path) -> None:
    """A laboratory value that was not done is no record; a number beside a code stays a number."""
    dictionary = write_dictionary(tmp_path / "dictionary.csv")
    export = tmp_path / "export.csv"
    columns = ["patient_centre", "patient_sex", "patient_birth_date", "patient_onset_on",
               "patient_diagnosed_on", "patient_diagnosis", "patients_complete",
               "lab_result_collected_on", "lab_result_analyte", "lab_result_value",
               "lab_result_unit", "infusion_infused_on", "infusion_dose_mg",
               "infusion_weight_kg", "infusion_product"]  # fmt: skip
    cells = [
        "P1,,,BCH,2,2010-01-01,UNK,2018,1,2,,,,,,,,",
        "P1,lab_results,1,,,,,,,,2020-01-02,1,<0.4,1,,,,",
        "P1,lab_results,2,,,,,,,,2020-01-02,4,NASK,4,,,,",
        "P1,infusions,1,,,,,,,,,,,,2020-01-02,100,20.5,NI",
    ]
    export.write_text("\n".join([HEADER + ",".join(columns), *cells]), encoding="utf-8")
    result = import_mapped(
        database,
        [export],
        only_of(redcap_mapping(), {"patients", "lab_results", "infusions"}),
        dialect=read_dictionary(dictionary),
    )
    assert [str(problem) for problem in result.errors] == []
    assert set(contents(database, "patients")) == {
        ("P1", "BCH", "male", "2010-01-01", "", "2018", "CD")
    }
    assert set(contents(database, "lab_results")) == {("P1", "2020-01-02", "CRP", "<0.4", "mg/L")}
    assert set(contents(database, "infusions")) == {("P1", "2020-01-02", "100", "20.5", "")}
    assert result.notes == [
        "export.csv: UNK taken as empty, cells: 1",
        "export.csv: NI taken as empty, cells: 1",
        "export.csv: rows without lab_result_value left out of lab_results: 1",
    ]


def only_of(mapping: FileMapping, tables: set[str]) -> FileMapping:
    """The mapping without the other tables, whose fields an export may lack."""
    [source] = mapping.sources
    rows = tuple(one for one in source.rows if one.entity.file_name in tables)
    return replace(mapping, sources=(replace(source, rows=rows),))


def test_an_own_project_by_a_mapping(database: Connection, tmp_path: Path) -> None:
    """Choices are read as their labels, boxes as what is ticked, raw or with labels."""
    rows = [
        row("id", "demo", "text", "Record", ""),
        row("gender", "demo", "radio", "<i>Gender</i>", "1, Boy | 2, Girl, or woman"),
        row("born", "demo", "text", "Born", ""),
        row("when", "paris", "text", "When", ""),
        row("loc", "paris", "checkbox", "Location", "1, ileum | 2, colon"),
    ]
    dictionary = write_csv(tmp_path / "dictionary.csv", rows)
    (tmp_path / "own.toml").write_text(
        """
        [[source]]
        patient_id = "id"
        [[source.rows]]
        table = "patients"
        where.redcap_repeat_instrument = ""
        columns = { sex = "gender", birth_date = "born" }
        constants = { centre = "BCH", diagnosis = "CD" }
        codes.sex = { "Boy" = "male", "Girl, or woman" = "female" }
        [[source.rows]]
        table = "phenotypes"
        where.redcap_repeat_instrument = ["paris", "Paris"]
        columns.assessed_on = "when"
        columns.location = { ticked = { "loc___1" = "L1", "loc___2" = "L2" } }
        """,
        encoding="utf-8",
    )
    raw = (
        "id,redcap_repeat_instrument,redcap_repeat_instance,gender,born,demo_complete,when,"
        "loc___1,loc___2,paris_complete\n"
        "P1,,,2,2010-01-01,2,,0,0,\nP1,paris,1,,,,2020-01-02,0,1,2\n"
    )
    labelled = (
        "Record,Repeat Instrument,Repeat Instance,Gender,Born,Complete?,When,"
        "Location (choice=ileum),Location (choice=colon),Complete?\n"
        'P1,,,"Girl, or woman",2010-01-01,Complete,,Unchecked,Unchecked,\n'
        "P1,Paris,1,,,,2020-01-02,Unchecked,Checked,Complete\n"
    )
    mapping = in_redcap(read_mapping(tmp_path / "own.toml"))
    for text in (raw, labelled):
        savepoint = database.begin_nested()
        (tmp_path / "export.csv").write_text(text, encoding="utf-8")
        result = import_mapped(
            database, [tmp_path / "export.csv"], mapping, dialect=read_dictionary(dictionary)
        )
        assert [str(problem) for problem in result.errors] == []
        assert set(contents(database, "patients")) == {
            ("P1", "BCH", "female", "2010-01-01", "", "", "CD")
        }
        assert set(contents(database, "phenotypes")) == {("P1", "2020-01-02", "L2", "", "", "", "")}
        savepoint.rollback()


def test_a_complaint_shows_the_header_of_labels(database: Connection, tmp_path: Path) -> None:
    dictionary = write_dictionary(tmp_path / "dictionary.csv")
    export = write_export(tmp_path / "export.csv", labels=True)
    text = export.read_text(encoding="utf-8").replace('"female"', '"Women"', 1)
    export.write_text(text, encoding="utf-8")
    [problem] = take(database, dictionary, export).errors
    assert str(problem).startswith(
        "export.csv, line 2: patients: sex 'Women' is none of female, male;"
    )


def test_a_file_that_is_no_dictionary(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(Refused, match="not a REDCap data dictionary"):
        read_dictionary(tmp_path / "a.csv")
    with pytest.raises(Refused, match="There is no file"):
        read_dictionary(tmp_path / "b.csv")


def test_what_is_there_is_not_written_over(shared_study: Database, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("mine", encoding="utf-8")
    with (
        shared_study.engine.connect() as connection,
        pytest.raises(Refused, match="is there already"),
    ):
        write_redcap(connection, tmp_path)
    assert (tmp_path / "data.csv").read_text(encoding="utf-8") == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["data.csv"]


def test_the_dictionary_is_one_that_redcap_takes(shared_study: Database, tmp_path: Path) -> None:
    """Names of small letters, one name a field, one label a field, codes without odd signs."""
    with shared_study.engine.connect() as connection:
        write_redcap(connection, tmp_path)
    with (tmp_path / "data_dictionary.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    names = [one["Variable / Field Name"] for one in rows]
    assert names[0] == "record_id"
    assert len(set(names)) == len(names)
    assert all(re.fullmatch("[a-z][a-z0-9_]*", name) for name in names)
    labels = [one["Field Label"] for one in rows]
    assert len(set(labels)) == len(labels)
    for one in rows:
        choices = one["Choices, Calculations, OR Slider Labels"]
        codes = [choice.partition(",")[0].strip() for choice in choices.split("|") if choice]
        assert all(re.fullmatch("[A-Za-z0-9_.-]+", code) for code in codes), one
        assert len(set(codes)) == len(codes), one
        assert (one["Field Type"] == "radio") == bool(codes)
    forms = list(dict.fromkeys(one["Form Name"] for one in rows))
    repeating = (tmp_path / "repeating_instruments.csv").read_text(encoding="utf-8").split()[1:]
    assert forms[0] == "patients"
    assert [line.rstrip(",") for line in repeating] == forms[1:]
