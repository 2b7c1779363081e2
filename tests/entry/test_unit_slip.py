"""A laboratory value that fits the last one only in another unit is pointed out."""

from __future__ import annotations

import pytest

from registry.database.engine import Database
from tests.programs import Program


@pytest.mark.parametrize(
    ("analyte", "first", "second", "warned"),
    [
        ("HGB", ("108", "g/L"), ("9.8", "g/L"), "g/dL"),
        ("HGB", ("9.8", "g/dL"), ("108", "g/dL"), "g/L"),
        ("HGB", ("108", "g/L"), ("62", "g/L"), None),
        ("ALB", ("38", "g/L"), ("3.4", "g/L"), "g/dL"),
        ("ALB", ("38", "g/L"), ("3.4", "g/dL"), None),
        ("HCT", ("0.34", "L/L"), ("33", "%"), None),
        ("PLT", ("420", "10^9/L"), ("380", "10^9/L"), None),
        # It may well fall tenfold.
        ("CRP", ("60", "mg/L"), ("5", "mg/L"), None),
    ],
)
def test_against_the_value_before(
    study: Database,
    program: Program,
    analyte: str,
    first: tuple[str, str],
    second: tuple[str, str],
    warned: str | None,
) -> None:
    for day, (value, unit) in (("2023-10-01", first), ("2023-11-01", second)):
        ended = program(
            study, "lab", "add", "P023", "--collected-on", day, "--analyte", analyte,
            "--value", value, "--unit", unit,
        )  # fmt: skip
        assert ended.status == 0
    said = "Is the unit right?" in ended.err
    assert said is (warned is not None)
    if warned is not None:
        assert f"in {warned} it would be usual" in ended.err


@pytest.mark.parametrize(
    ("analyte", "value", "unit", "nearer"),
    [
        ("HCT", "0.36", "%", "L/L"),
        ("HGB", "11.8", "g/L", "g/dL"),
        ("ALB", "4.1", "g/L", "g/dL"),
        ("WBC", "8100", "10^9/L", "/uL"),
        ("PLT", "35", "10^9/L", "10^4/uL"),
        # Ill, not of another unit.
        ("HGB", "45", "g/L", None),
        ("ALB", "12", "g/L", None),
        ("WBC", "0.8", "10^9/L", None),
        ("PLT", "95", "10^9/L", None),
        ("PLT", "1200", "10^9/L", None),
        ("CRP", "0.5", "mg/L", None),
        ("HCT", "0.36", "L/L", None),
    ],
)
def test_a_first_value_against_the_usual(
    study: Database, program: Program, analyte: str, value: str, unit: str, nearer: str | None
) -> None:
    """A child's first value has none before it: 0.36 % of haematocrit was taken without a word."""
    ended = program(
        study, "lab", "add", "P023", "--collected-on", "2014-06-01", "--analyte", analyte,
        "--value", value, "--unit", unit,
    )  # fmt: skip
    assert ended.status == 0
    assert ("Is the unit right?" in ended.err) is (nearer is not None)
    if nearer is not None:
        assert f"in {nearer} it would be usual" in ended.err
