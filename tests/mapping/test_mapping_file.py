"""A mapping that makes no sense is refused, with its line and the cure."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry.errors import NotFound, Refused
from registry.importing.mapping.file import read_mapping
from registry.importing.mapping.mapping import matches
from registry.importing.mapping.toml_file import lines_of

SOUND = """\
[[source]]
patient_id = "id"
[[source.rows]]
table = "anthropometry"
columns.measured_on = "day"
columns.height_cm = "height"
"""

# What is put in the place of what, and the refusal: its line and its words.
WRONG = [
    ("= \"id\"", "= id", "map.toml is not TOML: Invalid value (at line 2, column 14)."),
    ("patient_id", "patient_ids", "map.toml, line 2: patient_ids means nothing here."),
    ("patient_id", "patient_ids", "Did you mean patient_id?"),
    ('"anthropometry"', '"growth"', "map.toml, line 4: table is one of the dictionary's."),
    ("height_cm", "height", "map.toml, line 6: height is not a column of anthropometry."),
    ('columns.measured_on = "day"\n', "", "map.toml, line 3: anthropometry needs measured_on."),
    ("columns.height_cm", "colums.height_cm", "map.toml, line 6: colums means nothing here."),
    ('"height"', '"height"\nunits.height_cm = "ft"', "line 7: ft is not a unit that height_cm can"),
    ('"height"', '"height"\nunits.height_cm = "ft"', "Known are cm, m, mm, in."),
    ('"height"', '"height"\nunits.weight_kg = "g"', "line 7: weight_kg has no unit here."),
    ('"height"', '"height"\nconstants.height_cm = 120', "line 7: height_cm has a header already."),
    ('"height"', '"height"\nrepeat = { a = [1, 2], b = [1] }', "line 7: The lists of repeat are"),
    ('"height"', '"height"\nanalytes.CRP = "crp"', "line 7: CRP is not an analyte of lab_results."),
    ('"height"', "12", "map.toml, line 6: height_cm is a text in quotes."),
    ('"day"', '{ on = "day" }', "line 5: measured_on is a header,"),
    ('"day"', '{ on = "day", weeks = "two" }', "line 5: two is not a whole number."),
    ('"height"', '{ on = "height", days = 1 }', "line 6: height_cm is not a date."),
    ('"id"\n', '"id"\nskip = true\n', "line 1: A [[source]] has either [[source.rows]] or skip"),
    ('"id"\n', '"id"\ndate_order = "dym"\n', "map.toml, line 3: date_order is one of ymd dmy mdy."),
    ("[[source]]", '[codes.sex]\n"男" = "man"\n[[source]]', "line 2: man is not a code of sex."),
    ("[[source]]", "[codes.colour]\n[[source]]", "line 1: colour is a column of no table."),
    ("[[source]]", "[source]", "map.toml, line 1: source is written as [[source]]."),
    (SOUND, "", "map.toml, line 1: It maps nothing."),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "words"), WRONG, ids=[words[:60] for *_, words in WRONG])
def test_what_is_wrong_is_said_with_its_line(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    assert old in SOUND
    path = tmp_path / "map.toml"
    path.write_text(SOUND.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(Refused) as refusal:
        read_mapping(path)
    assert words in str(refusal.value)


def test_a_unit_must_be_said_of_an_analyte_with_several(tmp_path: Path) -> None:
    path = tmp_path / "map.toml"
    text = '[[source]]\npatient_id = "id"\n[[source.rows]]\ntable = "lab_results"\n'
    text += 'columns.collected_on = "day"\nanalytes.ESR = "esr"\nanalytes.HGB = "hb"\n'
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Refused, match="line 6: The unit of HGB is not said") as refusal:
        read_mapping(path)
    assert "ESR" not in str(refusal.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        read_mapping(tmp_path / "none.toml")


def test_lines_of_keys_in_every_way_of_writing() -> None:
    lines = lines_of(
        'a = 1\n[b]\n"c d".e = 2\n[[f]]\n[[f.g]]\nh = { i = "x = y" }\n[[f.g]]\nh = 1\n[[f]]\n'
        "[f.j]  # a comment\nk = 1\n"
    )
    assert lines[("a",)] == 1
    assert lines[("b", "c d", "e")] == 3
    assert lines[("f", 0, "g", 0, "h")] == 6
    assert lines[("f", 0, "g", 1, "h")] == 8
    assert lines[("f", 1)] == 9
    assert lines[("f", 1, "j", "k")] == 11


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("labs*.csv", "labs2020.csv", True),
        ("labs.csv", "labs2.csv", False),
        ("CRP[mg/L]*", "CRP[mg/L]_w0", True),
        ("*", "", True),
    ],
)
def test_only_the_star_is_a_pattern(pattern: str, text: str, fits: bool) -> None:
    assert matches(pattern, text) is fits
