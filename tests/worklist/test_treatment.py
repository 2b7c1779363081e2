"""A low trough that nothing was done about, and a dose that the child has outgrown."""

from __future__ import annotations

from typing import Any

import pytest

from tests.oracle.records import Records
from tests.views.clinic import INDUCTION, child, on
from tests.worklist.ward import Ward, row

# A trough of day 154 belongs to infusion 5: in maintenance, held to 5 ug/mL.
COURSE = (*INDUCTION, 154)
LOW = [(154, "4.9", "", "ELISA")]


def low(**changes: Any) -> Records:
    return child("P1", **{"infusions": COURSE, "levels": LOW} | changes)


def test_a_low_trough_is_acted_on_by_the_next_infusion(ward: Ward) -> None:
    ward.admit(low())
    ward.check(
        160,
        "low_trough",
        """
        rule        record_on  due_on  days_overdue
        low_trough  d154       d210    0
        """,
    )
    [item] = ward.items(160, kinds=["low_trough"])
    assert "4.9 ug/mL" in item.why
    assert "below 5" in item.why
    assert "NASPGHAN" in item.source


@pytest.mark.parametrize(
    ("changes", "listed"),
    [
        ({"levels": [(154, "5", "", "ELISA")]}, False),
        ({"levels": [(154, "<5", "", "ELISA")]}, True),
        ({"levels": [(154, "<6", "", "ELISA")]}, False),
        ({"levels": [(151, "4.9", "", "ELISA")]}, True),
        ({"levels": [(151, "6", "", "ELISA"), *LOW]}, True),
        ({"levels": [*LOW, (209, "8", "", "ELISA")], "infusions": (*COURSE, 210)}, False),
        ({"levels": [*LOW, (180, "8", "", "ELISA")], "infusions": (*COURSE, 210)}, True),
        ({"infusions": (*INDUCTION, (154, "180"))}, False),
        ({"infusions": (*INDUCTION, (154, "179"))}, True),
        ({"infusions": (*COURSE, (210, "180"))}, False),
        ({"infusions": (*COURSE, 203)}, False),
        ({"infusions": (*COURSE, 204)}, True),
        ({"drugs": [("azathioprine", 154, None)]}, False),
        ({"drugs": [("azathioprine", 153, None)]}, True),
        ({"drugs": [("prednisone", 160, None)]}, True),
        ({"drugs": [("ustekinumab", 160, None)]}, False),
        ({"levels": [(98, "4.9", "", "ELISA")], "infusions": ((0, "150"), 14, 42, 98)}, True),
        ({"levels": [(98, "4.9", "", "ELISA")], "infusions": (0, 14, 42, (98, "180"))}, False),
        ({"levels": [(42, "10", "", "ELISA")], "infusions": (0, 14, 42)}, True),
        ({"levels": [(42, "10", "", "ELISA")], "infusions": INDUCTION}, False),
        ({"levels": [(98, "10", "", "ELISA")], "phenotypes": [(0, "yes")]}, True),
        ({"end": (160, "ifx_stopped")}, False),
    ],
    ids=[
        "at the threshold",
        "below a limit that proves it",
        "below a limit that does not",
        "between infusions, and low already",
        "the newest counts",
        "a later trough is fine",
        "a later level between infusions tells nothing",
        "one mg per kg more",
        "less than that",
        "more at the next infusion",
        "the next a week sooner",
        "six days sooner",
        "an immunomodulator that day",
        "one before",
        "a glucocorticoid",
        "another biologic",
        "week 14",
        "week 14, raised at that infusion",
        "week 6, in induction",
        "week 6, induction is over",
        "week 14 with perianal disease",
        "stopped",
    ],
)
def test_what_answers_a_low_trough(ward: Ward, changes: dict[str, Any], listed: bool) -> None:
    ward.admit(low(**changes))
    assert ward.lists(212, "low_trough") is listed


def weighed(kg: str, day: int, **changes: Any) -> Records:
    """A child of 30 kg at the infusions, weighed anew later."""
    return row(child("P1", **changes), "anthropometry", measured_on=on(day), weight_kg=kg)


# 150 mg are 5 mg/kg at 30 kg; 180 mg are 6.
@pytest.mark.parametrize(
    ("infusions", "kg", "rule"),
    [
        ((0, 14, 42, 98), "30", None),
        ((0, 14, 42, 98), "30.1", "dose_below_lowest"),
        ((0, 14, 42, (98, "180")), "35.2", None),
        ((0, 14, 42, (98, "180")), "35.3", "dose_drifted"),
        ((0, 14, 42, (98, "180")), "36", "dose_drifted"),
        ((0, 14, 42, (98, "180")), "36.1", "dose_below_lowest"),
        ((0, 14, 42, (98, "149")), "31", None),
        ((0, 14, 42, (98, "240"), (154, "239")), "40", None),
        ((0, 14, 42, (98, "240"), (154, "240")), "40", "dose_drifted"),
        ((0, 14, (42, "180")), "35.9", None),
    ],
    ids=[
        "5 mg/kg",
        "just below",
        "down by less than 15 %",
        "down by more",
        "5 mg/kg again",
        "and below it",
        "below it when given",
        "lowered on purpose",
        "not lowered",
        "before maintenance only the lowest counts",
    ],
)
def test_a_dose_is_outgrown(
    ward: Ward, infusions: tuple[Any, ...], kg: str, rule: str | None
) -> None:
    ward.admit(weighed(kg, 160, infusions=infusions))
    found = [item.rule for item in ward.items(161, kinds=["dose_drifted"])]
    assert found == ([] if rule is None else [rule])
    assert ward.items(159, kinds=["dose_drifted"]) == []


def test_the_weight_of_the_infusion_itself_counts_when_no_later_one_is_known(ward: Ward) -> None:
    records = child("P1", infusions=(0, 14, 42, (98, "300"), (154, "300")))
    records["infusions"][-1]["weight_kg"] = 36
    ward.admit(records)
    ward.check(
        160,
        "dose_drifted",
        """
        rule          record_on  due_on
        dose_drifted  d154       d210
        """,
    )
    [item] = ward.items(160, kinds=["dose_drifted"])
    assert item.why == (
        "300 mg are 8.3 mg/kg at 36 kg (2020-06-08), 17 % less than at infusion 4 "
        "(10.0 mg/kg at 30 kg)."
    )
