"""The worklist of random patients on several days against a plain reading of its rules.

REGISTRY_TEST_SEED draws other patients, REGISTRY_TEST_WORKLIST more of them.
"""

from __future__ import annotations

import os
from collections import Counter
from datetime import date
from pathlib import Path
from random import Random

import pytest

from registry.importing.run import import_files
from registry.worklist.read import Filters, judge_on, read_worklist
from tests.oracle.definition import PAPER, RECOMMENDED
from tests.oracle.patients import random_patients, write_csv
from tests.oracle.worklist import Work, worklist
from tests.worklist.obvious import obvious_views, rows_of
from tests.worklist.ward import Ward

SEED = int(os.environ.get("REGISTRY_TEST_SEED", "20231231"))
PATIENTS = int(os.environ.get("REGISTRY_TEST_WORKLIST", "250"))
DEFINITIONS = {"paper": PAPER, "recommended": RECOMMENDED}
DAYS = 3

# What is tested by hand-made children alone.
BY_HAND = {"low_trough", "dose_drifted", "contradiction"}


@pytest.fixture
def random_days() -> list[date]:
    """Days within the years in which most patients are treated."""
    rng = Random(SEED)
    return [date.fromordinal(rng.randrange(736000, 738800)) for _ in range(DAYS)]


def test_random_patients_have_the_work_of_a_plain_reading(
    ward: Ward, tmp_path: Path, random_days: list[date]
) -> None:
    patients = {
        records["patients"][0]["patient_id"]: records for records in random_patients(SEED, PATIENTS)
    }
    write_csv(patients.values(), tmp_path)
    assert import_files(ward.connection, [tmp_path]).errors == []
    # Nothing is committed, so no vacuum of the server counts the rows for the planner.
    ward.connection.exec_driver_sql("analyze")
    with obvious_views(ward.connection):
        # The same of the form that every rule has by itself.
        judge_on(ward.connection, random_days[0])
        for name in ("work", "query"):
            expected_rows = rows_of(ward.connection, f"select * from obvious.{name}")
            assert rows_of(ward.connection, f"select * from present.{name}") == expected_rows != []
    rules: Counter[str] = Counter()
    for day in random_days:
        for name, definition in DEFINITIONS.items():
            found: dict[str, set[Work]] = {patient: set() for patient in patients}
            for item in read_worklist(ward.connection, Filters(definition=name, on=day)):
                if item.kind not in BY_HAND:
                    work = Work(item.rule, item.record_on, item.due_on)
                    assert work not in found[item.patient_id]
                    found[item.patient_id].add(work)
                    rules[item.rule] += 1
            expected = {
                patient: worklist(records, definition, day) for patient, records in patients.items()
            }
            assert {p: w for p, w in found.items() if w != expected[p]} == {
                p: w for p, w in expected.items() if w != found[p]
            }, (day, name)
    # Else it would show little.
    assert {rule for rule, count in rules.items() if count >= 3} >= {
        "visit_overdue",
        "infusion_overdue",
        "level_overdue",
        "first_level_overdue",
        "week14_closed",
        "level_at_loss_closed",
        "gene_test_always",
        "gene_test_early_onset",
        "gene_test_early_loss",
        "silent",
    }
