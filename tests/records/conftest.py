"""A child, and what the tables hold."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from registry.database.engine import Database
from tests.conftest import Databases, opened_for_test

CHILD = (
    "patient", "add", "T1", "--centre", "BCH", "--sex", "male", "--birth-date", "2010-02-03",
    "--diagnosis", "CD",
)  # fmt: skip
ENTERED = """
with number as (
    insert into reference.patient_number (study_id) values ('T1') returning patient_id
)
insert into clinical.patient (patient_id, centre, sex, birth_date, diagnosis)
select patient_id, 'BCH', 'male', '2010-02-03', 'CD' from number
"""
# Every column of the dictionary that a record may do without and whose empty cell says nothing.
LACKING = {
    "patients": {"onset_on", "diagnosed_on"},
    "phenotypes": {"location", "behaviour", "perianal", "growth"},
    "anthropometry": {"height_cm", "weight_kg"},
    "infusions": {"product"},
    "tdm_levels": {"ifx_ug_ml", "ada_au_ml"},
    "pcdai_visits": {
        *("abdominal_pain", "stools", "functioning", "hematocrit", "esr", "albumin", "weight"),
        *("height", "abdomen", "perirectal", "extraintestinal"),
    },
    "endoscopies": {"cdeis"},
    "gene_findings": {"reported_on", "hgvs_p", "zygosity", "acmg_class", "diagnosis"},
}


def rows(database: Database, table: str, columns: str) -> list[tuple[object, ...]]:
    """The table's rows."""
    with database.engine.connect() as connection:
        found = connection.execute(text(f"select {columns} from clinical.{table} order by 1"))
        return [tuple(row) for row in found]


@pytest.fixture(scope="session")
def child_template(databases: Databases, migrated_template: str) -> str:
    """Name of a database that holds the child."""
    url = databases.create(migrated_template)
    with opened_for_test(url) as database, database.engine.begin() as connection:
        connection.execute(text(ENTERED))
    assert url.database is not None
    return url.database


@pytest.fixture
def child(databases: Databases, child_template: str) -> Iterator[Database]:
    """A registry of the test's own with the child, as if it had just been entered."""
    url = databases.create(child_template)
    with opened_for_test(url) as opened:
        yield opened
    assert url.database is not None
    databases.drop(url.database)
