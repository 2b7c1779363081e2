"""The table of what our names are called elsewhere: whole, well formed, and open to amendment."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry.codes import COLUMNS, Code, held_to, known_codes
from registry.errors import Refused
from registry.vocabulary import ANALYTES, CONDITIONS, DIAGNOSES, DRUGS, SEXES, UNITS, ZYGOSITIES

# Our names of a kind, as the vocabulary has them.
NAMES = {
    "analyte": ANALYTES,
    "condition": CONDITIONS,
    "diagnosis": DIAGNOSES,
    "drug": (*DRUGS, "infliximab"),
    "sex": SEXES,
    "zygosity": ZYGOSITIES,
}
# The dihedral group of Verhoeff's check digit, and the permutation of a digit by its place.
DIHEDRAL = [
    [(i + j) % 5 + (5 if j >= 5 else 0) if i < 5 else (i - j) % 5 + (5 if j < 5 else 0)
     for j in range(10)]
    for i in range(10)
]  # fmt: skip
PERMUTED = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]


def loinc_check_digit(digits: str) -> int:
    """By the Luhn algorithm, as LOINC's users' guide has it (appendix on check digits)."""
    doubled = [int(one) * 2 if place % 2 == 0 else int(one) for place, one in
               enumerate(reversed(digits))]  # fmt: skip
    return -sum(one // 10 + one % 10 for one in doubled) % 10


def is_snomed_id(code: str) -> bool:
    """Whether Verhoeff's check digit is right (SNOMED CT release format, SCTID)."""
    check = 0
    for place, digit in enumerate(reversed(code)):
        value = int(digit)
        for _ in range(place):
            value = PERMUTED[value]
        check = DIHEDRAL[check][value]
    return check == 0


def of_system(system: str) -> list[Code]:
    return [row for row in known_codes() if row.system == system]


def test_each_analyte_and_unit_has_a_code_and_each_row_a_name_of_ours() -> None:
    codes = known_codes()
    assert all(codes.find("analyte", name, "LOINC") for name in ANALYTES)
    assert all(codes.find("unit", name, "UCUM") for name in UNITS)
    strange = [row for row in codes if row.kind in NAMES and row.name not in NAMES[row.kind]]
    assert strange == []


def test_loinc_and_snomed_codes_have_the_right_check_digit() -> None:
    loinc = [row.code.partition("-") for row in of_system("LOINC")]
    assert len(loinc) >= 11
    assert all(loinc_check_digit(digits) == int(check) for digits, _, check in loinc)
    snomed = [row.code for row in of_system("SNOMED")]
    assert len(snomed) >= 8
    assert all(map(is_snomed_id, snomed))
    assert not is_snomed_id("34000007")


def test_a_file_amends_the_table_by_name_and_system(tmp_path: Path) -> None:
    own = tmp_path / "own.csv"
    own.write_text(
        f"{','.join(COLUMNS)}\n"
        "analyte,ESR,LOINC,4537-7,by Westergren,yes,our laboratory\n"
        "analyte,ESR,LOINC,30341-2,,yes,our laboratory\n"
        "measure,ada_au_ml,LOCAL,ADA,,no,our laboratory\n"
    )
    codes = known_codes(own)
    found = codes.find("analyte", "ESR", "LOINC")
    assert found is not None
    assert (found.code, found.source) == ("4537-7", "our laboratory")
    assert [row.name for row in codes.named("LOINC", "30341-2")] == ["ESR"]
    assert codes.find("analyte", "ESR", "OMOP") == known_codes().find("analyte", "ESR", "OMOP")
    added = codes.find("measure", "ada_au_ml", "LOCAL")
    assert added is not None
    assert not added.checked


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("kind,name,system,code\n", "lacks the column display, checked, source"),
        (f"{','.join(COLUMNS)}\nanalyte,ESR,LOINC,,x,yes,y\n", "line 2: this is no code"),
        (f"{','.join(COLUMNS)}\nanalyte,ESR,LOINC,1,x,maybe,y\n", "line 2: this is no code"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    own = tmp_path / "own.csv"
    own.write_text(text)
    with pytest.raises(Refused, match=complaint):
        known_codes(own)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"a,b\n",
        b"concept_id\tvocabulary_id\tconcept_code\tstandard_concept\tinvalid_reason\n1\tx\n",
        "concept_name\t名称\n".encode("gb18030"),
    ],
    ids=["empty", "other columns", "a short line", "another encoding"],
)
def test_what_is_no_list_of_concepts_is_refused_as_that(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "CONCEPT.csv"
    file.write_bytes(content)
    with pytest.raises(Refused, match=r"^CONCEPT.csv is no list of concepts\.\nIt is CONCEPT.csv"):
        held_to(known_codes(), file)
