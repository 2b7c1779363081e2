"""Centres side by side, against a plain reading of the records and of the binomial distribution."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import text

from registry.analysis.centres import control_limits
from registry.database.engine import Database
from registry.quality.findings import list_findings
from tests.oracle.centres import compared, control_limit, quarter, quarters
from tests.oracle.definition import PAPER, RECOMMENDED
from tests.oracle.mechanism import mechanism
from tests.oracle.patients import random_patients
from tests.programs import Program
from tests.views.conftest import OpenRegistry

TODAY = date(2022, 5, 17)
DEFINITIONS = {"paper": PAPER, "recommended": RECOMMENDED}
CENTRES = "AAAAABBBBCCDE"


def _drawn() -> dict[str, Any]:
    rng, found = Random(7), {}
    for records in random_patients(20, 130):
        patient = records["patients"][0]
        patient["centre"] = rng.choice(CENTRES)
        found[patient["patient_id"]] = records
    return found


PATIENTS = _drawn()


@pytest.fixture(scope="module")
def centres(open_registry: OpenRegistry) -> Database:
    return open_registry(list(PATIENTS.values()))


@pytest.mark.parametrize("name", DEFINITIONS)
def test_each_child_counts_as_its_records_say(centres: Database, name: str) -> None:
    definition = DEFINITIONS[name]
    with centres.engine.connect() as connection:
        connection.execute(text(f"select set_config('registry.today', '{TODAY}', true)"))
        stored = connection.execute(
            text("select * from analytics.centre_child where definition = :name"), {"name": name}
        )
        rows = {row["patient_id"]: dict(row) for row in stored.mappings()}
        failed = Counter(one.patient_id for one in list_findings(connection))
    assert rows.keys() == PATIENTS.keys()
    seen: Counter[Any] = Counter()
    for patient, records in PATIENTS.items():
        row, expected = rows[patient], compared(records, definition, TODAY)
        assert {key: row[key] for key in expected} == expected, patient
        assert row["deficits"] == failed[patient]
        level = mechanism(records, definition, {})
        on = level and level["sampled_on"]
        told = [one["ifx_ug_ml"] for one in records["tdm_levels"] if one["sampled_on"] == on]
        assert (row["level_at_loss_ug_ml"] is not None) == (on is not None), patient
        if on is not None:
            pair = row["level_at_loss_comparator"], row["level_at_loss_ug_ml"]
            assert pair in {(one.comparator, one.number) for one in told if one}, patient
        seen.update({expected["first_year"], expected["seen_for_visits"], on is not None})
    assert seen.keys() >= {"lost", "kept", "left", "overdue", "silent", "ok", True}


def test_each_quarter_counts_the_children_of_its_records(centres: Database) -> None:
    with centres.engine.connect() as connection:
        connection.execute(text(f"select set_config('registry.today', '{TODAY}', true)"))
        stored = connection.execute(text("select * from analytics.centre_quarter")).all()
        found = list_findings(connection)
    failed = Counter(
        (PATIENTS[one.patient_id]["patients"][0]["centre"], quarter(one.record_on))
        for one in found
        if one.record_on
    )
    children = Counter(
        (records["patients"][0]["centre"], first)
        for patient, records in PATIENTS.items()
        for first in quarters(records, TODAY)
        | {quarter(o.record_on) for o in found if o.patient_id == patient and o.record_on}
    )
    assert {(row.centre, row.quarter_on): row.children for row in stored} == children
    assert {(r.centre, r.quarter_on): r.deficits for r in stored if r.deficits} == failed


def test_control_limits_are_those_of_the_binomial_distribution() -> None:
    for n in (1, 5, 23, 80):
        for share in (0.05, 0.26, 0.6):
            for level, p in (("95", 0.025), ("99.8", 0.001)):
                expected = control_limit(n, share, p), control_limit(n, share, 1 - p)
                assert control_limits(n, share)[level] == pytest.approx(expected, abs=1e-9)


def test_a_centre_reads_of_itself_and_of_no_other_by_name(
    centres: Database, program: Program, tmp_path: Path
) -> None:
    base = ("centre", "report", "--centre", "A", "--definition", "paper")
    page = tmp_path / "a.html"
    made = program(centres, *base, "--to", str(page), "--format", "json")
    assert made.status == 0, made
    told = json.loads(made.out)
    rows = [compared(records, PAPER, TODAY) for records in PATIENTS.values()]
    own = Counter(row["first_year"] for row in rows if row["centre"] == "A")
    other = Counter(row["first_year"] for row in rows if row["centre"] != "A")
    for part, counted in (("own", own), ("of_others", other)):
        share = told[part]["shares"]["lost_in_a_year"]
        assert (share["with"], share["of"]) == (counted["lost"], counted["lost"] + counted["kept"])
    year = own + other
    assert told["funnel"]["percent"] == pytest.approx(
        100 * year["lost"] / (year["lost"] + year["kept"])
    )
    assert told["others"] == 4
    assert [dot["own"] for dot in told["funnel"]["centres"]].count(True) == 1
    words = page.read_text(encoding="utf-8")
    assert "The other 4 centres" in words
    for text_of in (made.out, words):
        assert not any(f">{code}<" in text_of or f'"{code}"' in text_of for code in "BCDE")
    csv = program(centres, *base, "--format", "csv").out.splitlines()
    assert csv[1].startswith(f"lost_in_a_year,{told['own']['shares']['lost_in_a_year']['percent']}")
    unknown = program(centres, "centre", "report", "--centre", "Z")
    assert "There is no child of a centre Z." in unknown.err


def test_a_registry_of_one_centre_says_so(shared_study: Database, program: Program) -> None:
    made = program(shared_study, "centre", "report", "--centre", "BCH")
    assert made.status != 0
    assert "This registry has one centre, BCH" in made.err
