"""A visit in a file: what is read from it, what is refused, and the template that begins one."""

from __future__ import annotations

import json
import tomllib
from datetime import date

import pytest
from sqlalchemy import Connection

from registry.entry.answers.pcdai_points import levels_of_items
from registry.entry.visit.day import Day, Visit, read_day
from registry.entry.visit.fields import FIELDS
from registry.entry.visit.file import read_visit_file, template
from registry.entry.visit.plan import plan_of
from registry.errors import Refused
from tests.visit.clinic import DAY, DAYS_WORK, add_responder, saved

TOML = """
patient_id = "V1"
on = 2020-06-08
[anthropometry]
weight_kg = 31.50       # as the scales say
height_cm = ""
[lab]
CRP = "<5"
ALB = "-"
[pcdai]
total = 22.5
[medication]
started = ["prednisone", "EEN"]
stopped = "azathioprine"
"""
VALUES = {
    "anthropometry.weight_kg": "31.50",
    "lab.CRP": "<5",
    "lab.ALB": "",
    "pcdai.total": "22.5",
    "medication.started": "prednisone, EEN",
    "medication.stopped": "azathioprine",
}


def test_toml_and_json_say_the_same() -> None:
    from_toml = read_visit_file(TOML, "visit.toml", is_json=False)
    assert (from_toml.study_id, from_toml.on, from_toml.values) == ("V1", "2020-06-08", VALUES)
    document = tomllib.loads(TOML, parse_float=str) | {"on": "2020-06-08"}
    # From standard input the first sign tells which of the two it is.
    assert read_visit_file(json.dumps(document), "standard input") == from_toml
    assert read_visit_file("\ufeff" + TOML, "standard input") == from_toml


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[lab]\nCPR = 5", "lab.CPR means nothing here; did you mean CRP?"),
        ("[labs]\nCRP = 5", "labs means nothing here; did you mean lab?"),
        ("lab = 5", "lab is a section of its own: [lab]."),
        ("[lab]\nCRP = true", "lab.CRP is a text or a number."),
        ("[lab]\nCRP = [5]", "lab.CRP is a text or a number."),
        ("[lab]\nCRP = 5\nCRP = 6", "is not TOML: Cannot overwrite a value"),
        ('{"lab": {"CRP": 5, "CRP": 6}}', "is not JSON: a key stands twice."),
        ('{"lab": {"CRP": NaN}}', "lab.CRP is a text or a number."),
        ("[lab", "is not TOML"),
        ("", None),
    ],
)
def test_what_means_nothing_is_refused(text: str, words: str | None) -> None:
    if words is None:
        assert read_visit_file(text, "visit").values == {}
        return
    with pytest.raises(Refused) as raised:
        read_visit_file(text, "visit")
    assert words in str(raised.value)


@pytest.fixture
def day(database: Connection) -> Day:
    add_responder(database, "V1")
    saved(database, "V1", DAYS_WORK)
    return read_day(database, "V1", DAY)


def test_the_template_has_every_field_and_says_what_is_there(
    database: Connection, day: Day
) -> None:
    text = template(day, levels_of_items(database, day.patient.patient, DAY))
    document = tomllib.loads(text)
    assert document["on"] == DAY
    fields = {
        f"{s}.{key}" for s, held in document.items() if isinstance(held, dict) for key in held
    }
    assert fields == set(FIELDS)
    assert document["lab"]["ALB"] == "3.4"
    assert document["medication"]["stopped"] == ["azathioprine"]
    # A template that nobody changed changes nothing.
    assert not plan_of(Visit(day, read_visit_file(text, "visit").values))


def test_the_template_names_unit_limits_meaning_and_last_value(
    database: Connection, day: Day
) -> None:
    later = read_day(database, "V1", date(2020, 8, 3))
    text = template(later, levels_of_items(database, later.patient.patient, later.on))
    assert '# Weight (kg; 1 to 250); last 31.5, 2020-06-08\nweight_kg = ""' in text
    assert "# ALB (albumin; g/dL; or written behind it g/L); last 3.4, 2020-06-08" in text
    # A boy of eleven years: below 35 % are points.
    assert "#   2.5 = 30 to below 35 %" in text
    assert "#   10 = daily, longer lasting, limits activity, or at night" in text
    assert "# Drugs stopped: prednisone (2020-06-08)" in text
