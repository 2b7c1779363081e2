"""Rules that no import file can break, or breaks elsewhere: the database holds them by itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from tests.oracle.records import DATED_BY

from .tables import TABLE_NAMES, VALID, insert, insert_patient


@pytest.fixture
def patient(connection: Connection) -> Iterator[int]:
    """The number of a child with a row in every table."""
    number = insert_patient(connection, "P1")
    for table, cells in VALID.items():
        insert(connection, table, number, cells)
    return number


def refusal(connection: Connection, statement: str) -> str:
    """The constraint by whose name the database refuses the statement."""
    with pytest.raises(IntegrityError) as refused, connection.begin_nested():
        connection.execute(text(statement))
    return str(refused.value.orig.diag.constraint_name)  # type: ignore[union-attr]


@pytest.mark.parametrize("study_id", ["", "P 1", "P.1", "0" * 33, "Pé", "P1\n", "=P1"])
def test_a_study_id(connection: Connection, study_id: str) -> None:
    with pytest.raises(IntegrityError) as refused, connection.begin_nested():
        insert_patient(connection, study_id)
    diagnosis = refused.value.orig.diag  # type: ignore[union-attr]
    assert diagnosis.constraint_name == "ck_patient_number_study_id"


def test_a_study_id_is_given_once(connection: Connection, patient: int) -> None:
    with pytest.raises(IntegrityError, match="pk_patient_number"), connection.begin_nested():
        insert_patient(connection, "P1")


@pytest.mark.parametrize("column", ["ifx_ug_ml", "ada_au_ml"])
@pytest.mark.parametrize("change", ["comparator = '<='", "value = null, comparator = '<'"])
def test_a_censored_level_has_an_operator_and_a_limit(
    connection: Connection, patient: int, column: str, change: str
) -> None:
    change = change.replace("comparator", f"{column}_comparator").replace("value", column)
    named = refusal(connection, f"update clinical.tdm_level set {change}")
    assert named == f"ck_tdm_level_{column}_comparator"


def test_a_censored_result_has_an_operator(connection: Connection, patient: int) -> None:
    named = refusal(connection, "update clinical.lab_result set value_comparator = '='")
    assert named == "ck_lab_result_value_comparator"


@pytest.mark.parametrize("value", ["'NaN'", "'Infinity'", "'-Infinity'"])
@pytest.mark.parametrize(
    ("table", "column"),
    [("lab_result", "value"), ("infusion", "dose_mg"), ("anthropometry", "height_z")],
)
def test_a_number_is_finite(
    connection: Connection, patient: int, table: str, column: str, value: str
) -> None:
    named = refusal(connection, f"update clinical.{table} set {column} = {value}")
    assert named == f"ck_{table}_{column}"


@pytest.mark.parametrize("column", ["onset_on", "diagnosed_on"])
@pytest.mark.parametrize(
    ("day", "precision"),
    [
        ("'2018-06-02'", "'month'"),
        ("'2018-06-01'", "'year'"),
        ("'2018-06-01'", "null"),
        ("null", "'day'"),
        ("'2018-06-01'", "'week'"),
    ],
)
def test_a_partial_date_is_the_first_day_of_its_period(
    connection: Connection, patient: int, column: str, day: str, precision: str
) -> None:
    named = refusal(
        connection,
        f"update clinical.patient set onset_on = null, onset_on_precision = null, "
        f"diagnosed_on = null, diagnosed_on_precision = null; "
        f"update clinical.patient set {column} = {day}, {column}_precision = {precision}",
    )
    assert named == f"ck_patient_{column}_precision"


@pytest.mark.parametrize(("table", "column"), DATED_BY.items())
def test_a_birth_is_not_moved_behind_a_record(
    connection: Connection, patient: int, table: str, column: str
) -> None:
    for other, name in TABLE_NAMES.items():
        if other not in (table, "patients"):
            connection.execute(text(f"delete from clinical.{name}"))
    connection.execute(
        text(
            "update clinical.patient set onset_on = null, onset_on_precision = null, "
            "diagnosed_on = null, diagnosed_on_precision = null"
        )
    )
    day = VALID[table][column]
    named = refusal(connection, f"update clinical.patient set birth_date = date '{day}' + 1")
    assert named == "birth_date_not_after_records"
    connection.execute(text(f"update clinical.patient set birth_date = date '{day}'"))


@pytest.mark.parametrize(("table", "column"), DATED_BY.items())
def test_a_record_is_not_moved_before_the_birth(
    connection: Connection, patient: int, table: str, column: str
) -> None:
    named = refusal(
        connection, f"update clinical.{TABLE_NAMES[table]} set {column} = date '2010-01-14'"
    )
    assert named == f"{column}_not_before_birth"


@pytest.mark.parametrize("table", [table for table in VALID if table != "patients"])
def test_a_patient_with_records_stays(connection: Connection, patient: int, table: str) -> None:
    for other, name in TABLE_NAMES.items():
        if other not in (table, "patients"):
            connection.execute(text(f"delete from clinical.{name}"))
    assert refusal(connection, "delete from clinical.patient").startswith("fk_")
