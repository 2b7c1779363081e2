"""What an infusion and a drug level are answered with."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection, text

from registry.database.engine import Database
from registry.entry.answers.answer import Answer
from registry.entry.answers.infusion import INFUSION
from tests.entry.children import INDUCTION, add, add_child, answered, give, on, text_of


def infuse(connection: Connection, patient: int, day: int, **values: Any) -> Answer:
    row = {"infused_on": on(day), "dose_mg": 150, "weight_kg": 30} | values
    record = add(connection, "infusion", patient, **row)
    return answered(connection, "infusion", patient, record)


def test_dose_interval_number_and_next_date(database: Connection) -> None:
    patient = add_child(database)
    first = infuse(database, patient, 0).to_json()
    assert first == {
        "dose_mg_per_kg": 5,
        "number": 1,
        "interval_days": None,
        "next_planned_on": on(14).isoformat(),
    }
    give(database, patient, 14, 42)
    fourth = infuse(database, patient, 98, dose_mg=Decimal("211.5"))
    assert fourth.to_json() == {
        "dose_mg_per_kg": 7.05,
        "number": 4,
        "interval_days": 56,
        "next_planned_on": on(154).isoformat(),
    }
    assert fourth.warnings == []
    assert text_of(fourth, "interval_days") == "56 days since 2020-02-17"


def test_an_infusion_between_others_is_told_by_its_place(database: Connection) -> None:
    patient = add_child(database)
    give(database, patient, 0, 14, 98)
    between = infuse(database, patient, 42)
    assert text_of(between, "number") == "3 of 4"
    assert text_of(between, "next_planned_on") == "2020-04-13; given on 2020-04-13"


def test_nothing_is_planned_after_the_end_of_follow_up(database: Connection) -> None:
    patient = add_child(database)
    add(database, "follow_up_end", patient, ended_on=on(10), reason="ifx_stopped")
    assert infuse(database, patient, 0).to_json()["next_planned_on"] is None
    late = infuse(database, patient, 14)
    assert late.warnings == [
        "Follow-up ended on 2020-01-16 (ifx_stopped), but infliximab was infused on 2020-01-20."
    ]


@pytest.mark.parametrize(
    ("dose_mg", "weight_kg", "warned"),
    [
        ("150", "30", None),
        # Ten per cent may be rounding to vials.
        ("135", "30", None),
        ("134.9", "30", "Below the usual 5-10 mg/kg: 134.9 mg for 30 kg."),
        ("330", "30", None),
        ("330.1", "30", "Above the usual 5-10 mg/kg: 330.1 mg for 30 kg."),
        ("100", "30", "Below the usual 5-10 mg/kg: 100 mg for 30 kg."),
    ],
)
def test_a_dose_outside_the_usual_is_warned_of_exactly(
    database: Connection, dose_mg: str, weight_kg: str, warned: str | None
) -> None:
    patient = add_child(database)
    values = {"dose_mg": Decimal(dose_mg), "weight_kg": Decimal(weight_kg)}
    assert infuse(database, patient, 0, **values).warnings == ([] if warned is None else [warned])


@pytest.mark.parametrize(
    ("days", "warned"),
    [
        ((0, 21), None),
        ((0, 22), "Infusion 2 is on day 22 of the course, planned is day 14 ± 7."),
        ((0, 6), "Infusion 2 is on day 6 of the course, planned is day 14 ± 7."),
        ((0, 14, 28), None),
        ((0, 14, 27), "Infusion 3 is on day 27 of the course, planned is day 42 ± 14."),
        ((0, 14, 42, 126), None),
        ((0, 14, 42, 127), "Infusion 4 is on day 127 of the course, planned is day 98 ± 28."),
        ((*INDUCTION, 126), None),
        ((*INDUCTION, 125), "An interval of 27 days is unusual: usual are 28 to 70."),
        ((*INDUCTION, 168), None),
        ((*INDUCTION, 169), "An interval of 71 days is unusual: usual are 28 to 70."),
    ],
)
def test_an_unusual_time_is_warned_of(
    database: Connection, days: tuple[int, ...], warned: str | None
) -> None:
    patient = add_child(database)
    give(database, patient, *days[:-1])
    of_time = [
        words
        for words in infuse(database, patient, days[-1]).warnings
        if not words.startswith("Infusions on")
    ]
    assert of_time == ([] if warned is None else [warned])


@pytest.mark.parametrize(
    ("apart", "kg", "jumps"),
    [
        (14, "33", False),
        (14, "33.1", True),
        (14, "27", False),
        (14, "26.9", True),
        (60, "33.1", True),
        (61, "33.1", False),
        (61, "36", False),
        (61, "36.1", True),
        (365, "36.1", True),
        # However far back, with the growth of a year on top.
        (366, "48", False),
        (366, "60", True),
    ],
)
def test_a_weight_that_jumps_is_warned_of(
    database: Connection, apart: int, kg: str, jumps: bool
) -> None:
    patient = add_child(database)
    add(database, "anthropometry", patient, measured_on=on(0), weight_kg=30)
    found = infuse(database, patient, apart, weight_kg=Decimal(kg), dose_mg=Decimal(kg) * 5)
    assert any("The weight jumps" in warning for warning in found.warnings) is jumps


def test_the_weight_of_the_same_day_is_the_nearest(database: Connection) -> None:
    patient = add_child(database)
    add(database, "anthropometry", patient, measured_on=on(14), weight_kg=Decimal("31.5"))
    give(database, patient, 0)
    found = infuse(database, patient, 14, weight_kg=Decimal("13.5"), dose_mg=100)
    assert found.warnings == [
        "Two weights on 2020-01-20: 13.5 kg at the infusion, 31.5 kg measured."
    ]


def test_a_change_of_product_is_told(database: Connection) -> None:
    patient = add_child(database)
    infuse(database, patient, 0, product="Remicade")
    assert infuse(database, patient, 14, product="Remsima").warnings == [
        "The product changes from Remicade to Remsima."
    ]
    assert infuse(database, patient, 42, product="Remsima").warnings == []


def sample(
    connection: Connection, patient: int, day: int, value: str | None = None, **values: Any
) -> Answer:
    if value is not None:
        values["ifx_ug_ml"] = Decimal(value.lstrip("<>"))
        values["ifx_ug_ml_comparator"] = value[0] if value[0] in "<>" else None
    record = add(connection, "tdm_level", patient, sampled_on=on(day), **values)
    return answered(connection, "tdm_level", patient, record)


def read(answer: Answer) -> tuple[Any, ...]:
    told = answer.to_json()
    return (told["is_trough"], told["timepoint"], told["threshold_ug_ml"], told["trough_level"])


@pytest.mark.parametrize(
    ("day", "value", "reading"),
    [
        (12, "29", (True, "week_2", 29, "above")),
        (42, "17.9", (True, "week_6", 18, "below")),
        (98, "5", (True, "week_14", 5, "above")),
        (96, "4.9", (True, "week_14", 5, "below")),
        (96, "<5", (True, "week_14", 5, "below")),
        (96, "<5.1", (True, "week_14", 5, "undetermined")),
        (96, ">4", (True, "week_14", 5, "undetermined")),
        (95, "4.9", (False, "week_14", 5, None)),
        (0, "4.9", (False, None, None, None)),
        (99, "4.9", (None, None, None, None)),
    ],
)
def test_trough_and_threshold(
    database: Connection, day: int, value: str, reading: tuple[Any, ...]
) -> None:
    patient = add_child(database)
    give(database, patient, *INDUCTION)
    assert read(sample(database, patient, day, value)) == reading


def test_a_level_is_no_trough_until_its_infusion_is_entered(database: Connection) -> None:
    patient = add_child(database)
    give(database, patient, 0, 14, 42)
    waiting = sample(database, patient, 97, "3.2")
    assert text_of(waiting, "is_trough") == "not known until an infusion is entered within 2 days"
    infusion = infuse(database, patient, 98)
    assert text_of(infusion, "troughs") == "3.2 ug/mL of 2020-04-12, below 5"
    assert infusion.to_json()["troughs"] == ["3.2"]


def test_perianal_fistulising_disease_has_a_threshold_of_its_own(database: Connection) -> None:
    patient = add_child(database)
    give(database, patient, *INDUCTION)
    add(database, "phenotype", patient, assessed_on=on(0), perianal=True)
    found = sample(database, patient, 98, "10")
    assert read(found) == (True, "week_14", 12.7, "below")
    assert text_of(found, "threshold_ug_ml") == (
        "below 12.7 ug/mL, week 14, perianal fistulising (published cohort)"
    )


def test_a_level_between_infusions_that_is_low_already_is_told(database: Connection) -> None:
    patient = add_child(database)
    give(database, patient, *INDUCTION)
    low, high = sample(database, patient, 80, "2"), sample(database, patient, 81, "9")
    assert text_of(low, "threshold_ug_ml").startswith("already below 5 ug/mL")
    assert text_of(high, "threshold_ug_ml").startswith("5 ug/mL")


def test_a_level_after_the_data_cut_is_read_all_the_same(database: Connection) -> None:
    patient = add_child(database)
    late = 1700
    give(database, patient, *(late + day for day in INDUCTION))
    assert on(late).year == 2024
    found = sample(database, patient, late + 98, "6")
    assert read(found) == (True, "week_14", 5, "above")
    assert text_of(found, "after_data_cut") == (
        "after 2023-12-31, the data cut of paper: its analyses do not see it"
    )


@pytest.mark.parametrize(
    ("ifx", "ada", "comparator", "status"),
    [
        ("0.2", 9, None, "undetected"),
        ("0.2", 10, None, "low_titre"),
        ("0.2", 200, None, "high_titre"),
        ("0.2", 10, "<", "undetected"),
        ("0.2", None, None, "absent"),
    ],
)
def test_antibodies_are_read_by_their_assay(
    database: Connection, ifx: str, ada: int | None, comparator: str | None, status: str
) -> None:
    database.execute(
        text(
            "insert into reference.assay (name, drug_tolerant, ada_positive_from, ada_high_from) "
            "values ('T', true, 10, 200)"
        )
    )
    patient = add_child(database)
    values = {"ada_au_ml": ada, "ada_au_ml_comparator": comparator, "assay": "T"}
    found = sample(database, patient, 98, ifx, **values)
    assert found.to_json()["ada_status"] == status
    assert found.warnings == []


def test_antibodies_without_a_cut_off_are_pointed_out(database: Connection) -> None:
    patient = add_child(database)
    assert sample(database, patient, 98, "1", ada_au_ml=20).warnings == [
        "No assay is named: antibodies cannot be classed."
    ]
    assert sample(database, patient, 98, "1", ada_au_ml=20, assay="New").warnings == [
        "The registry has no cut-off for antibodies of New."
    ]


def test_levels_are_looked_for_before_every_infusion_that_has_a_trough(
    shared_study: Database,
) -> None:
    of_troughs = (
        "select distinct patient_id as patient, i.record_id as record, definition "
        "from present.level_reading l join clinical.infusion i using (patient_id) "
        "where l.is_trough and i.infused_on = l.next_infusion_on"
    )
    with shared_study.engine.connect() as connection:
        troughs = connection.execute(text(of_troughs)).mappings().all()
        assert len(troughs) > 50
        for values in troughs:
            assert connection.execute(INFUSION, dict(values)).one().has_levels
