"""What is overdue, to the day: visits, infusions, levels, silence; and who is not asked for it."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from tests.views.clinic import INDUCTION, child, on
from tests.worklist.ward import Ward, row

# A PCDAI is due 90 days after the last and asked for 30 days later; an infusion on its day and 14
# days later; the first level on day 98, the next a year after the last, and 30 days later.
OVERDUE = "visit_overdue infusion_overdue level_overdue silent"


@pytest.mark.parametrize(
    ("day", "overdue"), [(217, None), (218, None), (219, 31), (220, 32), (300, 112)]
)
def test_a_visit_is_asked_for_after_its_days_of_grace(
    ward: Ward, day: int, overdue: int | None
) -> None:
    ward.admit(child("P1", scores={0: "40", 98: "5"}))
    table = "patient_id  rule  record_on  due_on  days_overdue"
    if overdue is not None:
        table += f"\nP1  visit_overdue  d98  d188  {overdue}"
    ward.check(day, "visit_overdue", table)


def test_without_any_visit_the_first_is_due_from_the_first_infusion(ward: Ward) -> None:
    ward.admit(child("P1", scores={}))
    assert not ward.lists(120, "first_visit_overdue")
    ward.check(
        121,
        "visit_overdue",
        """
        rule                 record_on  due_on  item
        first_visit_overdue  d0         d90     P1:visit_overdue:2020-01-06
        """,
    )


def test_a_child_without_infliximab_has_no_visit_due(ward: Ward) -> None:
    ward.admit(child("P1", infusions=(), scores={0: "40"}))
    assert ward.items(400) == []


@pytest.mark.parametrize(
    ("infusions", "due"),
    [
        ((0,), 14),
        ((0, 14), 42),
        ((0, 10), 42),
        ((0, 30), 44),
        ((0, 14, 42), 98),
        ((0, 14, 90), 104),
        ((0, 14, 42, 98), 154),
        ((0, 14, 42, 70), 98),
        ((0, 14, 42, 98, 154), 210),
        ((0, 14, 42, 98, 140), 182),
        ((0, 14, 42, 98, 170), 226),
        ((0, 14, 42, 98, 101), 115),
    ],
    ids=[
        "second",
        "third",
        "third from the first, not the second",
        "never sooner than the least interval",
        "fourth",
        "fourth after a late third",
        "after induction",
        "the fourth came sooner",
        "every eight weeks",
        "at the shortened interval",
        "a delay is no plan",
        "nor is an interval of days",
    ],
)
def test_the_next_infusion_is_planned_from_the_course(
    ward: Ward, infusions: tuple[int, ...], due: int
) -> None:
    ward.admit(child("P1", infusions=infusions))
    planned = ward.connection.execute(
        text(
            "select next_planned_on from rules.planned_infusion "
            "order by number_in_course desc limit 1"
        )
    ).scalar_one()
    assert planned == on(due)
    assert not ward.lists(due + 14, "infusion_overdue")
    [item] = ward.items(due + 15, kinds=["infusion_overdue"])
    assert (item.due_on, item.days_overdue) == (on(due), 15)
    assert f"Infusion {len(infusions) + 1} was planned for {on(due)}" in item.why


def test_an_infusion_after_the_day_is_not_seen(ward: Ward) -> None:
    ward.admit(child("P1", infusions=(*INDUCTION, 154, 210)))
    assert ward.lists(169, "infusion_overdue") is False
    ward.admit(child("P2", infusions=(*INDUCTION, 180)))
    ward.check(
        169,
        "infusion_overdue",
        """
        patient_id  record_on  due_on
        P2          d98        d154
        """,
    )


@pytest.mark.parametrize(("day", "listed"), [(127, False), (128, False), (129, True), (168, True)])
def test_the_first_level_is_due_with_week_14(ward: Ward, day: int, listed: bool) -> None:
    ward.admit(child("P1"))
    assert ward.lists(day, "first_level_overdue") is listed


def test_no_level_is_asked_for_while_the_infusion_is_overdue(ward: Ward) -> None:
    """It would be drawn before that infusion, which stands in the list itself."""
    ward.admit(child("P1"))
    assert ward.lists(168, "first_level_overdue")
    assert {item.rule for item in ward.items(169)} == {"infusion_overdue"}


def test_the_next_level_is_due_a_year_after_the_last(ward: Ward) -> None:
    every_8_weeks = (*INDUCTION, *range(154, 800, 56))
    scores = dict.fromkeys((0, *range(98, 800, 56)), "5")
    levels = [(98, "8", "", "ELISA"), (450, "", "12", "ELISA")]
    ward.admit(child("P1", infusions=every_8_weeks, scores=scores, levels=levels))
    assert not ward.lists(98 + 365 + 30, "level_overdue")
    ward.check(
        98 + 365 + 31,
        OVERDUE,
        """
        rule           record_on  due_on  days_overdue
        level_overdue  d98        d463    31
        """,
    )


@pytest.mark.parametrize(
    "reason", ["ifx_stopped", "transferred_to_adult_care", "lost_to_follow_up", "died"]
)
def test_nothing_is_asked_for_after_the_end_of_follow_up(ward: Ward, reason: str) -> None:
    ward.admit(child("P1", end=(200, reason)))
    assert ward.items(400) == []
    assert {item.kind for item in ward.items(199)} == {"infusion_overdue"}


def test_a_silent_child_is_asked_for_once(ward: Ward) -> None:
    ward.admit(child("P1"))
    assert {item.rule for item in ward.items(98 + 548)} == {"visit_overdue", "infusion_overdue"}
    ward.check(
        98 + 549,
        OVERDUE,
        """
        rule    record_on  due_on  days_overdue
        silent  d98        -       -
        """,
    )
    assert len(ward.items(98 + 549)) == 1


@pytest.mark.parametrize(
    ("table", "cells"),
    [
        ("lab_results", {"collected_on": on(500), "analyte": "CRP", "value": 3, "unit": "mg/L"}),
        ("anthropometry", {"measured_on": on(500), "height_cm": 130}),
        ("endoscopies", {"performed_on": on(500)}),
        ("surgeries", {"performed_on": on(500), "procedure": "resection"}),
        ("phenotypes", {"assessed_on": on(500), "location": "L2"}),
        ("conditions", {"condition": "other", "onset_on": on(500)}),
        ("medications", {"drug": "EEN", "started_on": on(50), "stopped_on": on(500)}),
        ("tdm_levels", {"sampled_on": on(500), "ada_au_ml": 3}),
        (
            "gene_findings",
            {"reported_on": on(500), "gene": "XIAP", "hgvs_c": "c.664C>T"},
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_any_record_breaks_the_silence(ward: Ward, table: str, cells: dict[str, object]) -> None:
    ward.admit(row(child("P1"), table, **cells))
    assert not ward.lists(500 + 548, "silent")
    assert ward.lists(500 + 549, "silent")


def test_the_numbers_are_parameters(ward: Ward) -> None:
    ward.admit(child("P1", scores={0: "40", 98: "5"}))
    ward.set(visit_interval_days=50, visit_grace_days=0, infusion_interval_days=40)
    assert not ward.lists(148, "visit_overdue")
    assert ward.lists(149, "visit_overdue")
    assert ward.lists(98 + 40 + 15, "infusion_overdue")
    ward.set(silent_days=20)
    assert {item.rule for item in ward.items(149)} == {"silent"}
