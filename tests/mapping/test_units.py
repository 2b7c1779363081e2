"""Units convert exactly, limits included."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.importing.mapping.factors import CONVERSIONS, converted


@pytest.mark.parametrize(
    ("value", "unit", "own", "expected"),
    [
        ("1.621", "m", "cm", "162.1"),
        ("25400", "g", "kg", "25.4"),
        ("61", "斤", "kg", "30.5"),
        ("100", "lb", "kg", "45.359237"),
        ("0.34", "g", "mg", "340"),
        ("<400", "ng/mL", "ug/mL", "<0.4"),
        ("> 40000", "ng/mL", "ug/mL", ">40"),
        ("not a number", "m", "cm", "not a number"),
    ],
)
def test_known_pairs(value: str, unit: str, own: str, expected: str) -> None:
    assert converted(value, CONVERSIONS[own][unit]) == expected


@given(
    number=st.decimals(0, 10**6, places=6),
    factor=st.sampled_from([one for others in CONVERSIONS.values() for one in others.values()]),
)
def test_conversion_is_exact(number: Decimal, factor: Decimal) -> None:
    assert Fraction(converted(str(number), factor)) == Fraction(number) * Fraction(factor)
