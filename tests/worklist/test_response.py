"""Week 14, response without remission, and a loss of response without a level to explain it."""

from __future__ import annotations

import pytest

from registry.definitions.store import add_definition
from tests.views.clinic import INDUCTION, child
from tests.worklist.ward import Ward

# The window of week 14 lies from day 84 to day 112; what closes within 14 days is urgent, and what
# has closed is asked for during a year.
EVERY_8_WEEKS = (*INDUCTION, *range(154, 600, 56))


@pytest.mark.parametrize(
    ("day", "rule"),
    [
        (83, None),
        (84, "week14_open"),
        (97, "week14_open"),
        (98, "week14_closing"),
        (112, "week14_closing"),
        (113, "week14_closed"),
        (112 + 365, "week14_closed"),
        (112 + 366, None),
    ],
)
def test_a_missing_score_of_week_14_is_asked_for_as_its_window_goes(
    ward: Ward, day: int, rule: str | None
) -> None:
    ward.admit(child("P1", infusions=EVERY_8_WEEKS, scores={0: "40"}))
    table = "patient_id  rule  record_on  due_on"
    if rule is not None:
        table += f"\nP1  {rule}  d0  d112"
    ward.check(day, "week14_window", table)


@pytest.mark.parametrize(("day", "missing"), [(83, True), (84, False), (112, False), (113, True)])
def test_a_score_counts_from_the_first_to_the_last_day_of_the_window(
    ward: Ward, day: int, missing: bool
) -> None:
    ward.admit(child("P1", scores={0: "40", day: "10"}))
    assert ward.lists(120, "week14_closed") is missing


def test_it_is_one_item_from_opening_to_closing(ward: Ward) -> None:
    ward.admit(child("P1", scores={0: "40"}))
    names = {
        item.item for day in (84, 100, 113) for item in ward.items(day, kinds=["week14_window"])
    }
    assert names == {"P1:week14_window:2020-01-06"}


def test_the_window_is_that_of_the_definition(ward: Ward) -> None:
    ward.admit(child("P1", scores={0: "40", 112: "10"}))
    add_definition(ward.connection, "recommended", "paper", ["week14_to_day=105"], replace=True)
    assert not ward.lists(120, "week14_closed", definition="paper")
    assert ward.lists(120, "week14_closed", definition="recommended")


# Response with a PCDAI of 15 at week 14, lost on day 154 with one of 20.
LOST = {0: "40", 98: "15", 154: "20"}


@pytest.mark.parametrize(
    ("day", "rule"),
    [
        (153, None),
        (154, "level_at_loss_open"),
        (182, "level_at_loss_open"),
        (183, "level_at_loss_closed"),
        (182 + 365, "level_at_loss_closed"),
        (182 + 366, None),
    ],
)
def test_a_loss_without_a_level_is_asked_about_while_an_answer_can_be_had(
    ward: Ward, day: int, rule: str | None
) -> None:
    ward.admit(child("P1", infusions=EVERY_8_WEEKS, scores=LOST))
    table = "rule  record_on  due_on"
    if rule is not None:
        table += f"\n{rule}  d154  d182"
    ward.check(day, "level_missing_at_loss", table)


@pytest.mark.parametrize(
    ("sampled", "infliximab", "missing"),
    [
        (97, "4", True),
        (98, "4", False),
        (182, "<0.5", False),
        (183, "4", True),
        (154, "", True),
    ],
    ids=["too early", "first day", "last day, below the limit", "too late", "antibodies alone"],
)
def test_a_level_explains_a_loss_from_56_days_before_to_28_after(
    ward: Ward, sampled: int, infliximab: str, missing: bool
) -> None:
    levels = [(sampled, infliximab, "12", "ELISA")]
    ward.admit(child("P1", infusions=EVERY_8_WEEKS, scores=LOST, levels=levels))
    assert ward.lists(200, "level_at_loss_closed") is missing


def test_a_loss_of_the_day_is_seen_though_the_study_was_cut_long_before(ward: Ward) -> None:
    """The list holds the definition's rules, but for its data cut, which is the list's day."""
    add_definition(ward.connection, "paper", "paper", ["data_cut=2020-02-01"], replace=True)
    ward.admit(child("P1", infusions=EVERY_8_WEEKS, scores=LOST))
    assert ward.lists(160, "level_at_loss_open")


RESPONSE = {0: "40", 98: "15"}


def test_response_without_remission_is_reviewed_within_8_weeks(ward: Ward) -> None:
    ward.admit(
        child("P1", scores=RESPONSE),
        child("P2", scores={0: "40", 98: "10"}),
        child("P3", scores={0: "40", 98: "7.5"}),
        child("P4", scores={0: "20", 98: "10"}),
    )
    ward.check(
        98,
        "response_without_remission",
        """
        patient_id  record_on  due_on  days_overdue
        P1          d98        d154    0
        P2          d98        d154    0
        """,
    )
    assert ward.items(97, kinds=["response_without_remission"]) == []
    assert ward.items(155, kinds=["response_without_remission"])[0].days_overdue == 1


@pytest.mark.parametrize(
    ("scores", "levels", "listed"),
    [
        ({}, [], True),
        ({154: "15"}, [], True),
        ({}, [(150, "4", "", "ELISA")], True),
        ({154: "15"}, [(97, "4", "", "ELISA")], True),
        ({154: "15"}, [(98, "4", "", "ELISA")], False),
        ({154: "7.5"}, [], False),
        ({154: "7.5", 180: "15"}, [], False),
        ({154: "20"}, [], False),
    ],
    ids=[
        "nothing",
        "a visit alone",
        "a level alone",
        "a level before week 14",
        "both",
        "remission",
        "remission once",
        "loss",
    ],
)
def test_the_review_is_a_visit_with_a_level_or_what_it_was_for(
    ward: Ward, scores: dict[int, str], levels: list[tuple[int, str, str, str]], listed: bool
) -> None:
    ward.admit(child("P1", scores=RESPONSE | scores, levels=levels))
    assert ward.lists(190, "response_without_remission") is listed
