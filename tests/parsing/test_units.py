"""Units: spellings of one unit come together, different units never do."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from registry.parsing.text import NotOfKind, Unreadable
from registry.parsing.units import read_unit, same_unit
from registry.vocabulary import ANALYTE_UNITS, ANALYTES, UNITS

from .texts import any_text, read_or_refused

SPELLINGS = {
    "mg/L": ("mg/l", "MG/L", "ｍｇ／Ｌ", " mg / L ", "毫克/升"),
    "mg/dL": ("mg/dl", "MG/DL", "mg%"),
    "mm/h": ("mm/H", "mm/hr", "mm/hour", "mm/1h", "mm/小时"),
    "10^9/L": ("×10^9/L", "x10⁹/L", "10*9/L", "10E9/L", "10e+09/L", "10**9/L", "10^3/uL", "K/µL",
               "10^3/μL", "10³/uL", "×10^3/mm³", "G/L"),
    "g/L": ("g/l", "克/升"),
    "g/dL": ("g/dl", "g%", "gm/dL"),
    "%": ("％", " %"),
    "ug/g": ("μg/g", "µg/g", "UG/G", "mcg/g", "微克/克"),
    "mg/kg": ("mg/KG", "毫克/千克"),
    "L/L": ("l/l", "升/升"),
    "/uL": ("/μl", "/mm3", "cells/uL", "/微升"),
    "10^4/uL": ("×10⁴/μL", "10*4/ul"),
    "ug/mL": ("μg/ml", "mcg/mL", "微克/毫升"),
}  # fmt: skip


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_is_read_from_its_spellings(unit: str) -> None:
    analyte = next(name for name in ANALYTES if unit in ANALYTE_UNITS[name])
    for text in (unit, *SPELLINGS[unit]):
        assert read_unit(text, analyte) == unit
        assert read_unit(text) == unit


def test_no_spelling_is_of_two_units() -> None:
    spellings = [text for texts in SPELLINGS.values() for text in texts]
    assert len(spellings) == len(set(spellings))
    assert set(SPELLINGS) == set(UNITS)


# Amounts of the same size, by arithmetic: value of the one unit, value of the analyte's own.
@pytest.mark.parametrize(
    ("analyte", "unit", "value", "own"),
    [
        ("CRP", "mg/dL", "1.2", "12"),
        ("CRP", "ug/mL", "12", "12"),
        ("WBC", "/uL", "6500", "6.5"),
        ("HGB", "g/dL", "11", "110"),
        ("HCT", "L/L", "0.35", "35"),
        ("PLT", "/uL", "400000", "400"),
        ("PLT", "10^4/uL", "40", "400"),
        ("ALB", "g/dL", "3.5", "35"),
        ("FCAL", "mg/kg", "250", "250"),
    ],
)
def test_a_unit_converts_exactly(analyte: str, unit: str, value: str, own: str) -> None:
    assert Decimal(value) * ANALYTE_UNITS[analyte][unit] == Decimal(own)


@given(any_text, st.sampled_from((None, *ANALYTES)))
@example("x" * 100_000, None)
@example("10^" + "9" * 1000, "WBC")
def test_any_text_is_a_unit_of_the_analyte_or_refused(text: str, analyte: str | None) -> None:
    read = read_or_refused(lambda: read_unit(text, analyte))
    if isinstance(read, Unreadable):
        assert read.problem
        return
    assert read in (UNITS if analyte is None else ANALYTE_UNITS[analyte])
    assert read_unit(read, analyte) == read


@pytest.mark.parametrize("text", ["mmol/L", "mg", "109/L", "10^8/L", "U/L", "mg/m", "", "ng/L"])
def test_another_unit_is_none(text: str) -> None:
    with pytest.raises(NotOfKind):
        read_unit(text, "CRP")


def test_grams_are_not_giga() -> None:
    assert same_unit("G/L", ["10^9/L"]) == "10^9/L"
    assert same_unit("g/L", ["10^9/L"]) is None
    with pytest.raises(Unreadable, match=r"is not a unit of WBC"):
        read_unit("g/L", "WBC")
