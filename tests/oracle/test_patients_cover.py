"""The random patients are valid, and reach every answer of the rules often enough to check it."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import fields, replace
from datetime import date
from itertools import islice, pairwise
from pathlib import Path
from random import Random

import pytest

from .after_loss import lor_outcome, week14_trough
from .cohort import read_cohort
from .covariates import covariates, values_at_baseline
from .deciding import stored_status
from .definition import PAPER, RECOMMENDED, Definition
from .draft import LAST_DAY, NATURAL_KEYS, STOPS
from .patients import TROUBLES, random_patient, random_patients, write_csv
from .random_definition import OTHER_VALUES, random_definition
from .records import DATED_BY, Records, Row, certain_stop
from .rules import HEIGHT, ITEMS_THAT_MUST_BE_THERE, observe, pcdai_score, status

COUNT = 1000
AT_LEAST = 10
FOR_A_VALUE = 3

# Everything else may lack its data: these come with the patient, the infusions or W, or say that
# there was no drug where no drug is recorded.
NEVER_MISSING = {
    "sex_female",
    "initial_dose_ge_7",
    "response_without_remission",
    "ifx_monotherapy",
    "ifx_with_glucocorticoid",
    "im_over_6_months",
}
CENSOR_REASONS = {
    "ifx_stopped",
    "transferred_to_adult_care",
    "lost_to_follow_up",
    "died",
    "exposure_ended",
    "data_cut",
}


@pytest.fixture(scope="module")
def patients() -> list[Records]:
    return list(random_patients(seed=20240229, count=COUNT))


def everything_derived(records: Records, definition: Definition) -> tuple[object, ...]:
    """All that the rules say of a patient."""
    course = observe(records, definition)
    return (
        stored_status(course, definition),
        covariates(records, definition),
        values_at_baseline(records, definition),
        lor_outcome(records, definition),
        week14_trough(records, definition) if course.infusions else None,
    )


def test_every_answer_is_reached(patients: list[Records]) -> None:
    """Counted in patients who have it under one of the two presets."""
    answers: Counter[tuple[str, object]] = Counter()
    for records in patients:
        found: set[tuple[str, object]] = set()
        for definition in (PAPER, RECOMMENDED):
            derived = status(records, definition)
            columns = ("reason", "induction_outcome", "event", "censor_reason")
            found |= {(column, derived[column]) for column in columns}
            found |= set((covariates(records, definition) or {}).items())
            outcome = lor_outcome(records, definition) or {}
            found |= {(name, outcome[name]) for name in ("outcome", "regained") if outcome}
            if derived["eligible"]:
                found.add(("trough", week14_trough(records, definition) is not None))
                found.add(("negative", derived["last_negative_on"] is not None))
        answers.update(found)

    wanted: set[tuple[str, object]] = {("reason", reason) for reason in (None, *TROUBLES)}
    wanted |= {("induction_outcome", outcome) for outcome in ("remission", "response")}
    wanted |= {("event", True), ("event", False), ("negative", True), ("negative", False)}
    wanted |= {("censor_reason", reason) for reason in CENSOR_REASONS}
    wanted |= {("outcome", outcome) for outcome in ("stopped", "optimised", "neither")}
    wanted |= {("regained", True), ("regained", False), ("trough", True), ("trough", False)}
    names = covariates(next(r for r in patients if status(r, PAPER)["eligible"]), PAPER) or {}
    assert len(names) == 21
    for name in names:
        wanted |= {(name, True), (name, False)}
        if name not in NEVER_MISSING:
            wanted.add((name, None))
    too_rare = {answer: answers[answer] for answer in wanted if answers[answer] < AT_LEAST}
    assert not too_rare


def test_patients_are_valid(patients: list[Records]) -> None:
    for records in patients:
        (patient,) = records["patients"]
        for table, dated_by in DATED_BY.items():
            keys = [tuple(row[name] for name in NATURAL_KEYS[table]) for row in records[table]]
            assert len(keys) == len(set(keys))
            for row in records[table]:
                days = [row[dated_by], stop_of(table, row)]
                known = [day for day in days if day is not None]
                assert known == sorted(known)
                assert all(patient["birth_date"] <= day <= LAST_DAY for day in known)


def test_scores_are_valid(patients: list[Records]) -> None:
    for records in patients:
        for row in records["pcdai_visits"]:
            score = pcdai_score(row)
            assert score is not None
            assert 0 <= score <= 100
            assert score % 5 in {0, 2.5}
            items = [row[item] for item in (*ITEMS_THAT_MUST_BE_THERE, HEIGHT)]
            given = [item for item in items if item is not None]
            if len(given) >= 10 and row["total"] is not None and None not in items[:10]:
                assert sum(given) == row["total"]
            assert sum(given) <= score


def stop_of(table: str, row: Row) -> date | None:
    """The end of a course or an illness; of a course the last day that is sure."""
    if table == "medications":
        return certain_stop(row)
    stop: date | None = row[STOPS[table]] if table in STOPS else None
    return stop


def test_courses_of_one_drug_do_not_overlap(patients: list[Records]) -> None:
    for records in patients:
        courses = sorted(records["medications"], key=lambda row: (row["drug"], row["started_on"]))
        for course, following in pairwise(courses):
            if course["drug"] == following["drug"]:
                stop = certain_stop(course)
                assert stop is not None
                assert stop <= following["started_on"]


def test_written_and_read_again_they_are_the_same(patients: list[Records], tmp_path: Path) -> None:
    write_csv(patients, tmp_path)
    assert read_cohort(tmp_path) == {r["patients"][0]["patient_id"]: r for r in patients}


def test_one_seed_gives_one_file(tmp_path: Path) -> None:
    digests = []
    for run in ("first", "second"):
        write_csv(random_patients(seed=7, count=20), tmp_path / run)
        files = sorted((tmp_path / run).iterdir())
        digests.append(hashlib.sha256(b"".join(f.read_bytes() for f in files)).digest())
    assert digests[0] == digests[1]


def test_every_value_of_every_parameter_matters(patients: list[Records]) -> None:
    """Some patients get another answer when one of the presets is given that value."""
    # Where a consent is needed nobody here is left.
    names = {field.name for field in fields(Definition)} - {"consent_required"}
    assert names == set(OTHER_VALUES)
    answers = [
        (preset, [everything_derived(records, preset) for records in patients])
        for preset in (PAPER, RECOMMENDED)
    ]
    too_rare = []
    for name, values in OTHER_VALUES.items():
        for value in values:
            changed = (
                records
                for preset, by_preset in answers
                for records, answer in zip(patients, by_preset, strict=True)
                if everything_derived(records, replace(preset, **{name: value})) != answer
            )
            if len(list(islice(changed, FOR_A_VALUE))) < FOR_A_VALUE:
                too_rare.append((name, value))
    assert not too_rare


def test_random_definitions_stay_in_bounds() -> None:
    rng = Random(3)
    for number in range(200):
        definition = random_definition(rng)
        assert 0 <= definition.week14_from_day <= definition.week14_target_day
        assert definition.week14_target_day <= definition.week14_to_day
        derived = status(random_patient(rng, number), definition)
        assert derived["eligible"] is (derived["reason"] is None)
