"""Who should have had a gene test: an early onset, or a loss with an unusual course."""

from __future__ import annotations

from typing import Any

import pytest

from tests.oracle.records import Records
from tests.views.clinic import INDUCTION, child, on
from tests.worklist.ward import Ward, row

EVERY_8_WEEKS = (*INDUCTION, *range(154, 600, 56))
VISITS = {0: "40", **dict.fromkeys(range(98, 600, 56), "5")}
TESTED = [(50, "XIAP", "c.664C>T", "p.(Arg222Ter)")]


def ill(**changes: Any) -> Records:
    return child("P1", **{"infusions": EVERY_8_WEEKS, "scores": VISITS} | changes)


@pytest.mark.parametrize(
    ("birth", "onset", "rule"),
    [
        ("2010-03-15", "2016-03-14", "gene_test_early_onset"),
        ("2010-03-15", "2016-03-15", None),
        ("2010-03-15", "2012-03-15", "gene_test_early_onset"),
        ("2010-03-15", "2012-03-14", "gene_test_always"),
        ("2010-03-15", "2010-03-15", "gene_test_always"),
        ("2010-08-01", "2016", "gene_test_early_onset"),
        ("2010-06-01", "2016", None),
        ("2010-03-16", "2016-03", "gene_test_early_onset"),
        ("2010-03-15", "2016-03", None),
        ("2008-02-29", "2014-02-28", "gene_test_early_onset"),
        ("2008-02-29", "2014-03-01", None),
        ("2010-03-15", "", None),
    ],
)
def test_the_age_of_onset_is_one_of_the_calendar(
    ward: Ward, birth: str, onset: str, rule: str | None
) -> None:
    """A partial date stands for the middle of its period."""
    ward.admit(ill(birth_date=birth, onset_on=onset))
    found = [item.rule for item in ward.items(300, kinds=["gene_test_missing"])]
    assert found == ([] if rule is None else [rule])


def test_it_is_due_with_the_next_infusion(ward: Ward) -> None:
    ward.admit(ill(onset_on="2013-01-01"))
    ward.check(
        300,
        "gene_test_missing",
        """
        item                  record_on  due_on  from_table
        P1:gene_test_missing  -          d322    patient
        """,
    )


def test_a_finding_answers_it(ward: Ward) -> None:
    ward.admit(ill(onset_on="2013-01-01", genes=TESTED))
    assert ward.lists(49, "gene_test_early_onset")
    assert ward.items(50, kinds=["gene_test_missing"]) == []


def test_a_child_without_infliximab_is_asked_about_too(ward: Ward) -> None:
    ward.admit(ill(onset_on="2013-01-01", infusions=()))
    ward.check(
        300,
        "gene_test_missing",
        """
        rule                   due_on  days_overdue
        gene_test_early_onset  -       -
        """,
    )


# A loss within 183 days of the first infusion is an unusual course.
@pytest.mark.parametrize(
    ("lost", "rule"), [(183, "gene_test_early_loss"), (184, None)], ids=["early", "later"]
)
def test_a_loss_within_half_a_year_is_unusual(ward: Ward, lost: int, rule: str | None) -> None:
    scores = {0: "40", 98: "5", lost: "20"}
    ward.admit(ill(scores=scores))
    assert ward.items(lost - 1, kinds=["gene_test_missing"]) == []
    found = [item.rule for item in ward.items(lost, kinds=["gene_test_missing"])]
    assert found == ([] if rule is None else [rule])


@pytest.mark.parametrize(
    ("assessed", "behaviour", "perianal", "unusual"),
    [
        (0, "B3", True, True),
        (300, "B2B3", True, True),
        (301, "B3", True, False),
        (0, "B2", True, False),
        (0, "B3", False, False),
        (0, None, True, False),
    ],
    ids=["both", "on the day", "the day after", "a stricture", "not perianal", "not known"],
)
def test_a_loss_with_perianal_and_penetrating_disease_is_unusual(
    ward: Ward, assessed: int, behaviour: str | None, perianal: bool, unusual: bool
) -> None:
    cells = {"assessed_on": on(assessed), "behaviour": behaviour, "perianal": perianal}
    ward.admit(row(ill(scores={0: "40", 98: "5", 300: "20"}), "phenotypes", **cells))
    assert ward.lists(320, "gene_test_perianal_penetrating") is unusual
    ward.set(unusual_perianal_penetrating=False)
    assert not ward.lists(320, "gene_test_perianal_penetrating")


def test_of_several_reasons_the_strongest_is_given(ward: Ward) -> None:
    ward.admit(ill(scores={0: "40", 98: "5", 150: "20"}, onset_on="2013-01-01"))
    assert [item.rule for item in ward.items(140, kinds=["gene_test_missing"])] == [
        "gene_test_early_onset"
    ]
    assert [item.rule for item in ward.items(150, kinds=["gene_test_missing"])] == [
        "gene_test_early_loss"
    ]
