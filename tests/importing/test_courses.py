"""Courses of one drug do not overlap: within a file, across files, against the registry."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from .tables import VALID, Cells, accepted, complaints, contents, counts, insert, row, take, write

WORDS = "overlaps another course of the same drug"
Course = tuple[str, str]


def course(dates: Course, drug: str = "prednisone", patient_id: str = "P1") -> Cells:
    """A course of the year 2019 from one month and day to another, or open."""
    start, stop = (f"2019-{day}" if day else "" for day in dates)
    return row("medications", drug=drug, started_on=start, stopped_on=stop, patient_id=patient_id)


# Two courses in order of their starts.
OVERLAPPING: list[tuple[Course, Course]] = [
    (("01-01", "03-01"), ("02-01", "04-01")),
    (("01-01", "03-01"), ("02-28", "04-01")),
    (("01-01", ""), ("02-01", "04-01")),
    (("01-01", ""), ("02-01", "")),
    (("01-01", "05-01"), ("02-01", "")),
    (("01-01", "05-01"), ("02-01", "03-01")),
    (("01-01", "05-01"), ("02-01", "05-01")),
]
APART: list[tuple[Course, Course]] = [
    (("01-01", "02-01"), ("02-01", "03-01")),
    (("01-01", "02-01"), ("02-01", "")),
    (("01-01", "02-01"), ("02-02", "03-01")),
    # A course that stops on the day of its start takes no room.
    (("01-01", "01-01"), ("01-02", "")),
    (("01-01", "05-01"), ("02-01", "02-01")),
    (("01-01", ""), ("02-01", "02-01")),
]


@pytest.fixture(scope="module")
def people(bench: Connection, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    savepoint = bench.begin_nested()
    rows = [VALID["patients"], row("patients", patient_id="P2")]
    accepted(bench, write(tmp_path_factory.mktemp("people"), "patients", rows))
    yield bench
    savepoint.rollback()


@pytest.fixture
def patient(people: Connection) -> Iterator[Connection]:
    """A registry in which P1 and P2 are known; whatever the test writes is taken back."""
    savepoint = people.begin_nested()
    yield people
    savepoint.rollback()


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("pair", OVERLAPPING)
def test_overlap_within_a_file(
    patient: Connection, tmp_path: Path, pair: tuple[Course, Course], turned: bool
) -> None:
    courses = [course(dates) for dates in pair]
    result = take(patient, write(tmp_path, "medications", courses[::-1] if turned else courses))
    line = 2 if turned else 3
    assert complaints(result) == [
        ("medications.csv", line, "started_on", f"2019-{pair[1][0]}", WORDS)
    ]
    assert result.tables["medications"] == counts(2, inserted=1, rejected=1)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("pair", OVERLAPPING)
def test_overlap_with_the_registry(
    patient: Connection, tmp_path: Path, pair: tuple[Course, Course], turned: bool
) -> None:
    there, comes = pair[::-1] if turned else pair
    accepted(patient, write(tmp_path / "a", "medications", [course(there)]))
    result = take(patient, write(tmp_path / "b", "medications", [course(comes)]))
    assert complaints(result) == [("medications.csv", 2, "started_on", f"2019-{comes[0]}", WORDS)]


@pytest.mark.parametrize("pair", OVERLAPPING)
def test_overlap_between_two_files(
    patient: Connection, tmp_path: Path, pair: tuple[Course, Course]
) -> None:
    files = [
        write(tmp_path / name, "medications", [course(dates)])
        for name, dates in zip("ab", pair, strict=True)
    ]
    assert [said[:3] for said in complaints(take(patient, *files))] == [
        (str(files[1]), 2, "started_on")
    ]


@pytest.mark.parametrize("pair", OVERLAPPING)
def test_the_database_refuses_an_overlap(patient: Connection, pair: tuple[Course, Course]) -> None:
    number = patient.execute(text("select min(patient_id) from clinical.patient")).scalar_one()
    insert(patient, "medications", number, course(pair[0]))
    with pytest.raises(IntegrityError) as refused, patient.begin_nested():
        insert(patient, "medications", number, course(pair[1]))
    diagnosis = refused.value.orig.diag  # type: ignore[union-attr]
    assert diagnosis.constraint_name == "ex_medication_overlap"


@pytest.mark.parametrize("pair", APART)
def test_courses_that_do_not_overlap(
    patient: Connection, tmp_path: Path, pair: tuple[Course, Course]
) -> None:
    together = write(tmp_path / "a", "medications", [course(dates) for dates in pair])
    assert accepted(patient, together).tables["medications"] == counts(2, inserted=2)
    assert accepted(patient, together).tables["medications"] == counts(2, unchanged=2)
    patient.execute(text("delete from clinical.medication"))
    for dates in reversed(pair):
        path = write(tmp_path / "b", "medications", [course(dates)])
        assert accepted(patient, path).tables["medications"] == counts(1, inserted=1)


def test_other_drugs_and_other_patients_may_overlap(patient: Connection, tmp_path: Path) -> None:
    dates = ("01-01", "")
    courses = [course(dates), course(dates, "EEN"), course(dates, patient_id="P2")]
    result = accepted(patient, write(tmp_path, "medications", courses))
    assert result.tables["medications"] == counts(3, inserted=3)


BORDER = [("01-01", "02-01"), ("02-01", "03-01"), ("03-01", "")]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_borders_move_in_one_import(
    patient: Connection, tmp_path: Path, order: tuple[int, ...]
) -> None:
    """The first course is made longer, the second goes, the third is where it was."""
    courses = [course(dates) for dates in BORDER]
    accepted(patient, write(tmp_path, "medications", courses))
    moved = [course(dates) for dates in (("01-01", ""), ("02-01", "02-01"), ("03-01", "03-01"))]
    path = write(tmp_path, "medications", [moved[place] for place in order])
    result = accepted(patient, path, update=True)
    assert result.tables["medications"] == counts(3, updated=3)
    assert set(contents(patient, "medications")) == {tuple(cells.values()) for cells in moved}


def test_a_border_moves_in_two_files(patient: Connection, tmp_path: Path) -> None:
    courses = [course(("01-01", "02-01")), course(("02-01", ""))]
    accepted(patient, write(tmp_path, "medications", courses))
    moved = [course(("01-01", "")), course(("02-01", "02-01"))]
    files = [
        write(tmp_path / name, "medications", [cells])
        for name, cells in zip("ab", moved, strict=True)
    ]
    result = accepted(patient, *files, update=True)
    assert result.tables["medications"] == counts(2, updated=2)


def test_a_border_moves_to_a_new_course(patient: Connection, tmp_path: Path) -> None:
    accepted(patient, write(tmp_path, "medications", [course(("01-01", ""))]))
    courses = [course(("02-01", "")), course(("01-01", "02-01"))]
    path = write(tmp_path, "medications", courses)
    result = accepted(patient, path, update=True)
    assert result.tables["medications"] == counts(2, inserted=1, updated=1)


def test_a_course_made_longer_meets_one_that_stays(patient: Connection, tmp_path: Path) -> None:
    courses = [course(("01-01", "02-01")), course(("03-01", ""))]
    accepted(patient, write(tmp_path, "medications", courses))
    path = write(tmp_path, "medications", [course(("01-01", "03-02"))])
    assert complaints(take(patient, path, update=True)) == [
        ("medications.csv", 2, "started_on", "2019-01-01", WORDS)
    ]


def test_without_the_column_the_stops_of_the_registry_stand(
    patient: Connection, tmp_path: Path
) -> None:
    courses = [course(("01-01", "02-01")), course(("02-01", ""))]
    accepted(patient, write(tmp_path, "medications", courses))
    starts = ("patient_id", "drug", "started_on")
    path = write(tmp_path, "medications", courses, starts)
    for update in (False, True):
        result = accepted(patient, path, update=update)
        assert result.tables["medications"] == counts(2, unchanged=2)
    path = write(tmp_path, "medications", [*courses, course(("01-15", ""))], starts)
    assert [said[1:] for said in complaints(take(patient, path))] == [
        (3, "started_on", "2019-02-01", WORDS),
        (4, "started_on", "2019-01-15", WORDS),
    ]
