"""What a person types of one record: what is asked of it, said against it and shown of it."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from registry.clinical_tables import BY_COMMAND
from registry.database.engine import Database
from tests.programs import Outcome, Program
from tests.records.conftest import CHILD, rows


def test_what_may_mean_two_things_is_not_answered_with_an_imports_options(
    child: Database, program: Program
) -> None:
    infusion = ("--infused-on", "01.03.2020", "--dose-mg", "1,200", "--weight-kg", "30")
    refused = program(child, "infusion", "add", "T1", *infusion)
    assert (refused.status, sorted(refused.err.removeprefix("Error: ").splitlines())) == (
        1,
        [
            "Nothing was stored.",
            "dose_mg '1,200' may be 1.200 or 1200; write the one that is meant",
            "infused_on '01.03.2020' may be 2020-03-01 or 2020-01-03; write the one that is meant",
        ],
    )
    for arguments in (
        ("infusion", "show", "T1", "01.03.2020"),
        ("visit", "T1", "--on", "01.03.2020", "--template"),
    ):
        said = program(child, *arguments)
        assert said.status == 2
        assert "may be 2020-03-01 or 2020-01-03; write the one that is meant" in said.err
        assert "--date-order" not in said.err


def said_against(ended: Outcome) -> list[str]:
    """What a refused command complained of, line by line."""
    assert ended.status == 1
    *lines, last = ended.err.removeprefix("Error: ").splitlines()
    assert last == "Nothing was stored."
    return lines


def test_that_a_record_is_there_is_said_once(child: Database, program: Program) -> None:
    there = "is that of a record that is there already; amend that one"
    assert said_against(program(child, "patient", "add", "T1")) == [f"patient_id 'T1' {there}"]
    assert said_against(program(child, "patient", "add", "T1", "--sex", "female")) == [
        f"patient_id 'T1' {there}",
        "sex 'female' is not what the record with this patient_id has (male); "
        "to change it amend that record",
    ]
    infusion = ("infusion", "add", "T1", "--infused-on", "2020-01-07")
    assert program(child, *infusion, "--dose-mg", "150", "--weight-kg", "30").status == 0
    assert said_against(program(child, *infusion)) == [f"infused_on '2020-01-07' {there}"]


@pytest.mark.parametrize(
    ("day", "group", "against"),
    [
        ("sampled-on", "tdm", "ifx_ug_ml is missing, and so is the rest: ada_au_ml"),
        (
            "measured-on",
            "anthropometry",
            "height_cm is missing, and so is the rest: weight_kg, height_z, bmi_z",
        ),
        (
            "assessed-on",
            "phenotype",
            "location is missing, and so is the rest: upper_gi, behaviour, perianal, growth",
        ),
    ],
)
def test_a_day_alone_is_no_record(
    child: Database, program: Program, tmp_path: Path, day: str, group: str, against: str
) -> None:
    """Entered; a file's row is what the dictionary allows."""
    beside = ("--assay", "ELISA") if group == "tdm" else ()
    refused = program(child, group, "add", "T1", f"--{day}", "2020-01-07", *beside)
    assert said_against(refused) == [f"{against}; give at least one"]
    file = tmp_path / f"{BY_COMMAND[group].file}.csv"
    file.write_text(f"patient_id,{day.replace('-', '_')}\nT1,2020-01-07\n", encoding="utf-8")
    assert program(child, "import", str(file)).status == 0
    moved = ("amend", "T1", "2020-01-07", f"--{day}", "2020-01-08", "--reason", "misread")
    assert program(child, group, *moved).status == 0


def test_that_an_endoscopy_was_done_is_a_record(child: Database, program: Program) -> None:
    ended = program(child, "endoscopy", "add", "T1", "--performed-on", "2020-01-07")
    assert ended.status == 0, ended.err
    assert rows(child, "endoscopy", "performed_on::text, cdeis") == [("2020-01-07", None)]


def test_the_last_value_of_a_record_is_not_emptied(child: Database, program: Program) -> None:
    program(child, "tdm", "add", "T1", "--sampled-on", "2020-01-07", "--ifx-ug-ml", "5")
    amend = ("tdm", "amend", "T1", "2020-01-07", "--reason", "misread", "--ifx-ug-ml", "")
    assert said_against(program(child, *amend)) == [
        "ifx_ug_ml is the last value of the record; take the record out instead, with void"
    ]
    assert program(child, *amend, "--ada-au-ml", "12").status == 0


def test_a_laboratory_value_with_its_unit_behind_it(child: Database, program: Program) -> None:
    add = ("lab", "add", "T1", "--collected-on")
    for day, analyte, *value in (
        ("2020-01-07", "CRP", "4.4 mg/dL"),
        ("2020-01-08", "ALB", "＜3.2g/dl", "--unit", "g/dL"),
    ):
        ended = program(child, *add, day, "--analyte", analyte, "--value", *value)
        assert ended.status == 0, ended.err
    columns = "collected_on::text, value_comparator, value, unit"
    assert rows(child, "lab_result", columns) == [
        ("2020-01-07", None, Decimal("4.4"), "mg/dL"),
        ("2020-01-08", "<", Decimal("3.2"), "g/dL"),
    ]
    assert "44 mg/L, entered as 4.4 mg/dL" in program(child, "lab", "show", "T1", "2020-01-07",
                                                     "CRP").out  # fmt: skip
    amend = ("lab", "amend", "T1", "2020-01-07", "CRP", "--reason", "misread", "--value")
    assert program(child, *amend, "51 mg/L").status == 0
    assert rows(child, "lab_result", columns)[0][2:] == (Decimal(51), "mg/L")
    new = (*add, "2020-01-09", "--analyte", "CRP", "--value")
    assert "value '5 stones' has stones behind" in program(child, *new, "5 stones").err
    for value, unit in (("5 g/L", "mg/L"), ("5 mg/dL", "mg/L")):
        refused = said_against(program(child, *new, value, "--unit", unit))
        assert refused == [f"value '{value}' has {value[2:]} behind the number; "
                           "write the number alone"]  # fmt: skip


def test_the_history_shows_what_was_entered(registry: Database, program: Program) -> None:
    program(registry, *CHILD, "--onset-on", "2016-05")
    program(registry, "tdm", "add", "T1", "--sampled-on", "2020-01-07", "--ifx-ug-ml", "0.4")
    of_tdm = ("tdm", "amend", "T1", "2020-01-07", "--reason", "letter", "--ifx-ug-ml")
    program(registry, *of_tdm, "<0.40", "--ada-au-ml", "12.50")
    program(registry, "pcdai", "add", "T1", "--visited-on", "2020-01-07", "--total", "30")
    program(registry, "pcdai", "void", "T1", "2020-01-07", "--reason", "another child's")
    program(registry, "phenotype", "add", "T1", "--assessed-on", "2020-01-07", "--perianal", "no")
    listed = program(registry, "history", "T1", "--format", "csv").out.splitlines()
    assert [row["what"] for row in csv.DictReader(listed)] == [
        "centre BCH, sex male, birth_date 2010-02-03, onset_on 2016-05, diagnosis CD",
        "sampled_on 2020-01-07, ifx_ug_ml 0.4",
        "ifx_ug_ml 0.4 -> <0.4, ada_au_ml - -> 12.5",
        "visited_on 2020-01-07, total 30",
        "visited_on 2020-01-07, total 30",
        "assessed_on 2020-01-07, perianal no",
    ]
