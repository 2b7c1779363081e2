"""Random PCDAI visits, and the end of follow-up that may fall on one of them."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from .draft import CUTS, TAILS, Draft, decimals, weighted

FIVES = (
    "abdominal_pain",
    "stools",
    "functioning",
    "albumin",
    "weight",
    "abdomen",
    "perirectal",
    "extraintestinal",
)
HALVES = ("hematocrit", "esr")

REMISSION = decimals("0", "2.5", "5", "7.5")
AROUND_LOSS = decimals("10", "12.5", "15", "15", "17.5", "20")
HIGH = decimals("17.5", "20", "22.5", "30", "45", "100")
# A stop is twice as likely as the others: what follows a loss of response turns on it.
END_REASONS = (
    "ifx_stopped",
    "ifx_stopped",
    "transferred_to_adult_care",
    "lost_to_follow_up",
    "died",
)


def items_for(draft: Draft, total: Decimal, with_height: bool) -> dict[str, Decimal] | None:
    """Random items that add up to a total, or None if they cannot."""
    units = int(total / Decimal("2.5"))
    halves = {name: draft.rng.randrange(3) for name in HALVES}
    if (units - sum(halves.values())) % 2:
        halves["esr"] += 1 if halves["esr"] < 2 else -1
    rest = (units - sum(halves.values())) // 2
    names = [*FIVES, "height"] if with_height else list(FIVES)
    if not 0 <= rest <= 2 * len(names):
        return None
    steps = dict.fromkeys(names, 0)
    for _ in range(rest):
        name = draft.pick([name for name in names if steps[name] < 2])
        steps[name] += 1
    items = {name: Decimal(5) * count for name, count in steps.items()}
    return items | {name: Decimal("2.5") * count for name, count in halves.items()}


def add_visit(draft: Draft, on: date, total: Decimal) -> None:
    """A visit with a score, which is declared, or computed from items, or both."""
    form = weighted(
        draft.rng,
        [
            (40, "items and total"),
            (18, "items"),
            (12, "no height"),
            (8, "no height, total"),
            (16, "total"),
            (6, "some items and total"),
        ],
    )
    items = None
    if form != "total":
        items = items_for(draft, total, with_height=not form.startswith("no height"))
    if items is None:
        draft.add("pcdai_visits", visited_on=on, total=total)
        return
    if form == "some items and total":
        items.pop(draft.pick(FIVES))
        items.pop(draft.pick(HALVES))
    declared = total if form.endswith("total") else None
    draft.add("pcdai_visits", visited_on=on, total=declared, **items)


def baseline_score(draft: Draft) -> Decimal:
    return weighted(
        draft.rng,
        [
            (55, draft.pick(decimals("30", "32.5", "37.5", "40", "52.5", "75", "100"))),
            (30, draft.pick(decimals("15", "17.5", "22.5", "25", "27.5"))),
            (7, draft.pick(decimals("10", "12.5"))),
            (8, draft.pick(REMISSION)),
        ],
    )


def add_baseline(draft: Draft) -> Decimal:
    """Visits before t0, inside and outside the window; returns the score that matters."""
    outside = [-29, -30, -60, 1, 3]
    if "no_baseline_pcdai" in draft.troubles:
        for number in draft.rng.sample(outside, draft.rng.randrange(3)):
            add_visit(draft, draft.day(number), baseline_score(draft))
        return baseline_score(draft)
    score = baseline_score(draft)
    nearest = draft.pick((0, 0, -1, -1, -3, -14, -14, -27, -28, -28))
    add_visit(draft, draft.day(nearest), score)
    for number in (-29, -28, -27, -15, -2, 1):
        if (number < nearest or number > 0) and draft.chance(0.12):
            add_visit(draft, draft.day(number), baseline_score(draft))
    return score


def week14_score(draft: Draft, baseline: Decimal) -> Decimal:
    """A score at the limits of response and of remission against a baseline."""
    if "primary_non_response" in draft.troubles:
        drop = draft.pick(decimals("12.5", "12.5", "10", "0", "-15"))
        if baseline - 15 < 10 <= baseline and draft.chance(0.5):
            # No remission yet, and so no response by a definition that lets remission count.
            return Decimal(10)
    else:
        drop = draft.pick(decimals("15", "15", "15", "17.5", "20", "25", "40"))
        if baseline - 15 >= 10 and draft.chance(0.15):
            return Decimal(10)
        if draft.chance(0.3):
            return draft.pick(REMISSION)
    return max(Decimal(0), min(Decimal(100), baseline - drop))


def week14_days(draft: Draft) -> list[int]:
    """Days of the candidates: at the ends of the window, in ties, on both sides of infusion 4."""
    if "no_week14_pcdai" in draft.troubles:
        return draft.pick(([], [83], [113], [83, 113], [70, 130], [60]))
    fourth = (draft.fourth_on() - draft.start_on).days
    apart = draft.rng.randrange(1, 15)
    return weighted(
        draft.rng,
        [
            (3, [98]),
            (3, [draft.rng.randrange(84, 113)]),
            (2, [draft.pick((84, 112))]),
            (4, [98 - apart, 98 + apart]),
            (3, [98 - apart, 98 + apart, 98]),
            (3, [fourth - draft.pick((1, 3, 10)), fourth + 1]),
            (3, [fourth, fourth + draft.pick((1, 2, 5))]),
            (3, [fourth - 6, fourth - 2]),
            (2, [84, fourth + 1, 98]),
            (1, [83, 84, 112, 113]),
            (1, [84 + draft.rng.randrange(29) for _ in range(4)]),
        ],
    )


def add_follow_up_visits(draft: Draft, week14: Decimal, from_day: int) -> None:
    """Visits after W: quiet, or lost from some visit on, or going up and down at the threshold."""
    rng = draft.rng
    count = rng.choice((0, 1, 2, 4, 6, 9))
    numbers = sorted(from_day + rng.randrange(1, 1500) for _ in range(count))
    if rng.random() < 0.2:
        # The day after W is the first that can be a loss.
        numbers.insert(0, from_day + 1)
    later = [(on - draft.start_on).days for on in draft.infusion_days()]
    later = [number for number in later if number > from_day]
    if later and rng.random() < 0.4:
        # On days of infusions, one of which may be the step up that answers the loss.
        numbers = sorted({*numbers, *rng.sample(later, min(len(later), 3))})
    course = weighted(rng, [(55, "quiet"), (25, "lost"), (20, "unsteady")])
    lost_from = rng.randrange(max(1, len(numbers)))
    for place, number in enumerate(numbers):
        if course == "unsteady":
            score = rng.choice([*AROUND_LOSS, *HIGH, week14, week14 + Decimal("2.5")])
        elif course == "lost" and place >= lost_from:
            score = rng.choice([*HIGH, Decimal(15), week14])
        else:
            score = rng.choice([*REMISSION, *REMISSION, Decimal(10), Decimal("12.5"), Decimal(15)])
        add_visit(draft, draft.day(number), min(score, Decimal(100)))


def add_visits(draft: Draft) -> None:
    """All visits of a patient, but for those on the day of an end of follow-up drawn later."""
    baseline = add_baseline(draft)
    days = week14_days(draft)
    week14 = week14_score(draft, baseline)
    for number in days:
        add_visit(draft, draft.day(number), week14)
        week14 = week14_score(draft, baseline)
    for number in (14, 42, 60):
        if draft.chance(0.15):
            add_visit(draft, draft.day(number), draft.pick([*REMISSION, *HIGH]))
    add_follow_up_visits(draft, week14, max([*days, 98]))
    for end in draft.ends():
        if end > draft.day(112) and draft.chance(0.12):
            off = draft.pick((0, 0, 1, -1))
            add_visit(draft, end + timedelta(days=off), draft.pick([*AROUND_LOSS, *REMISSION]))


def add_end_of_follow_up(draft: Draft) -> None:
    """No end, or one on the day of a loss, of W, of the tail or of the cut, or a day beside it."""
    if draft.chance(0.35):
        return
    rng = draft.rng
    last_on = max(draft.infusion_days(), default=draft.day(98))
    tail_on = last_on + timedelta(days=rng.choice(TAILS))
    high_days = [
        row["visited_on"]
        for row in draft.records["pcdai_visits"]
        if row["visited_on"] > draft.day(112) and row["total"] is not None and row["total"] > 15
    ]
    window_days = [
        row["visited_on"]
        for row in draft.records["pcdai_visits"]
        if draft.day(84) <= row["visited_on"] <= draft.day(112)
    ]
    beside = timedelta(days=rng.choice((0, 0, 0, -1, 1)))
    options = [
        (25, last_on + timedelta(days=rng.choice((0, 0, 0, 1, 14, 30, 56, 200)))),
        (25, draft.day(rng.randrange(120, 1200))),
        (12, tail_on),
        (12, last_on + timedelta(days=56)),
        (10, rng.choice(CUTS) + beside),
        (3, last_on - timedelta(days=rng.choice((1, 30, 120)))),
        (2, draft.day(rng.choice((83, 84, 98, 112)))),
    ]
    if high_days:
        options.append((30, rng.choice(high_days) + beside))
    if window_days:
        options.append((6, rng.choice(window_days) + beside))
    if draft.chance(0.01):
        # An end before the first infusion: nothing in the format forbids it.
        options = [(1, draft.day(-rng.choice((1, 20))))]
    ended_on = weighted(rng, options)
    note = rng.choice((None, None, "moved away"))
    draft.add("follow_up_ends", ended_on=ended_on, reason=rng.choice(END_REASONS), note=note)
    if ended_on > draft.day(112) and draft.chance(0.3):
        off = timedelta(days=rng.choice((0, 0, 1)))
        add_visit(draft, ended_on + off, rng.choice([*AROUND_LOSS, *HIGH]))
