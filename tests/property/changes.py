"""Changes that people make to a few patients' records, for Hypothesis to draw.

Every patient begins with a course that enters the cohort and every day and value lies where a
status turns, so that a change changes something more often than not. A change may also be refused:
an overlapping course, a day that is taken, a patient who is not there.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from registry.importing.run import import_files
from registry.models import ENTITIES, table_of
from tests.oracle.cohort import format_cell

PATIENTS = ("A", "B", "C")
START_ON = date(2022, 1, 3)

FILE_NAMES = {table_of(entity).name: entity.file_name for entity in ENTITIES}

NUMBER = "(select patient_id from reference.patient_number where study_id = :patient)"
OTHER_NUMBER = NUMBER.replace(":patient", ":other")

# The patient last: nothing may be left of a patient who is taken out.
TABLES = sorted(FILE_NAMES, key="patient".__eq__)


def on(number: int) -> date:
    """Day 0 is the day of the first infusion."""
    return START_ON + timedelta(days=number)


DAYS = st.sampled_from(
    [on(number) for number in (-40, -28, -1, 0, 1, 14, 42, 98, 99, 112, 113, 154, 200, 210, 800)]
)
SCORES = st.sampled_from([Decimal(score) for score in ("0", "7.5", "15", "17.5", "40")])
SOMETIMES_A_DAY = st.none() | DAYS

# Table -> column -> its values; no status rests on the last two.
ROWS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "pcdai_visit": {"visited_on": DAYS, "total": SCORES},
    "infusion": {
        "infused_on": DAYS,
        "dose_mg": st.sampled_from([Decimal(100), Decimal(140), Decimal(200)]),
        "weight_kg": st.sampled_from([Decimal(20), Decimal(21)]),
    },
    "medication": {
        "drug": st.sampled_from(["adalimumab", "tofacitinib", "azathioprine"]),
        "started_on": DAYS,
        "stopped_on": SOMETIMES_A_DAY,
    },
    "condition": {
        "condition": st.sampled_from(["lymphoma", "other"]),
        "onset_on": DAYS,
        "resolved_on": SOMETIMES_A_DAY,
    },
    "follow_up_end": {
        "ended_on": DAYS,
        "reason": st.sampled_from(["ifx_stopped", "died", "lost_to_follow_up"]),
    },
    "tdm_level": {
        "sampled_on": DAYS,
        "ifx_ug_ml": st.sampled_from([Decimal("0.4"), Decimal(5)]),
        "assay": st.sampled_from(["ELISA", None]),
    },
    "lab_result": {
        "collected_on": DAYS,
        "analyte": st.sampled_from(["CRP"]),
        "value": st.sampled_from([Decimal(11), Decimal(13)]),
        "unit": st.just("mg/L"),
    },
}

# What the rules ask of the person; the onset only moves a covariate.
PERSON: dict[str, st.SearchStrategy[Any]] = {
    "birth_date": st.sampled_from([date(2004, 1, 3), date(2004, 1, 4), date(2010, 5, 6)]),
    "diagnosis": st.sampled_from(["CD", "UC"]),
    "sex": st.sampled_from(["female", "male"]),
    "onset_on": st.sampled_from([None, date(2020, 5, 1)]),
}

# Those on which a status rests more often than the two that only move covariates.
tables = st.sampled_from([*ROWS, *list(ROWS)[:5]])
patients = st.sampled_from(PATIENTS)


@dataclass(frozen=True)
class Change:
    """Statements that are made together, with the values they are given."""

    statements: tuple[str, ...]
    values: dict[str, Any] = field(default_factory=dict)

    def make(self, connection: Connection) -> None:
        """Makes the change in the connection's transaction, or nothing where it is refused."""
        try:
            with connection.begin_nested():
                for statement in self.statements:
                    connection.execute(text(statement), self.values)
        except IntegrityError:
            return


def picked(table: str) -> str:
    """A condition for one record of the patient's, if he has any: counted on from the first."""
    of_patient = f"from clinical.{table} where patient_id = {NUMBER}"
    return (
        f"(patient_id, record_id) = (select patient_id, record_id {of_patient} order by record_id "
        f"limit 1 offset :place % greatest(1, (select count(*) {of_patient})))"
    )


def row_of(table: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(ROWS[table])


@st.composite
def entered(draw: st.DrawFn) -> Change:
    """A new record."""
    table = draw(tables)
    row = draw(row_of(table))
    columns = ", ".join(["patient_id", *row])
    values = ", ".join([NUMBER, *(f":{column}" for column in row)])
    return Change(
        (f"insert into clinical.{table} ({columns}) values ({values})",),
        row | {"patient": draw(patients)},
    )


@st.composite
def corrected(draw: st.DrawFn) -> Change:
    """One column of a record, its day among them."""
    table = draw(tables)
    column, values = draw(st.sampled_from(list(ROWS[table].items())))
    return Change(
        (f"update clinical.{table} set {column} = :value where {picked(table)}",),
        {"patient": draw(patients), "place": draw(st.integers(0, 4)), "value": draw(values)},
    )


@st.composite
def voided(draw: st.DrawFn) -> Change:
    """A record that should not have been there."""
    table = draw(tables)
    return Change(
        (f"delete from clinical.{table} where {picked(table)}",),
        {"patient": draw(patients), "place": draw(st.integers(0, 4))},
    )


@st.composite
def handed_over(draw: st.DrawFn) -> Change:
    """A record entered for the wrong patient: two of them change."""
    table = draw(tables)
    return Change(
        (f"update clinical.{table} set patient_id = {OTHER_NUMBER} where {picked(table)}",),
        {
            "patient": draw(patients),
            "other": draw(patients),
            "place": draw(st.integers(0, 4)),
        },
    )


@st.composite
def personal(draw: st.DrawFn) -> Change:
    """A correction of the person."""
    column, values = draw(st.sampled_from(list(PERSON.items())))
    known_to = (
        ", onset_on_precision = case when cast(:value as date) is null then null else 'day' end"
    )
    return Change(
        (
            f"update clinical.patient set {column} = :value"
            f"{known_to if column == 'onset_on' else ''} where patient_id = {NUMBER}",
        ),
        {"patient": draw(patients), "value": draw(values)},
    )


@st.composite
def sweeping(draw: st.DrawFn) -> Change:
    """One statement over the records of everyone."""
    table = draw(tables)
    return Change(
        (
            draw(
                st.sampled_from(
                    [
                        f"delete from clinical.{table}",
                        "update clinical.pcdai_visit set total = 40 - total",
                        "update clinical.infusion set infused_on = infused_on - 500",
                    ]
                )
            ),
        )
    )


def taken_out(patient: str) -> Change:
    """A patient with all records."""
    return Change(
        tuple(f"delete from clinical.{table} where patient_id = {NUMBER}" for table in TABLES),
        {"patient": patient},
    )


def taken_in(patient: str) -> Change:
    """A patient with a course that enters the cohort, unless he is there already.

    No two begin on one day, so that most records of one could be another's.
    """
    first = 3 * "ABCD".index(patient)
    rows = {
        "infusion (patient_id, infused_on, dose_mg, weight_kg)": [
            f"'{on(first + day)}', 140, 20" for day in (0, 14, 42, 98, 154, 210)
        ],
        "pcdai_visit (patient_id, visited_on, total)": [
            f"'{on(first + day)}', {score}" for day, score in ((-1, 40), (98, 5), (200, 10))
        ],
        "medication (patient_id, drug, started_on)": [f"'azathioprine', '{on(first - 30)}'"],
        "condition (patient_id, condition, onset_on)": [f"'other', '{on(first - 30)}'"],
        "follow_up_end (patient_id, ended_on, reason)": [f"'{on(first + 500)}', 'died'"],
    }
    return Change(
        (
            "insert into reference.patient_number (study_id) values (:patient) "
            "on conflict do nothing",
            "insert into clinical.patient (patient_id, centre, sex, birth_date, diagnosis) "
            f"values ({NUMBER}, 'BCH', 'female', '2010-05-06', 'CD')",
            *(
                f"insert into clinical.{table} values "
                + ", ".join(f"({NUMBER}, {values})" for values in of_table)
                for table, of_table in rows.items()
            ),
        ),
        {"patient": patient},
    )


def turned(patient: str) -> Change:
    """The last score of a patient taken in turns from no loss of response to one, or back."""
    return Change(
        (
            "update clinical.pcdai_visit set total = 50 - total "
            f"where patient_id = {NUMBER} and visited_on >= '{on(200)}'",
        ),
        {"patient": patient},
    )


changes = st.one_of(
    entered(),
    corrected(),
    voided(),
    handed_over(),
    personal(),
    patients.map(turned),
    patients.map(taken_out),
    patients.map(taken_in),
    sweeping(),
)


@st.composite
def files(draw: st.DrawFn) -> dict[str, list[dict[str, Any]]]:
    """Rows of one or two tables for an import, new ones and such as are there with other values."""
    drawn = {}
    for table in draw(st.lists(tables, min_size=1, max_size=2, unique=True)):
        row = st.tuples(patients, row_of(table)).map(lambda pair: {"patient_id": pair[0]} | pair[1])
        drawn[table] = draw(st.lists(row, min_size=1, max_size=3))
    return drawn


def import_rows(
    connection: Connection, rows: dict[str, list[dict[str, Any]]], folder: Path
) -> bool:
    """Imports the rows as files, with update; whether they were accepted."""
    for table, of_table in rows.items():
        path = folder / f"{FILE_NAMES[table]}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(of_table[0])
            writer.writerows([format_cell(value) for value in row.values()] for row in of_table)
    paths = [folder / f"{FILE_NAMES[table]}.csv" for table in rows]
    return not import_files(connection, paths, update=True).errors
