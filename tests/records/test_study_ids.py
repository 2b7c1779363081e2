"""Ids that are a number or a name are stopped, other spellings asked about, values masked."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from registry.database.engine import Database
from tests.programs import Outcome, Program

NEW = ("--centre", "BCH", "--sex", "male", "--birth-date", "2010-02-03", "--diagnosis", "CD")
PHONE = "13800138000"


def people(folder: Path, *ids: str) -> Path:
    path = folder / "patients.csv"
    lines = [f"{one},BCH,male,2010-02-03,CD" for one in ids]
    path.write_text("\n".join(["patient_id,centre,sex,birth_date,diagnosis", *lines, ""]), "utf-8")
    return path


def surgeries(folder: Path, *ids: str) -> Path:
    path = folder / "surgeries.csv"
    lines = [f"{one},2019-01-01,fistulotomy" for one in ids]
    path.write_text("\n".join(["patient_id,performed_on,procedure", *lines, ""]), "utf-8")
    return path


def known(database: Database) -> list[str]:
    with database.engine.connect() as connection:
        found = connection.execute(text("select study_id from reference.patient_number order by 1"))
        return list(found.scalars())


def problems(ended: Outcome) -> list[tuple[int, str, str]]:
    return [(e["line"], e["value"], e["problem"]) for e in ended.document["errors"]]


@pytest.fixture
def one_child(registry: Database, program: Program) -> Database:
    assert program(registry, "patient", "add", "P001", *NEW).status == 0
    return registry


@pytest.mark.parametrize(
    ("given", "words"),
    [(PHONE, "a telephone number"), ("11010519491231002X", "an identity number (CN)"),
     ("ZhangWei", "a name")],
)  # fmt: skip
def test_a_number_or_a_name_is_stopped_unless_somebody_says_why(
    one_child: Database, program: Program, tmp_path: Path, given: str, words: str
) -> None:
    entered = program(one_child, "patient", "add", given, *NEW)
    imported = program(one_child, "import", str(people(tmp_path, given)), "--format", "json")
    for ended in (entered, imported):
        assert ended.status == 1
        assert words in ended.err
        assert "--allow-id" in ended.err
        assert given not in ended.out + ended.err
    assert problems(imported)[0][:2] == (2, "***")
    assert program(one_child, "patient", "add", given, *NEW, "--allow-id").status == 2
    why = "the study's numbers have eleven digits"
    done = program(one_child, "patient", "add", given, *NEW, "--allow-id", "--reason", why)
    assert done.status == 0, done.err
    assert known(one_child) == sorted(["P001", given])
    with one_child.engine.connect() as connection:
        kept = connection.execute(
            text("select reason, summary from reference.change_set order by change_id desc limit 1")
        ).one()
    assert kept == (why, "patients: 1 inserted; --allow-id")


def test_an_import_is_let_take_such_ids(
    registry: Database, program: Program, tmp_path: Path
) -> None:
    path = str(people(tmp_path, PHONE, "13800138001"))
    assert program(registry, "import", path, "--allow-id").status == 2
    done = program(registry, "import", path, "--allow-id", "--reason", "numbers of the study")
    assert done.status == 0, done.err
    assert len(known(registry)) == 2
    # Who is known is no new id.
    assert program(registry, "import", path).status == 0


@pytest.mark.parametrize("given", ["Ｐ００１", "p001", "ｐ００１", " Ｐ001\u3000"])
def test_another_spelling_of_a_known_id_is_asked_about(
    one_child: Database, program: Program, tmp_path: Path, given: str
) -> None:
    options = ("--allow-id", "--reason", "meant so")
    for ended in (
        program(one_child, "patient", "add", given, *NEW),
        program(one_child, "patient", "add", given, *NEW, *options),
        program(one_child, "import", str(people(tmp_path, given))),
        program(one_child, "import", str(surgeries(tmp_path, given))),
        program(one_child, "patient", "show", given),
    ):
        assert ended.status == 1
        assert "P001" in ended.err
        assert "did you mean" in ended.err.lower()
    assert known(one_child) == ["P001"]


def test_blanks_around_an_id_are_none_of_it(one_child: Database, program: Program) -> None:
    assert program(one_child, "infusion", "list", "P001").status == 0
    assert "did you mean" not in program(one_child, "patient", "add", " P001 ", *NEW).err.lower()


def test_two_ids_of_one_file_that_differ_in_case_alone(
    registry: Database, program: Program, tmp_path: Path
) -> None:
    ended = program(registry, "import", str(people(tmp_path, "A1", "a1")), "--format", "json")
    assert problems(ended) == [
        (3, "a1", "differs from A1 in capitals alone; did you mean that one?")
    ]
    assert known(registry) == []


def test_an_unknown_id_is_masked_unless_it_has_the_form_of_our_own(
    one_child: Database, program: Program, tmp_path: Path
) -> None:
    given = ["P999", PHONE, "张伟", "ZhangWei", "1234567", "P-1", "P12345678", "P9"]
    ended = program(one_child, "import", str(surgeries(tmp_path, *given)), "--format", "json")
    found = problems(ended)
    assert list({line: value for line, value, _ in found}.values()) == [
        "P999", "***", "***", "***", "***", "***", "***", "P9",
    ]  # fmt: skip
    assert [words for line, _, words in found if line == 7] == [
        "is not a patient of the registry; did you mean P001?"
    ]
    for one in (PHONE, "张伟", "ZhangWei", "1234567"):
        assert one not in ended.out + ended.err
        assert one not in program(one_child, "patient", "show", one).err


def test_the_ids_of_the_same_import_are_our_own(
    registry: Database, program: Program, tmp_path: Path
) -> None:
    people(tmp_path, "K-01", PHONE)
    surgeries(tmp_path, "K-02", "13900139000")
    ended = program(registry, "import", str(tmp_path), "--format", "json")
    assert [value for _, value, _ in problems(ended)] == ["***", "K-02", "***"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("P01", "P001"), ("p-001", "P001"), ("P0O1", "P001"), ("P010", "P001"), ("PP001", "P001")],
)
def test_a_patient_who_may_be_meant(
    one_child: Database, program: Program, typed: str, meant: str
) -> None:
    ended = program(one_child, "patient", "show", typed)
    assert ended.status == 1
    assert f"Did you mean {meant}?" in ended.err
    assert "Did you mean" not in program(one_child, "patient", "show", "X5").err
