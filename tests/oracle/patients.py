"""Random patients, dense in the cases on which readings of the rules part.

Every patient is valid by the import format. Most would enter the study's cohort but for the edges
that are drawn; the others are given one or two reasons for exclusion.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from .cohort import write_csv
from .draft import CUTS, LAST_DAY, TAILS, Draft, decimals, weighted
from .patient_clinic import add_clinic
from .patient_visits import add_end_of_follow_up, add_visits
from .records import Records, birthday, middle_of

__all__ = ["random_patient", "random_patients", "write_csv"]

TROUBLES = (
    "no_infliximab",
    "not_crohns_disease",
    "age_18_or_over",
    "prior_biologic",
    "contraindication",
    "fewer_than_4_infusions",
    "late_induction_infusion",
    "no_baseline_pcdai",
    "no_week14_pcdai",
    "primary_non_response",
)

LEAP_BIRTHS = (date(2004, 2, 29), date(2008, 2, 29), date(2012, 2, 29))


def draw_troubles(rng: Random) -> frozenset[str]:
    """None for most; two at once show that the order of the reasons is kept."""
    count = weighted(rng, [(62, 0), (32, 1), (6, 2)])
    return frozenset(rng.sample(TROUBLES, count))


def draw_start(rng: Random) -> date:
    """The first infusion: any time, or so that week 14 falls around a data cut."""
    if rng.random() < 0.12:
        days = rng.choice((0, 1, 83, 84, 97, 98, 99, 112, 113, 150, 281, 282))
        return rng.choice(CUTS) - timedelta(days=days)
    if rng.random() < 0.04:
        # Half a year, or a day less than that, after the middle of the year.
        return date(rng.randrange(2016, 2022), 12, rng.choice((30, 31)))
    return date(2015, 9, 1) + timedelta(days=rng.randrange(365 * 7 + 200))


def birth_for_age(start_on: date, years: int, days_older: int) -> date:
    """The birth of someone who is so many years and days old on a day."""
    birth = start_on - timedelta(days=days_older)
    return birthday(birth, -years)


def draw_birth_and_start(rng: Random, troubles: frozenset[str]) -> tuple[date, date]:
    """Birth and first infusion, with 18th birthdays and births on 29 February among them."""
    start_on = draw_start(rng)
    if "no_infliximab" in troubles and rng.random() < 0.5:
        # The first infusion is not seen by the study, which ends before it.
        start_on = CUTS[0] + timedelta(days=rng.choice((1, 2, 30, 200)))
    if "age_18_or_over" in troubles:
        if rng.random() < 0.3:
            return LEAP_BIRTHS[0], rng.choice((date(2022, 3, 1), date(2022, 3, 2)))
        return birth_for_age(
            start_on, rng.choice((18, 18, 19)), rng.choice((0, 0, 1, 300))
        ), start_on
    if rng.random() < 0.04:
        return LEAP_BIRTHS[0], date(2022, 2, 28)
    if rng.random() < 0.06:
        # Whose sixth birthdays are 1 March, in reach of the date of onset.
        return rng.choice(LEAP_BIRTHS[1:]), date(2018, 3, 1) + timedelta(days=rng.randrange(1300))
    if rng.random() < 0.06:
        return birth_for_age(start_on, 18, rng.choice((-1, -2))), start_on
    if rng.random() < 0.06:
        # The sixth birthday then falls on the middle of a year or of a month, or beside it.
        month, day = rng.choice(((6, 30), (7, 1), (7, 2), (3, 14), (3, 15), (3, 16)))
        return date(start_on.year - rng.randrange(8, 15), month, day), start_on
    years = rng.choice((1, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17))
    # On a birthday or the day before it too: a definition may have another limit of age.
    older = weighted(rng, [(9, rng.randrange(365)), (1, rng.choice((0, -1)))])
    return birth_for_age(start_on, years, older), start_on


def iso_part(day: date, precision: str) -> str:
    return {"year": f"{day:%Y}", "month": f"{day:%Y-%m}", "day": day.isoformat()}[precision]


def first_day(text: str) -> date:
    """The first day of a possibly partial date's period."""
    return date.fromisoformat(f"{text}-01-01"[:10])


def draw_onset(draft: Draft) -> str | None:
    """First symptoms: near the limits of age and duration, partial or not, or not known."""
    rng, birth, start = draft.rng, draft.birth_date, draft.start_on
    sixth = birthday(birth, 6)
    life = max((start - birth).days, 1)
    near_sixth = sixth + timedelta(days=rng.choice((-1, -1, 0, 0, 1)))
    near_half_year = draft.day(-rng.choice((181, 182, 182, 183, 183, 184)))
    before_six = birth + timedelta(days=rng.randrange(min(life, 6 * 365)))
    any_time = birth + timedelta(days=rng.randrange(life))
    edge_day = rng.choice((start, draft.day(-1), birth))
    day = weighted(
        rng,
        [
            (12, near_sixth if near_sixth <= start else any_time),
            (15, max(near_half_year, birth)),
            (18, before_six),
            (36, any_time),
            (6, draft.day(-rng.randrange(1, 200))),
            (4, edge_day),
        ],
    )
    day = max(day, birth)
    if draft.chance(0.01):
        # Entered wrongly or late, but nothing in the format forbids it.
        return min(draft.day(rng.choice((1, 200, 900))), LAST_DAY).isoformat()
    if draft.chance(0.1):
        return None
    if birth.month in {3, 6, 7} and sixth < start and draft.chance(0.2):
        return iso_part(sixth, "month" if birth.month == 3 else "year")
    if (start.month, start.day) in {(12, 30), (12, 31)} and draft.chance(0.5):
        return iso_part(max(start, birth), "year")
    if draft.chance(0.25):
        # The middle of these periods often lies before birth, after t0 or across the limit.
        day = rng.choice((day, day, birth, start, max(min(sixth, start), birth)))
        return iso_part(day, rng.choice(("year", "month")))
    return day.isoformat()


def draw_diagnosis_day(draft: Draft, onset: str | None) -> str | None:
    """The day of diagnosis, never before onset whichever day a partial date is taken for."""
    if draft.chance(0.25):
        return None
    day = draft.day(-draft.rng.choice((0, 1, 30, 181, 182, 183, 184, 400, 1000)))
    day = max(day, draft.birth_date)
    text = iso_part(day, weighted(draft.rng, [(8, "day"), (1, "month"), (1, "year")]))
    if onset is not None and (
        middle_of(text) < middle_of(onset) or first_day(text) < first_day(onset)
    ):
        return onset
    return text


def add_person(draft: Draft) -> None:
    onset = draw_onset(draft)
    diagnosed = draw_diagnosis_day(draft, onset)
    other = draft.pick(("UC", "IBDU"))
    draft.records["patients"].append(
        {
            "patient_id": draft.patient_id,
            "centre": "BCH",
            "sex": draft.pick(("female", "male")),
            "birth_date": draft.birth_date,
            "onset_on": onset,
            "diagnosed_on": diagnosed,
            "diagnosis": other if "not_crohns_disease" in draft.troubles else "CD",
        }
    )


def induction_days(draft: Draft) -> list[int]:
    """Days of infusions 1 to 4: on the day, or off it by as much as is tolerated, or a day more."""
    rng = draft.rng
    if "late_induction_infusion" not in draft.troubles and rng.random() < 0.06:
        # The last interval is shorter than the one before, and still belongs to the induction.
        return [0, 7, 56, 90]
    steady = rng.random() < 0.4
    late = None
    if "late_induction_infusion" in draft.troubles:
        late = rng.randrange(3)
    days = [0]
    for place, (day, tolerance) in enumerate(((14, 7), (42, 14), (98, 28))):
        off = 0 if steady else rng.choice((0, 1, -1, tolerance, -tolerance, tolerance - 1))
        if place == late:
            off = rng.choice((1, -1)) * (tolerance + rng.choice((1, 1, 3)))
        days.append(day + off)
    return days


def infusion_plan(draft: Draft) -> list[int]:
    """The days of all infusions; after the induction, intervals that shorten by 6, 7 or 8 days."""
    rng = draft.rng
    days = induction_days(draft)
    if "fewer_than_4_infusions" in draft.troubles:
        return days[: rng.randrange(1, 4)]
    # Long enough for some to be treated beyond every data cut.
    more = weighted(rng, [(2, 0), (3, rng.randrange(1, 6)), (4, rng.randrange(6, 30)), (1, 80)])
    interval = 56
    for _ in range(more):
        if rng.random() < 0.2:
            interval += rng.choice((-6, -7, -7, -8, 7, 8, -14))
        if rng.random() < 0.03:
            interval += 100
        interval = max(21, min(interval, 170))
        days.append(days[-1] + interval)
    return days


def add_infusions(draft: Draft) -> None:
    """Doses per kg at 7 and beside it, and steps of 1 mg/kg and beside it."""
    if "no_infliximab" in draft.troubles and draft.start_on <= CUTS[0]:
        return
    rng = draft.rng
    weight = Decimal(rng.randrange(120, 700)) / 10
    per_kg = rng.choice(decimals("5", "5", "6", "6.9", "7", "7", "7.1", "8", "10"))
    for number in infusion_plan(draft):
        dose = weight * per_kg
        if rng.random() < 0.1:
            dose += rng.choice(decimals("0.1", "-0.1"))
        draft.add(
            "infusions",
            infused_on=draft.day(number),
            dose_mg=dose,
            weight_kg=weight,
            product=rng.choice(("infliximab", "CT-P13", None)),
        )
        if rng.random() < 0.3:
            weight += rng.choice(decimals("0.3", "1.1", "-0.4"))
        if rng.random() < 0.15:
            per_kg += rng.choice(decimals("1", "1", "0.9", "1.1", "-1", "0.99"))
            per_kg = max(Decimal(3), min(per_kg, Decimal(15)))


def end_infusions_before_a_cut(draft: Draft) -> None:
    """Makes the tail after the last infusion end on the day of a data cut, or a day beside it."""
    days = draft.infusion_days()
    # Mostly the cut and the tail of the presets, so that the two meet there.
    cut = weighted(draft.rng, [(7, CUTS[0]), (3, draft.pick(CUTS))])
    tail = weighted(draft.rng, [(7, 56), (3, draft.pick(TAILS))])
    last_on = cut - timedelta(days=tail + draft.pick((0, 0, 0, 1, -1)))
    if len(days) < 5 or last_on <= days[3]:
        return
    infusions = draft.records["infusions"]
    infusions[:] = [row for row in infusions if row["infused_on"] < last_on]
    draft.add("infusions", **(infusions[-1] | {"infused_on": last_on}))


def random_patient(rng: Random, number: int) -> Records:
    """One valid patient; the same generator state and number give the same patient."""
    troubles = draw_troubles(rng)
    birth_date, start_on = draw_birth_and_start(rng, troubles)
    draft = Draft(rng, f"R{number:06d}", birth_date, start_on, troubles)
    add_person(draft)
    add_infusions(draft)
    if draft.chance(0.1):
        end_infusions_before_a_cut(draft)
    add_visits(draft)
    add_end_of_follow_up(draft)
    add_clinic(draft)
    for table, rows in draft.records.items():
        if table != "patients":
            # The order of the rows in a file says nothing, and no rule may lean on it.
            rng.shuffle(rows)
    return draft.records


def random_patients(seed: int, count: int) -> Iterable[Records]:
    """So many patients; the same seed gives the same."""
    rng = Random(seed)
    return (random_patient(rng, number) for number in range(1, count + 1))
