"""Every key of a clinical table carries the patient, so that the tables can be spread by patient.

What the catalogue says is one half; the other is to spread them: each table is made once more as
one partitioned by a hash of the patient, with its own keys and with the rows of the study.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from psycopg.errors import ExclusionViolation, ForeignKeyViolation, UniqueViolation
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from registry.database.engine import Database
from tests.schema.catalogue import CLINICAL_TABLES, keys, tables

PARTITIONS = 4


def test_every_clinical_table_is_one_of_the_models(database: Connection) -> None:
    assert tables(database, "clinical") == sorted(CLINICAL_TABLES)


def test_every_clinical_table_has_a_primary_and_a_foreign_key(database: Connection) -> None:
    found = keys(database, "clinical")
    for kind in "pf":
        assert {key.table for key in found if key.kind == kind} == set(CLINICAL_TABLES)


def test_every_table_of_records_has_a_natural_key_that_takes_missing_values_for_equal(
    database: Connection,
) -> None:
    unique = [key for key in keys(database, "clinical") if key.kind == "u"]
    assert {key.table for key in unique} == set(CLINICAL_TABLES) - {"patient"}
    assert all("NULLS NOT DISTINCT" in key.definition for key in unique)


def test_every_key_begins_with_the_patient(database: Connection) -> None:
    found = keys(database, "clinical", "puf")
    assert len(found) >= 3 * len(CLINICAL_TABLES) - 1
    assert [key.name for key in found if key.columns[0] != "patient_id"] == []


def test_every_exclusion_is_within_a_patient(database: Connection) -> None:
    found = keys(database, "clinical", "x")
    assert [key.name for key in found] == ["ex_medication_overlap"]
    # The key holds an expression of the patient, so that the catalogue's list of columns is bare.
    assert all(
        re.search(r"\(int8range\(patient_id, patient_id, .*?\) WITH =", key.definition)
        for key in found
    )


def test_every_unique_index_is_that_of_a_key(database: Connection) -> None:
    """A unique index without a constraint would not be in the list of keys."""
    loose = database.execute(
        text(
            "select indexrelid::regclass::text from pg_index i "
            "join pg_class c on c.oid = i.indrelid "
            "where c.relnamespace = 'clinical'::regnamespace and (indisunique or indisexclusion) "
            "and not exists (select from pg_constraint k where k.conindid = i.indexrelid)"
        )
    ).scalars()
    assert loose.all() == []


def test_foreign_keys_lead_to_the_patient_or_to_the_numbers_alone(database: Connection) -> None:
    """A key to a table that is not spread with it would need rows of another machine."""
    leads = {key.definition.split("REFERENCES ")[1] for key in keys(database, "clinical", "f")}
    assert leads == {"clinical.patient(patient_id)", "reference.patient_number(patient_id)"}


@pytest.fixture
def spread(shared_study: Database) -> Iterator[Connection]:
    """The study; whatever a test makes is rolled back."""
    with shared_study.engine.connect() as connection:
        transaction = connection.begin()
        connection.execute(text("create schema spread"))
        yield connection
        transaction.rollback()


def make_partitioned(connection: Connection, table: str) -> None:
    """The same table by the catalogue's own description, in partitions, with all its keys."""
    own = [key for key in keys(connection, "clinical") if key.table == table]
    # Before PostgreSQL 17 partitions cannot have identity columns; the number is no key's matter.
    connection.execute(
        text(
            f"create table spread.{table} (like clinical.{table} including all "
            "excluding indexes excluding identity) partition by hash (patient_id)"
        )
    )
    for key in own:
        if key.kind != "x":
            definition = key.definition.replace("clinical.patient", "spread.patient")
            connection.execute(
                text(f"alter table spread.{table} add constraint {key.name} {definition}")
            )
    for remainder in range(PARTITIONS):
        part = f"spread.{table}_{remainder}"
        connection.execute(
            text(
                f"create table {part} partition of spread.{table} "
                f"for values with (modulus {PARTITIONS}, remainder {remainder})"
            )
        )
        # PostgreSQL has exclusions on each partition only; as a partition holds a patient whole,
        # that is the same.
        for key in own:
            if key.kind == "x":
                connection.execute(
                    text(
                        f"alter table {part} add constraint {key.name}_{remainder} {key.definition}"
                    )
                )


def test_every_clinical_table_can_be_spread_by_patient(spread: Connection) -> None:
    for table in CLINICAL_TABLES:
        make_partitioned(spread, table)
        columns = ", ".join(
            spread.execute(
                text(
                    "select attname from pg_attribute where attnum > 0 and attgenerated = '' "
                    "and attrelid = cast(:name as regclass) order by attnum"
                ),
                {"name": f"clinical.{table}"},
            ).scalars()
        )
        spread.execute(
            text(f"insert into spread.{table} ({columns}) select {columns} from clinical.{table}")
        )
        rows, used, same = spread.execute(
            text(
                f"select count(*), count(distinct tableoid), (select count(*) from "
                f"clinical.{table}) = count(*) from spread.{table}"
            )
        ).one()
        assert same
        assert used > 1 or rows < 2 * PARTITIONS


INFUSION = "infusion (patient_id, record_id, infused_on, dose_mg, weight_kg) values"
COURSE = "medication (patient_id, record_id, drug, started_on) values"


@pytest.mark.parametrize(
    ("violation", "rows"),
    [
        (UniqueViolation, f"{INFUSION} (:p, 1, '2020-01-01', 9, 9), (:p, 1, '2020-01-02', 9, 9)"),
        (UniqueViolation, f"{INFUSION} (:p, 1, '2020-01-01', 9, 9), (:p, 2, '2020-01-01', 9, 9)"),
        (ForeignKeyViolation, f"{INFUSION} (-:p, 1, '2020-01-01', 9, 9)"),
        (
            ExclusionViolation,
            f"{COURSE} (:p, 1, 'EEN', '2020-01-01'), (:p, 2, 'EEN', '2021-01-01')",
        ),
    ],
    ids=["primary", "natural", "foreign", "exclusion"],
)
def test_keys_hold_in_the_partitions(
    spread: Connection, violation: type[Exception], rows: str
) -> None:
    for table in ("patient", "medication", "infusion"):
        make_partitioned(spread, table)
    spread.execute(text("insert into spread.patient select * from clinical.patient"))
    patient = spread.execute(text("select min(patient_id) from spread.patient")).scalar_one()
    with pytest.raises(IntegrityError) as refused:
        spread.execute(text(f"insert into spread.{rows}"), {"p": patient})
    assert isinstance(refused.value.orig, violation)
