"""The database itself refuses a value that its declaration does not allow, and only that."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import count, product
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from registry.models import all_tables, table_of
from registry.models.definition import Definition
from registry.variables import Kind, Variable
from registry.vocabulary import ANALYTE_UNITS, ANALYTES, UNITS
from tests.schema.catalogue import CLINICAL_TABLES, RECORD_TABLES, add_row, refusal

NUMBERS = (Kind.NUMBER, Kind.MEASURED, Kind.INTEGER)
NO_NUMBER = ("NaN", "Infinity", "-Infinity")
NUMBER = count(1)
CLINICAL = all_tables().tables


def variables(table: str, *kinds: Kind) -> dict[str, Variable]:
    """The declared columns of these kinds of a clinical table."""
    columns = CLINICAL[f"clinical.{table}"].columns
    found = {
        column.name: column.info["variable"] for column in columns if "variable" in column.info
    }
    return {name: variable for name, variable in found.items() if variable.kind in kinds}


def check_of(table: str, column: str) -> str:
    return f"ck_{table}_{column}"


def attempt(database: Connection, table: str, patient: int, column: str, value: Any) -> str | None:
    """What refuses the table's valid row with this value; a patient is made for the table of them.

    A date of which only a part may be known comes with the day as its precision.
    """
    values = {column: value}
    if f"{column}_precision" in CLINICAL[f"clinical.{table}"].columns:
        values[f"{column}_precision"] = "day"
    if table == "patient":
        patient = database.execute(
            text(
                "insert into reference.patient_number (study_id) values (:study_id) "
                "returning patient_id"
            ),
            {"study_id": f"P-{next(NUMBER)}"},
        ).scalar_one()
    return refusal(database, table, patient, **values)


@pytest.mark.parametrize("table", CLINICAL_TABLES)
def test_a_number_keeps_to_its_range(database: Connection, patient: int, table: str) -> None:
    for column, variable in variables(table, *NUMBERS).items():
        step = variable.step or Decimal("0.001")
        low, high = variable.minimum, variable.maximum
        assert low is not None, column
        good = [low + step if variable.above_minimum else low, high or Decimal(10) ** 9]
        bad = [low if variable.above_minimum else low - step, *NO_NUMBER]
        bad += [] if high is None else [high + step]
        bad += [] if variable.step is None else [low + step / 5]
        outcomes = {value: attempt(database, table, patient, column, value) for value in good}
        assert outcomes == dict.fromkeys(good), column
        outcomes = {value: attempt(database, table, patient, column, value) for value in bad}
        assert outcomes == dict.fromkeys(bad, check_of(table, column)), column


def test_no_numeric_column_of_the_clinical_tables_goes_without_a_range() -> None:
    ranged = {
        f"{table}.{column}" for table in CLINICAL_TABLES for column in variables(table, *NUMBERS)
    }
    numeric = {
        f"{table}.{column.name}"
        for table in CLINICAL_TABLES
        for column in CLINICAL[f"clinical.{table}"].columns
        if column.type.python_type in (Decimal, float, int)
        and column.name not in ("patient_id", "record_id", "row_version")
    }
    # These two are computed from items that have one.
    assert numeric - ranged == {"pcdai_visit.computed_total", "pcdai_visit.score"}


def test_no_parameter_of_a_definition_is_other_than_a_number(database: Connection) -> None:
    columns = table_of(Definition).columns
    numeric = [column.name for column in columns if column.type.python_type is Decimal]
    assert len(numeric) >= 15
    for column, value in product(numeric, NO_NUMBER):
        refused = rf"ck_definition_({column}|severity_in_order)\""
        with pytest.raises(IntegrityError, match=refused), database.begin_nested():
            database.execute(
                text(f"update reference.definition set {column} = cast(:value as numeric)"),
                {"value": value},
            )


@pytest.mark.parametrize("table", CLINICAL_TABLES)
def test_a_code_is_one_of_its_list(database: Connection, patient: int, table: str) -> None:
    for column, variable in variables(table, Kind.CODE).items():
        assert variable.codes
        bad = ["something else", "", variable.codes[0].swapcase(), f"{variable.codes[0]} "]
        outcomes = {value: attempt(database, table, patient, column, value) for value in bad}
        assert set(outcomes.values()) <= {check_of(table, column), "ck_lab_result_unit_of_analyte"}
        if table != "lab_result":
            good = {
                code: attempt(database, table, patient, column, code) for code in variable.codes
            }
            assert good == dict.fromkeys(variable.codes), column


def test_a_unit_fits_its_analyte(database: Connection, patient: int) -> None:
    accepted = {
        (analyte, unit)
        for analyte in ANALYTES
        for unit in UNITS
        if refusal(database, "lab_result", patient, analyte=analyte, unit=unit) is None
    }
    assert accepted == {(analyte, unit) for analyte in ANALYTES for unit in ANALYTE_UNITS[analyte]}


@pytest.mark.parametrize("table", CLINICAL_TABLES)
def test_a_date_is_not_in_the_future(database: Connection, patient: int, table: str) -> None:
    [today, tomorrow] = database.execute(text("select current_date, current_date + 1")).one()
    dates = variables(table, Kind.DATE, Kind.PARTIAL_DATE)
    assert dates
    for column, variable in dates.items():
        if variable.may_be_future:
            assert attempt(database, table, patient, column, tomorrow) is None, column
            continue
        assert attempt(database, table, patient, column, today) is None, column
        late = attempt(database, table, patient, column, tomorrow)
        assert late == check_of(table, column), column


@pytest.mark.parametrize("table", RECORD_TABLES)
def test_nothing_lies_before_the_birth(database: Connection, patient: int, table: str) -> None:
    dates = variables(table, Kind.DATE)
    ends = {
        "medication": ["stopped_on"],
        "condition": ["resolved_on"],
        "adverse_event": ["resolved_on"],
        "consent": ["valid_until", "withdrawn_on"],
    }
    for column in dates:
        refused = refusal(database, table, patient, **{column: date(2010, 2, 2)})
        if column in ends.get(table, []):
            # An end is held to its start, and the start to the birth.
            assert refused in (
                "ck_medication_stop_not_before_start",
                "ck_condition_resolved_not_before_onset",
                "ck_adverse_event_resolved_not_before_start",
                "ck_consent_valid_not_before_signed",
                "ck_consent_withdrawn_not_before_signed",
            )
        else:
            assert refused == f"{column}_not_before_birth"
            assert refusal(database, table, patient, **{column: date(2010, 2, 3)}) is None


@pytest.mark.parametrize("table", CLINICAL_TABLES)
def test_what_is_required_cannot_be_missing(database: Connection, patient: int, table: str) -> None:
    for column, variable in variables(table, *Kind).items():
        refused = attempt(database, table, patient, column, None)
        if variable.required:
            assert refused == "NotNullViolation", column
        elif (table, column) == ("pcdai_visit", "total"):
            # The score, which rests on the total or the items, is required.
            assert refused == "NotNullViolation"
        elif (
            column != "stopped_on"
            and f"{column}_precision" in CLINICAL[f"clinical.{table}"].columns
        ):
            assert refused == f"ck_patient_{column}_precision"
        else:
            assert refused is None, column


@pytest.mark.parametrize("table", CLINICAL_TABLES)
def test_a_text_is_not_blank(database: Connection, patient: int, table: str) -> None:
    for column in variables(table, Kind.TEXT):
        for blank in ("", "  "):
            refused = attempt(database, table, patient, column, blank)
            assert refused == check_of(table, column), column


@pytest.mark.parametrize(
    ("column", "good", "bad"),
    [
        ("gene", ["XIAP", "HLA-DQA1", "C1orf106"], ["1ABC", "X IAP", "XIAP\n", "A" * 21]),
        (
            "hgvs_c",
            ["c.664C>T", "NM_001167.4:c.664C>T", "NM_001167.4(XIAP):c.664C>T", "c.*1G>A"],
            ["664C>T", "p.R222X", "c.", "c.664 C>T", "c.664C>T\n"],
        ),
        ("hgvs_p", ["p.R222X", "NP_001158.2:p.(Arg222Ter)", "p.?"], ["R222X", "p.", "c.664C>T"]),
    ],
)
def test_a_finding_is_written_in_its_notation(
    database: Connection, patient: int, column: str, good: list[str], bad: list[str]
) -> None:
    for value in good:
        assert refusal(database, "gene_finding", patient, **{column: value}) is None, value
    for value in bad:
        refused = refusal(database, "gene_finding", patient, **{column: value})
        assert refused == f"ck_gene_finding_{column}", value


@pytest.mark.parametrize(
    "study_id", ["", " ", "A" * 33, "P 1", "P1\n", "Pä1", "P/1", "P;1", "李", "P\u200b1"]
)
def test_a_study_id_is_of_few_signs(database: Connection, study_id: str) -> None:
    with pytest.raises(IntegrityError, match="ck_patient_number_study_id"):
        database.execute(
            text("insert into reference.patient_number (study_id) values (:study_id)"),
            {"study_id": study_id},
        )


def test_a_study_id_is_given_once_and_its_number_never_again(
    database: Connection, patient: int
) -> None:
    with pytest.raises(IntegrityError, match="pk_patient_number"), database.begin_nested():
        database.execute(text("insert into reference.patient_number (study_id) values ('T-1')"))
    # Upper and lower case are two children: the files decide how an id is written.
    database.execute(text("insert into reference.patient_number (study_id) values ('t-1')"))
    with pytest.raises(IntegrityError, match="fk_infusion_patient_id"):
        add_row(database, "infusion", 0)
