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
        assert f"in {warned} it would be like it" in ended.err
