"""Records of one child that cannot all be right; also of children who are followed no longer."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from registry.models.pcdai_visit import ITEMS
from tests.views.clinic import INDUCTION, child, on
from tests.worklist.ward import Ward, row


def contradictions(ward: Ward, day: int = 400) -> list[tuple[str, int, str]]:
    """Rule, day of the record and reason of every contradiction."""
    found = ward.items(day, kinds=["contradiction"])
    return [(item.rule, (item.record_on - on(0)).days, item.why) for item in found]


def rules(ward: Ward, day: int = 400) -> list[str]:
    return [rule for rule, _, _ in contradictions(ward, day)]


def test_children_without_fault_have_none(ward: Ward) -> None:
    ward.admit(child("P1"), child("P2", end=(200, "died"), drugs=[("azathioprine", 10, 200)]))
    assert rules(ward) == []


@pytest.mark.parametrize(("day", "found"), [(200, []), (201, ["records_after_death"])])
def test_nothing_is_recorded_after_the_death(ward: Ward, day: int, found: list[str]) -> None:
    ward.admit(child("P1", scores={0: "40", 98: "5", day: "5"}, end=(200, "died")))
    assert rules(ward) == found


def test_records_after_the_death_are_one_item_that_counts_them(ward: Ward) -> None:
    scores = {0: "40", 98: "5", 210: "5"}
    ward.admit(child("P1", infusions=(*INDUCTION, 205), scores=scores, end=(200, "died")))
    assert contradictions(ward) == [
        (
            "records_after_death",
            200,
            f"The child died on {on(200)}, but 2 records are later; the first is of {on(205)} in "
            "infusion.",
        )
    ]
    # On a day before them they are not seen.
    assert rules(ward, 204) == []


def test_a_gene_finding_may_be_reported_after_the_death(ward: Ward) -> None:
    gene = (250, "XIAP", "c.664C>T", "p.(Arg222Ter)")
    ward.admit(child("P1", genes=[gene], end=(200, "died")))
    assert rules(ward) == []


@pytest.mark.parametrize(
    ("first", "stop", "rule"),
    [
        (10, 200, None),
        (10, 201, "drug_stopped_after_death"),
        (10, None, "drug_open_after_death"),
        (201, None, "drug_begun_after_death"),
        (201, 210, "drug_begun_after_death"),
    ],
)
def test_no_drug_is_taken_after_the_death(
    ward: Ward, first: int, stop: int | None, rule: str | None
) -> None:
    ward.admit(child("P1", drugs=[("azathioprine", first, stop)], end=(200, "died")))
    assert rules(ward) == ([] if rule is None else [rule])


@pytest.mark.parametrize(
    ("reason", "found"),
    [
        ("ifx_stopped", ["infusion_after_end"]),
        ("transferred_to_adult_care", ["infusion_after_end", "visit_after_end"]),
        ("lost_to_follow_up", ["infusion_after_end", "visit_after_end"]),
    ],
)
def test_nobody_is_infused_after_the_end_and_seen_only_after_a_stop(
    ward: Ward, reason: str, found: list[str]
) -> None:
    scores = {0: "40", 98: "5", 200: "5", 201: "5", 250: "5"}
    infusions = (*INDUCTION, 200, 256)
    ward.admit(child("P1", infusions=infusions, scores=scores, end=(200, reason)))
    assert rules(ward, 200) == []
    assert rules(ward) == found
    assert contradictions(ward)[0][2] == (
        f"Follow-up ended on {on(200)} ({reason}), but infliximab was infused on {on(256)}."
    )


@pytest.mark.parametrize(
    ("person", "found"),
    [
        ({"onset_on": "2020-01-06"}, []),
        ({"onset_on": "2020-01-07"}, ["onset_after_infliximab"]),
        ({"onset_on": "2020-01"}, []),
        ({"onset_on": "2020-02"}, ["onset_after_infliximab"]),
        ({"onset_on": "2020"}, []),
        ({"diagnosed_on": "2020-01-06"}, []),
        ({"diagnosed_on": "2020-01-07"}, ["diagnosis_after_infliximab"]),
        (
            {"onset_on": "2021", "diagnosed_on": "2021"},
            ["diagnosis_after_infliximab", "onset_after_infliximab"],
        ),
    ],
)
def test_the_illness_is_older_than_its_treatment(
    ward: Ward, person: dict[str, str], found: list[str]
) -> None:
    ward.admit(child("P1", **person))
    assert rules(ward) == found


@pytest.mark.parametrize(("gap", "found"), [(6, ["infusion_twice"]), (7, [])])
def test_two_infusions_within_days_may_be_one(ward: Ward, gap: int, found: list[str]) -> None:
    ward.admit(child("P1", infusions=(*INDUCTION, 154, 154 + gap)))
    assert rules(ward) == found


@pytest.mark.parametrize(
    ("drug", "first", "stop", "found"),
    [
        ("adalimumab", 97, None, ["biologic_with_infliximab"]),
        ("adalimumab", 98, None, []),
        ("adalimumab", 50, 99, ["biologic_with_infliximab"]),
        ("adalimumab", 50, 98, []),
        ("adalimumab", -20, 0, []),
        ("tofacitinib", 50, None, []),
        ("azathioprine", 50, None, []),
    ],
)
def test_another_biologic_is_not_given_beside_infliximab(
    ward: Ward, drug: str, first: int, stop: int | None, found: list[str]
) -> None:
    ward.admit(child("P1", drugs=[(drug, first, stop)]))
    assert rules(ward) == found


@pytest.mark.parametrize(
    ("day", "kg", "found"),
    [
        (98, "27.3", []),
        (98, "27.2", ["two_weights"]),
        (98, "33.3", []),
        (98, "33.4", ["two_weights"]),
        (99, "20", ["weight_jump"]),
    ],
    ids=["heavier by less than 10 %", "by more", "lighter by less", "by more", "another day"],
)
def test_a_child_has_one_weight_a_day(ward: Ward, day: int, kg: str, found: list[str]) -> None:
    """30 kg at the infusion of day 98; the percentage is of the measured weight."""
    ward.admit(row(child("P1"), "anthropometry", measured_on=on(day), weight_kg=Decimal(kg)))
    assert rules(ward) == found


@pytest.mark.parametrize(
    ("heights", "days"),
    [
        (("130", "128"), []),
        (("130", "127.9"), [20]),
        (("130", None, "127"), [30]),
        (("130", "150", "131"), [30]),
    ],
)
def test_children_do_not_shrink(
    ward: Ward, heights: tuple[str | None, ...], days: list[int]
) -> None:
    records = child("P1")
    for number, cm in enumerate(heights, start=1):
        measured = on(10 * number)
        records = row(
            records,
            "anthropometry",
            measured_on=measured,
            height_cm=cm and Decimal(cm),
            bmi_z=Decimal(0),
        )
    ward.admit(records)
    assert [(rule, day) for rule, day, _ in contradictions(ward)] == [
        ("height_falls", day) for day in days
    ]


@pytest.mark.parametrize(
    ("items", "total", "found"),
    [
        ({"stools": "10", "albumin": "10"}, "20", []),
        ({"stools": "10", "albumin": "10"}, "17.5", ["pcdai_total"]),
        (dict.fromkeys(ITEMS, "0") | {"height": None}, "10", []),
        (dict.fromkeys(ITEMS, "0") | {"height": None}, "12.5", ["pcdai_total"]),
        (dict.fromkeys(ITEMS, "0") | {"esr": None}, "5", []),
        (dict.fromkeys(ITEMS, "0") | {"esr": None}, "7.5", ["pcdai_total"]),
        ({}, "100", []),
    ],
    ids=[
        "what is given",
        "less than what is given",
        "the highest height",
        "more than it",
        "the highest ESR",
        "more than it",
        "no items",
    ],
)
def test_a_declared_total_can_be_the_sum_of_its_items(
    ward: Ward, items: dict[str, str | None], total: str, found: list[str]
) -> None:
    score = {name: points for name, points in items.items() if points} | {"total": total}
    given = child("P1", scores={0: "40", 98: "5", 200: score})
    for name, points in items.items():
        given["pcdai_visits"][-1][name] = points and Decimal(points)
    ward.admit(given)
    assert rules(ward) == found


@pytest.mark.parametrize(
    ("part", "codes", "days"),
    [
        ("behaviour", ("B1", "B2", "B2B3"), []),
        ("behaviour", ("B1", "B3", "B2B3"), []),
        ("behaviour", ("B2", "B1"), [20]),
        ("behaviour", ("B2", "B3"), [20]),
        ("behaviour", ("B3", "B2"), [20]),
        ("behaviour", ("B3", "B1"), [20]),
        ("behaviour", ("B2B3", "B2"), [20]),
        ("behaviour", ("B2B3", "B3", "B3"), [20]),
        ("behaviour", ("B2", None, "B1"), [30]),
        ("perianal", (False, True, True), []),
        ("perianal", (True, False), [20]),
        ("perianal", (True, None, False), [30]),
        ("growth", ("G0", "G1"), []),
        ("growth", ("G1", "G0"), [20]),
    ],
)
def test_the_paris_classification_never_goes_back(
    ward: Ward, part: str, codes: tuple[Any, ...], days: list[int]
) -> None:
    records = child("P1")
    for number, code in enumerate(codes, start=1):
        records = row(records, "phenotypes", assessed_on=on(10 * number), **{part: code})
    ward.admit(records)
    assert [(rule, day) for rule, day, _ in contradictions(ward)] == [
        ("phenotype_goes_back", day) for day in days
    ]


def test_every_item_has_a_name_of_its_own(ward: Ward) -> None:
    """Also two of one rule and day, such as two parts of one assessment."""
    records = row(child("P1"), "phenotypes", assessed_on=on(10), behaviour="B2", growth="G1")
    records = row(records, "phenotypes", assessed_on=on(20), behaviour="B1", growth="G0")
    ward.admit(records)
    assert [item.item for item in ward.items(100, kinds=["contradiction"])] == [
        "P1:phenotype_goes_back:2020-01-26:behaviour",
        "P1:phenotype_goes_back:2020-01-26:growth",
    ]


def test_a_contradiction_is_asked_about_in_a_silent_child(ward: Ward) -> None:
    ward.admit(child("P1", infusions=(*INDUCTION, 100)))
    assert [item.rule for item in ward.items(date(2026, 1, 1))] == ["infusion_twice", "silent"]


@pytest.mark.parametrize("known", ["2021", "2021-03", "2021-03-09"])
def test_a_date_is_told_as_far_as_it_is_known(ward: Ward, known: str) -> None:
    # The end is day 200, 2020-07-24, the first infusion 2020-01-06.
    ill = child("P1", onset_on=known, diagnosed_on=known)
    dead = child("P2", drugs=[("azathioprine", 10, known)], end=(200, "died"))
    treated = child("P3", drugs=[("adalimumab", 97, known)])
    ward.admit(ill, dead, treated)
    assert sorted(why for _, _, why in contradictions(ward, 800)) == [
        f"The child died on 2020-07-24, but azathioprine from 2020-01-16 ends on {known}.",
        f"The diagnosis ({known}) lies after the first infusion (2020-01-06).",
        f"The first symptoms ({known}) lie after the first infusion (2020-01-06).",
        f"adalimumab from 2020-04-12 to {known}, but infliximab was infused on 2020-04-13.",
    ]
