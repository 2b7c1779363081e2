"""Sentences on cohort, response and loss, and a child on either side of each number."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from tests.views.clinic import INDUCTION, START

Child = dict[str, Any]
"""What a child has that others have not: arguments of `clinic.child`."""
NUMBER = r"(-?\d+(?:\.\d+)?)"
AFTER = 160
"""A day on which the children that lose response do so."""


@dataclass(frozen=True)
class Case:
    """A sentence, where its number stands in it, and a child on either side of it.

    `inside` and `outside` take the number; `seen` is what the views say of the first and not of the
    second. `also` are further changes of the definition, without which nothing would turn there.
    """

    parameter: str
    values: tuple[str, ...]
    says: str
    inside: Callable[[Decimal], Child]
    outside: Callable[[Decimal], Child] | None
    seen: str
    view: str = "status"
    also: tuple[str, ...] = ()


def days_of_induction(number: int, day: Decimal) -> Child:
    """The weeks of induction with one infusion on another day."""
    days = list(INDUCTION)
    days[number - 1] = int(day)
    return {"infusions": days}


def loses(scores: dict[int, Any]) -> Child:
    """A responder with these scores after week 14, or in place of those before."""
    return {"scores": {day: str(score) for day, score in ({0: 40, 98: 5} | scores).items()}}


def born(years: Decimal, days: int) -> str:
    """A birth date that makes the child so old at the first infusion, and days older."""
    return str(START.replace(year=START.year - int(years)) - timedelta(days=days))


INFUSIONS = (
    rf"lay within {NUMBER}, {NUMBER} and {NUMBER} days of days {NUMBER}, {NUMBER} and {NUMBER}"
)


def in_list(pattern: str, place: int) -> str:
    """The pattern with only its number at a place caught."""
    parts = pattern.split(NUMBER)
    caught = [NUMBER if i == place else NUMBER.replace("(-", "(?:-", 1) for i in range(6)]
    return "".join(part + (caught[i] if i < len(parts) - 1 else "") for i, part in enumerate(parts))


def induction() -> Iterator[Case]:
    for number, day, tolerance in ((2, 14, 7), (3, 42, 14), (4, 98, 28)):
        yield Case(
            f"induction_tolerance_{number}",
            (str(tolerance), "0", "1"),
            in_list(INFUSIONS, number - 2),
            lambda n, number=number, day=day: days_of_induction(number, day + n),
            lambda n, number=number, day=day: days_of_induction(number, day + n + 1),
            "eligible",
        )
        yield Case(
            f"induction_day_{number}",
            (str(day), str(day - 4)),
            in_list(INFUSIONS, number + 1),
            lambda n, number=number, off=tolerance: days_of_induction(number, n - off),
            lambda n, number=number, off=tolerance: days_of_induction(number, n - off - 1),
            "eligible",
        )


CASES = [
    Case(
        "age_limit_years",
        ("18", "12"),
        rf"below {NUMBER} years of age",
        lambda n: {"birth_date": born(n, -1)},
        lambda n: {"birth_date": born(n, 0)},
        "eligible",
    ),
    Case(
        "required_infusions",
        ("4", "3", "2", "1"),
        rf"received at least {NUMBER} infusions?\.",
        lambda n: {"infusions": INDUCTION[: int(n)]},
        lambda n: {"infusions": INDUCTION[: int(n) - 1]},
        "eligible",
    ),
    # Whatever the number needed, one that was given is held to its day.
    Case(
        "required_infusions",
        ("2", "1"),
        rf"at least {NUMBER} infusions?\. Of infusions 2, 3 and 4 those that were given lay within",
        lambda _: {"infusions": (0, 14, 56)},
        lambda _: {"infusions": (0, 14, 57)},
        "eligible",
    ),
    *induction(),
    Case(
        "baseline_window_days",
        ("28", "0", "1"),
        rf"The baseline score is the last on the day of the first infusion or up to {NUMBER} day",
        lambda n: {"scores": {-int(n): "40", 98: "5"}},
        lambda n: {"scores": {-int(n) - 1: "40", 98: "5"}},
        "eligible",
    ),
    Case(
        "week14_target_day",
        ("98", "91"),
        rf"nearest to day {NUMBER}",
        # The nearer one is seen, before it or after it.
        lambda n: {
            "infusions": (0, 14, 42, 112),
            "scores": {0: "40", int(n) - 1: "5", int(n) + 2: "35"},
        },
        lambda n: {
            "infusions": (0, 14, 42, 112),
            "scores": {0: "40", int(n) - 2: "5", int(n) + 1: "35"},
        },
        "week14_on - start_on = {n} - 1",
    ),
    Case(
        "week14_from_day",
        ("84", "70"),
        rf"from day {NUMBER} to day",
        lambda n: {"scores": {0: "40", int(n): "5"}},
        lambda n: {"scores": {0: "40", int(n) - 1: "5"}},
        "eligible",
    ),
    Case(
        "week14_to_day",
        ("112", "105"),
        rf"to day {NUMBER}, not after",
        lambda n: {"scores": {0: "40", int(n): "5"}},
        lambda n: {"scores": {0: "40", int(n) + 1: "5"}},
        "eligible",
    ),
    Case(
        "response_drop",
        ("15", "20", "2.5"),
        rf"a fall from baseline to week 14 of at least {NUMBER} points",
        lambda n: loses({98: 40 - n}),
        lambda n: loses({98: 40 - n + Decimal("2.5")}),
        "eligible",
    ),
    Case(
        "remission_below",
        ("10", "12.5"),
        rf"Remission is a score below {NUMBER} at week 14",
        lambda n: loses({98: n - Decimal("2.5")}),
        lambda n: loses({98: n}),
        "induction_outcome = 'remission'",
    ),
    Case(
        "consent_required",
        ("yes",),
        rf"received at least {NUMBER} infusion.*no consent to research is recorded",
        lambda _: {"consents": [(-10, "research", None)]},
        lambda _: {"consents": [(-10, "contact", None)]},
        "eligible",
    ),
    Case(
        "consent_required",
        ("no",),
        rf"received at least {NUMBER} infusion.*consent to research was withdrawn are left out",
        lambda _: {},
        lambda _: {"consents": [(-10, "research", 100)]},
        "eligible",
    ),
    Case(
        "remission_overrides_drop",
        ("yes",),
        rf"or whatever the fall a score below {NUMBER} at week 14",
        lambda n: loses({0: 15, 98: n - Decimal("2.5")}),
        lambda n: loses({0: 15, 98: n}),
        "eligible",
    ),
    Case(
        "remission_overrides_drop",
        ("no",),
        rf"at least {NUMBER} points; without it a low score at week 14 does not count",
        lambda n: loses({0: n, 98: 0}),
        lambda n: loses({0: n - Decimal("2.5"), 98: 0}),
        "eligible",
    ),
    Case(
        "lor_above",
        ("15", "10", "0"),
        rf"first PCDAI above {NUMBER} after",
        lambda n: loses({AFTER: n + Decimal("2.5"), 98: 0}),
        lambda n: loses({AFTER: n, 98: 0}),
        "event",
    ),
    Case(
        "lor_requires_rise",
        ("yes",),
        r"The score must also lie above that of week (14)\.",
        lambda _: loses({98: 20, AFTER: "22.5"}),
        lambda _: loses({98: 20, AFTER: 20}),
        "event",
    ),
    Case(
        "lor_requires_rise",
        ("no",),
        rf"first PCDAI above {NUMBER} after (?!.*The score must also)",
        lambda n: loses({98: 20, AFTER: 20}),
        lambda n: loses({98: 20, AFTER: n}),
        "event",
    ),
    Case(
        "lor_confirmations",
        ("2",),
        rf"first PCDAI above {NUMBER} after .* The next score within .* must show it too",
        lambda _: loses({AFTER: 20, 180: 20}),
        lambda _: loses({AFTER: 20, 180: 5, 200: 20}),
        "event",
    ),
    Case(
        "lor_confirmations",
        ("1",),
        rf"first PCDAI above {NUMBER} after (?!.*The next score within)",
        lambda _: loses({AFTER: 20, 180: 5}),
        lambda n: loses({AFTER: n, 180: 5}),
        "event",
    ),
    Case(
        "time_zero",
        ("first_infusion",),
        r"Time counts from the first infusion",
        lambda _: {},
        None,
        "time_days = end_on - start_on",
    ),
    Case(
        "time_zero",
        ("week14_visit",),
        r"Time counts from the day of the week-14 score",
        lambda _: {},
        None,
        "time_days = end_on - week14_on",
    ),
    Case(
        "exposure_tail_days",
        ("56", "100", "1"),
        rf"It ends at the latest {NUMBER} days? after the last infusion",
        lambda n: loses({98 + int(n): 20}),
        lambda n: loses({98 + int(n) + 1: 20}),
        "event",
    ),
    Case(
        "exposure_tail_days",
        ("none",),
        r"Observation ends with (?!.*days? after the last infusion)",
        lambda _: loses({1000: 20}),
        None,
        "event",
    ),
    Case(
        "data_cut",
        ("2023-12-31", "2021-06-01"),
        r"The data cut is (\d{4}-\d\d-\d\d): observation ends there at the latest",
        lambda n: loses({int(n): 20}),
        lambda n: loses({int(n) + 1: 20}),
        "event",
    ),
    Case(
        "data_cut",
        ("none",),
        r"There is no data cut: observation ends at the latest on (\d{4}-\d\d-\d\d)",
        lambda n: loses({int(n): 20}),
        None,
        "event",
    ),
]
