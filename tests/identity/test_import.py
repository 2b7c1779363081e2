"""Files that name children as their hospital does."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from registry.database.engine import Database
from registry.parsing.hospital_number import number_key
from registry.parsing.text import Unreadable
from registry.records.study_id_pattern import check_character, fits, made, number_in
from tests.identifiers import SEARCH
from tests.programs import Program

BY_NUMBER = ("--id", "hospital-number", "--centre", "BCH")
NEW = "patient_id,centre,sex,birth_date,diagnosis\n{},BCH,female,2012-04-01,CD\n"
MAPPING = """
centre = "BCH"
[[source]]
patient = "病历号"
ignore = ["姓名"]
[[source.rows]]
table = "anthropometry"
columns.measured_on = "日期"
columns.weight_kg = "体重"
"""


def weights(database: Database) -> dict[str, str]:
    """The weights of May 2019, by study id."""
    with database.engine.connect() as connection:
        rows = connection.execute(
            text(
                "select study_id, weight_kg::text from clinical.anthropometry "
                "join reference.patient_number using (patient_id) "
                "where measured_on between '2019-05-03' and '2019-05-04'"
            )
        )
        return {row.study_id: row.weight_kg for row in rows}


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("12345", "12345"),
        ("0012345", "12345"),
        ("００１２３４５", "12345"),
        (" 12 345\u3000", "12345"),
        ("a-07", "A-07"),
        ("７７－12 03", "77-1203"),
        ("000", "0"),
    ],
)
def test_a_number_is_compared_without_what_people_add(written: str, key: str) -> None:
    assert number_key(written) == key


@pytest.mark.parametrize("written", ["", "张三", "1" * 41, "12\x003"])
def test_what_is_no_number_is_not_repeated(written: str) -> None:
    with pytest.raises(Unreadable) as refused:
        number_key(written)
    assert not written or written not in str(refused.value)


def test_check_character_is_that_of_the_standard() -> None:
    # The example that the Global Release Identifier, which uses MOD 37,36, is explained with.
    assert check_character("A1-2425G-ABC1234002") == "M"
    whole = made("BCH-####-*", 12)
    assert whole.startswith("BCH-0012-")
    assert fits("BCH-####-*", whole)
    assert number_in("BCH-####-*", whole) == 12
    # Every wrong sign and every change of two neighbours is found.
    for place, sign in enumerate("0012"):
        for other in "0123456789":
            wrong = f"BCH-{'0012'[:place]}{other}{'0012'[place + 1 :]}-{whole[-1]}"
            assert fits("BCH-####-*", wrong) == (other == sign)
    assert not fits("BCH-####-*", whole.replace("0012", "0021"))


def test_numbers_are_translated_however_they_are_written(
    known: Database, program: Program, visits: Path, tmp_path: Path
) -> None:
    done = program(known, "import", str(visits), *BY_NUMBER, "--format", "json")
    assert done.status == 0
    assert done.document["tables"]["anthropometry"]["inserted"] == 2
    assert weights(known) == {"P001": "21.5", "P002": "22"}
    # By a mapping, which says itself that it is so.
    (tmp_path / "map.toml").write_text(MAPPING, encoding="utf-8")
    hospital = tmp_path / "随访.csv"
    SEARCH.allow(hospital)
    hospital.write_text(
        "病历号,姓名,日期,体重\n00070419062817,李,2019-05-04,23\n", encoding="utf-8"
    )
    done = program(known, "import", str(hospital), "--map", str(tmp_path / "map.toml"))
    assert done.status == 0, done
    assert "李" not in done.out + done.err
    listed = program(known, "anthropometry", "list", "P001", "--format", "csv").out
    assert "P001,2019-05-04," in listed


def test_unknown_numbers_are_told_by_line_and_never_shown(
    known: Database, program: Program, tmp_path: Path
) -> None:
    file = tmp_path / "anthropometry.csv"
    SEARCH.allow(file)
    file.write_text(
        "patient_id,measured_on,weight_kg\n9876501,2019-05-03,21\n70419062817,2019-05-03,900\n"
        "9876501,2019-05-04,22\n张三,2019-05-04,22\n",
        encoding="utf-8",
    )
    done = program(known, "import", str(file), *BY_NUMBER, "--format", "json")
    assert done.status == 1
    assert {(e["line"], e["column"], e["value"]) for e in done.document["errors"]} == {
        (2, "patient_id", "***"),
        (3, "weight_kg", "900"),
        (4, "patient_id", "***"),
        (5, "patient_id", "***"),
    }
    assert "--register" in done.document["errors"][0]["problem"]
    for secret in ("9876501", "70419062817", "张三"):
        assert secret not in done.out + done.err
    # That a refused import asked is written down all the same.
    asked = program(known, "identity", "audit", "P001", "--reason", "x", "--format", "json")
    assert "import" in [row["command"] for row in asked.document if row["what"] == "read"]


def test_register_gives_study_ids_of_the_centres_form(
    known: Database, program: Program, tmp_path: Path
) -> None:
    patients, visits = tmp_path / "patients.csv", tmp_path / "anthropometry.csv"
    patients.write_text(NEW.format("555001"), encoding="utf-8")
    visits.write_text("patient_id,measured_on,weight_kg\n0555001,2019-05-03,30\n", encoding="utf-8")
    lines = ("import", str(patients), str(visits), *BY_NUMBER, "--register")
    assert "has no form" in program(known, *lines).refused(1)
    form = ("centre", "amend", "BCH", "--study-id-pattern", "BCH-####-*", "--reason", "ours")
    assert program(known, *form).status == 0
    assert program(known, *lines, "--dry-run").status == 0
    assert "555001" not in program(known, "identity", "list", "--format", "csv").out
    done = program(known, *lines)
    assert done.status == 0, done
    first = made("BCH-####-*", 1)
    assert first in done.err
    assert weights(known) == {first: "30"}
    # The next file knows the child.
    assert program(known, *lines, "--update", "--reason", "again").status == 0
    assert weights(known) == {first: "30"}
    # A typed id of the centre is held to the form, a mistyped one is told.
    add = ("patient", "add", "{}", "--centre", "BCH", "--sex", "male", "--birth-date")
    wrong = [
        one.format(first[:-1] + "?".replace("?", "A" if first[-1] != "A" else "B")) for one in add
    ]
    refused = program(known, *wrong, "2012-01-01", "--diagnosis", "CD").refused(1)
    assert "is not of the form BCH-####-*" in refused


def test_the_same_number_of_two_hospitals_and_one_given_anew(
    known: Database, program: Program, visits: Path
) -> None:
    with known.engine.begin() as connection:
        connection.execute(text("insert into reference.centre (code) values ('XY')"))
    link = ("identity", "link", "P003", "70419062817")
    taken = program(known, *link)
    assert "another child's" in taken.refused(1)
    assert "70419062817" not in taken.err
    assert program(known, *link, "--centre", "XY").status == 0
    assert program(known, "import", str(visits), *BY_NUMBER).status == 0
    assert weights(known) == {"P001": "21.5", "P002": "22"}
    ended = ("--until", "2020-01-01", "--reason", "given anew")
    assert program(known, "identity", "link", "P001", "70419062817", *ended).status == 0
    assert program(known, *link).status == 0
    twice = program(known, "import", str(visits), *BY_NUMBER)
    assert "line 2: patient_id '***' was more than one child's at BCH" in twice.err
    assert twice.status == 1
