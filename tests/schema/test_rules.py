"""What the database refuses of several values together, of one row or of several."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from registry.models.pcdai_visit import ITEMS
from tests.schema.catalogue import add_patient, add_row, refusal

ALL_ITEMS: dict[str, Any] = dict.fromkeys(ITEMS, 0)

# (rule, table, values that it refuses, values beside them that it accepts)
RULES: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    (
        "ck_medication_stop_not_before_start",
        "medication",
        {"started_on": "2020-01-02", "stopped_on": "2020-01-01"},
        {"started_on": "2020-01-02", "stopped_on": "2020-01-02"},
    ),
    (
        "ck_condition_resolved_not_before_onset",
        "condition",
        {"onset_on": "2020-01-02", "resolved_on": "2020-01-01"},
        {"onset_on": "2020-01-02", "resolved_on": "2020-01-02"},
    ),
    (
        "ck_tdm_level_ifx_ug_ml_comparator",
        "tdm_level",
        {"ifx_ug_ml": 5, "ifx_ug_ml_comparator": "<="},
        {"ifx_ug_ml": 5, "ifx_ug_ml_comparator": "<"},
    ),
    (
        "ck_tdm_level_ada_au_ml_comparator",
        "tdm_level",
        {"ada_au_ml_comparator": ">"},
        {"ada_au_ml": 200, "ada_au_ml_comparator": ">"},
    ),
    (
        "ck_lab_result_value_comparator",
        "lab_result",
        {"value": 5, "value_comparator": "~"},
        {"value": 5, "value_comparator": ">"},
    ),
    (
        "ck_pcdai_visit_total_is_sum_of_items",
        "pcdai_visit",
        ALL_ITEMS | {"total": 5},
        ALL_ITEMS | {"total": 5, "stools": 5},
    ),
    (
        # Without all eleven there is no sum to hold the total to.
        "ck_pcdai_visit_total_is_sum_of_items",
        "pcdai_visit",
        ALL_ITEMS | {"height": 10, "total": 5},
        ALL_ITEMS | {"height": None, "total": 5},
    ),
    (
        "NotNullViolation",
        "pcdai_visit",
        ALL_ITEMS | {"esr": None, "total": None},
        ALL_ITEMS | {"height": None, "total": None},
    ),
    (
        "ck_patient_onset_on_precision",
        "patient",
        {"onset_on": "2019-05-02", "onset_on_precision": "month"},
        {"onset_on": "2019-05-01", "onset_on_precision": "month"},
    ),
    (
        "ck_patient_diagnosed_on_precision",
        "patient",
        {"diagnosed_on": "2019-02-01", "diagnosed_on_precision": "year"},
        {"diagnosed_on": "2019-01-01", "diagnosed_on_precision": "year"},
    ),
    (
        "ck_patient_onset_on_precision",
        "patient",
        {"onset_on": "2019-05-01", "onset_on_precision": "week"},
        {"onset_on": "2019-05-01", "onset_on_precision": "day"},
    ),
    (
        "ck_patient_onset_on_precision",
        "patient",
        {"onset_on_precision": "day"},
        {},
    ),
    (
        "ck_patient_onset_not_before_birth",
        "patient",
        {"onset_on": "2010-02-02", "onset_on_precision": "day"},
        {"onset_on": "2010-02-03", "onset_on_precision": "day"},
    ),
    (
        # The year or the month of the birth may mean a day after it.
        "ck_patient_onset_not_before_birth",
        "patient",
        {"onset_on": "2010-01-01", "onset_on_precision": "month"},
        {"onset_on": "2010-02-01", "onset_on_precision": "month"},
    ),
    (
        "ck_patient_onset_not_before_birth",
        "patient",
        {"onset_on": "2009-01-01", "onset_on_precision": "year"},
        {"onset_on": "2010-01-01", "onset_on_precision": "year"},
    ),
    (
        "ck_patient_diagnosis_not_before_birth",
        "patient",
        {"diagnosed_on": "2010-01-01", "diagnosed_on_precision": "month"},
        {"diagnosed_on": "2010-01-01", "diagnosed_on_precision": "year"},
    ),
    (
        "ck_patient_diagnosis_not_before_onset",
        "patient",
        {
            "onset_on": "2019-05-02",
            "onset_on_precision": "day",
            "diagnosed_on": "2019-05-01",
            "diagnosed_on_precision": "day",
        },
        {
            "onset_on": "2019-05-02",
            "onset_on_precision": "day",
            "diagnosed_on": "2019-05-01",
            "diagnosed_on_precision": "month",
        },
    ),
]


def new_number(database: Connection) -> int:
    """A number that has no patient yet."""
    return int(
        database.execute(
            text(
                "insert into reference.patient_number (study_id) values ('N-1') "
                "returning patient_id"
            )
        ).scalar_one()
    )


@pytest.mark.parametrize(("rule", "table", "bad", "good"), RULES)
def test_a_row_holds_together(
    database: Connection,
    patient: int,
    rule: str,
    table: str,
    bad: dict[str, Any],
    good: dict[str, Any],
) -> None:
    if table == "patient":
        patient = new_number(database)
    assert refusal(database, table, patient, **bad) == rule
    assert refusal(database, table, patient, **good) is None


@pytest.mark.parametrize(
    ("values", "computed", "score"),
    [
        ({"total": 20}, None, "20"),
        (ALL_ITEMS | {"total": None, "stools": 10, "esr": "2.5"}, "12.5", "12.5"),
        (ALL_ITEMS | {"total": None, "height": None, "stools": 10}, "10", "10"),
        (ALL_ITEMS | {"total": "7.5", "height": None, "stools": 10}, "10", "7.5"),
        (ALL_ITEMS | {"total": "7.5", "esr": None, "stools": 10}, None, "7.5"),
    ],
    ids=["total alone", "items alone", "no height", "total beside a sum", "item missing"],
)
def test_the_declared_total_decides_and_without_one_the_sum(
    database: Connection, patient: int, values: dict[str, Any], computed: str | None, score: str
) -> None:
    add_row(database, "pcdai_visit", patient, **values)
    found = database.execute(text("select computed_total, score from clinical.pcdai_visit")).one()
    assert tuple(found) == (None if computed is None else Decimal(computed), Decimal(score))


def test_a_total_lies_on_the_grid_of_the_index(database: Connection, patient: int) -> None:
    assert refusal(database, "pcdai_visit", patient, total="12.5") is None
    assert refusal(database, "pcdai_visit", patient, total="12") == "ck_pcdai_visit_total"
    assert refusal(database, "pcdai_visit", patient, esr="5", total=5) is None
    assert (
        refusal(database, "pcdai_visit", patient, stools="2.5", total=5) == "ck_pcdai_visit_stools"
    )


# Two rows of one patient that cannot both be; the second is the table's valid row but for this.
SAME_KEY: list[tuple[str, dict[str, Any]]] = [
    ("phenotype", {"location": "L2"}),
    ("anthropometry", {"height_cm": 140}),
    ("infusion", {"dose_mg": 300}),
    ("tdm_level", {"ifx_ug_ml": 5}),
    ("tdm_level", {"assay": "ELISA"}),
    ("pcdai_visit", {"total": 30}),
    ("lab_result", {"value": 4}),
    ("medication", {"stopped_on": "2020-01-01"}),
    ("endoscopy", {"cdeis": 3}),
    ("surgery", {}),
    ("gene_finding", {"zygosity": "unknown"}),
    ("condition", {"resolved_on": "2020-02-01"}),
    ("follow_up_end", {"ended_on": "2021-01-01", "reason": "ifx_stopped"}),
]


@pytest.mark.parametrize(("table", "values"), SAME_KEY)
def test_a_natural_key_stands_once_a_patient(
    database: Connection, patient: int, table: str, values: dict[str, Any]
) -> None:
    key = {"assay": values["assay"]} if "assay" in values else {}
    add_row(database, table, patient, **key)
    assert refusal(database, table, patient, **values) == f"uq_{table}_natural_key"
    other = add_patient(database, "T-2")
    assert refusal(database, table, other, **values) is None


@pytest.mark.parametrize(
    ("first", "second", "fits"),
    [
        (("2020-01-01", "2020-03-01"), ("2020-02-29", None), False),
        (("2020-01-01", "2020-03-01"), ("2020-03-01", None), True),
        (("2020-01-01", None), ("2021-01-01", "2021-02-01"), False),
        (("2020-06-01", None), ("2020-01-01", None), False),
        (("2020-06-01", None), ("2020-01-01", "2020-06-01"), True),
        (("2020-01-01", "2020-12-31"), ("2020-02-01", "2020-03-01"), False),
    ],
)
def test_courses_of_one_drug_do_not_overlap(
    database: Connection,
    patient: int,
    first: tuple[str, str | None],
    second: tuple[str, str | None],
    fits: bool,
) -> None:
    add_row(database, "medication", patient, started_on=first[0], stopped_on=first[1])
    course = {"started_on": second[0], "stopped_on": second[1]}
    refused = refusal(database, "medication", patient, **course)
    assert refused == (None if fits else "ex_medication_overlap")
    assert refusal(database, "medication", patient, drug="methotrexate", **course) is None
    assert refusal(database, "medication", add_patient(database, "T-2"), **course) is None


def test_the_border_between_two_courses_can_move(database: Connection, patient: int) -> None:
    """In one statement or two: the exclusion can wait for the end of the transaction."""
    add_row(database, "medication", patient, started_on="2020-01-01", stopped_on="2020-03-01")
    add_row(database, "medication", patient, started_on="2020-03-01")
    longer = "update clinical.medication set stopped_on = '2020-04-01' where stopped_on is not null"
    with pytest.raises(IntegrityError, match="ex_medication_overlap"), database.begin_nested():
        database.execute(text(longer))
    database.execute(text("set constraints clinical.ex_medication_overlap deferred"))
    database.execute(text(longer))
    database.execute(
        text("update clinical.medication set started_on = '2020-04-01' where stopped_on is null")
    )
    database.execute(text("set constraints clinical.ex_medication_overlap immediate"))


def test_a_patient_with_records_cannot_be_deleted(database: Connection, patient: int) -> None:
    add_row(database, "infusion", patient)
    with pytest.raises(IntegrityError, match="fk_infusion_patient_id"):
        database.execute(text("delete from clinical.patient"))
