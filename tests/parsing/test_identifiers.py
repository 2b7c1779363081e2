"""Numbers and names that find a child outside the registry, told from study ids."""

from __future__ import annotations

import pytest

from registry.parsing.identifiers import identifier_in


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("13800138000", "a telephone number"),
        ("138-0013-8000", "a telephone number"),
        ("110105194912310021", "an identity card"),
        # The examples that the countries' own offices print.
        ("11010519491231002X", "(CN)"),
        ("11010519491231002x", "(CN)"),
        ("19811228-9874", "(SE)"),
        ("255081416802538", "(FR)"),
        ("756-9217-0769-85", "(CH)"),
        ("12345678Z", "(ES)"),
        ("131052-308T", "(FI)"),
        ("ZhangWei", "a name"),
        ("Zhang_Wei", "a name"),
        ("MUELLER-ANNA", "a name"),
        ("Eva", "a name"),
        ("Li-Na", "a name"),
    ],
)
def test_what_is_no_study_id(text: str, words: str) -> None:
    said = identifier_in(text)
    assert said is not None
    assert words in said


@pytest.mark.parametrize(
    "text",
    ["P001", "P-001", "BCH", "A", "AB", "z-9_", "_", "-1", "0" * 32, "Crohn-023", "CH_12_0007",
     "1234567", "2023-0001", "1234567890", "123456789012", "11010519491231002",
     "110105194912310020X", "198112289873", "255081416802539", "7569217076984", "12345678A",
     "131052-308S", "139952-308T"],
)  # fmt: skip
def test_what_may_be_one(text: str) -> None:
    assert identifier_in(text) is None


def test_the_last_letter_of_a_chinese_number_proves_it() -> None:
    """Of the eleven that may stand there, one does."""
    said = [identifier_in(f"11010519491231002{last}") for last in "X0123456789"]
    assert said[0] is not None
    assert "(CN)" in said[0]
    # All digits, and 18 of them, is enough.
    assert all(one is not None and "identity card" in one for one in said[1:])
