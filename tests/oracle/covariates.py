"""The 21 covariates of the univariate table: True, False, or None where the data do not say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from .definition import Definition
from .records import (
    Measured,
    Records,
    Row,
    birthday,
    counted_stop,
    is_partial,
    latest_stop,
    middle_of,
)
from .rules import Course, observe, status_of

ZScore = Callable[[str, str, int, Fraction], Fraction | Decimal | float | None]
"""A growth reference: measure ('bmi'), sex, age in days, value -> Z-score, or None outside it."""

IMMUNOMODULATORS = {"azathioprine", "mercaptopurine", "methotrexate"}
GLUCOCORTICOIDS = {
    "prednisone",
    "prednisolone",
    "methylprednisolone",
    "budesonide",
    "hydrocortisone",
}

# Month = 30.4375 days.
DAYS_PER_MONTH = Fraction(304375, 10000)

# To the analyte's own unit; units are converted before anything is held to a limit.
TO_OWN_UNIT = {
    ("CRP", "mg/dL"): Decimal(10),
    ("HGB", "g/dL"): Decimal(10),
    ("ALB", "g/dL"): Decimal(10),
}

VALUE_NAMES = {
    "CRP": "crp",
    "ESR": "esr",
    "WBC": "wbc",
    "HGB": "hb",
    "PLT": "plt",
    "ALB": "alb",
}

# How much of a date is known, by its length as text.
PRECISIONS = {4: "year", 7: "month", 10: "day"}


def calendar_day(text: str | None, course: Course) -> date | None:
    """The day a date of onset or diagnosis stands for.

    A partial one is the middle of its period, but never before birth nor after t0; a full one is
    taken as it is.
    """
    assert course.start_on is not None
    if text is None:
        return None
    day = middle_of(text)
    if is_partial(text):
        day = min(day, course.start_on)
        day = max(day, course.patient["birth_date"])
    return day


def very_early_onset(course: Course, definition: Definition) -> bool | None:
    """Onset before the sixth birthday; on the birthday is not before it."""
    onset_on = calendar_day(course.patient["onset_on"], course)
    if onset_on is None:
        return None
    return onset_on < birthday(course.patient["birth_date"], definition.veo_years)


def long_duration(course: Course, definition: Definition) -> bool | None:
    """At least six months from onset (or diagnosis, where the definition says so) to t0."""
    assert course.start_on is not None
    column = "diagnosed_on" if definition.duration_origin == "diagnosis" else "onset_on"
    origin = calendar_day(course.patient[column], course)
    if origin is None:
        return None
    return (course.start_on - origin).days >= Fraction(definition.duration_months) * DAYS_PER_MONTH


def high_first_dose(course: Course, definition: Definition) -> bool:
    """At least 7 mg/kg, held as dose against 7 times the weight: no quotient is rounded."""
    first = course.infusions[0]
    return Fraction(first["dose_mg"]) >= Fraction(definition.dose_mg_per_kg) * Fraction(
        first["weight_kg"]
    )


def in_window(day: date, course: Course, definition: Definition) -> bool:
    """Whether a day lies in the 30 days up to t0, both ends included."""
    assert course.start_on is not None
    return timedelta(0) <= course.start_on - day <= timedelta(definition.covariate_window_days)


def bmi_z_of(row: Row, course: Course, z_score: ZScore | None) -> Fraction | None:
    """The Z-score entered, which wins over one computed from height and weight of the same row."""
    if row["bmi_z"] is not None:
        return Fraction(row["bmi_z"])
    if z_score is None or row["height_cm"] is None or row["weight_kg"] is None:
        return None
    metres = Fraction(row["height_cm"]) / 100
    bmi = Fraction(row["weight_kg"]) / (metres * metres)
    age_days = (row["measured_on"] - course.patient["birth_date"]).days
    computed = z_score("bmi", course.patient["sex"], age_days, bmi)
    return None if computed is None else Fraction(computed)


def low_bmi_z(course: Course, definition: Definition, z_score: ZScore | None) -> bool | None:
    """The last row of the window that has a Z-score, entered or computed, decides."""
    rows = sorted(course.records["anthropometry"], key=lambda row: row["measured_on"])
    value = None
    for row in rows:
        if in_window(row["measured_on"], course, definition):
            of_row = bmi_z_of(row, course, z_score)
            value = of_row if of_row is not None else value
    return None if value is None else value <= Fraction(definition.bmi_z_at_most)


def moderate_or_severe(course: Course, definition: Definition) -> bool | None:
    """By B; a score of remission at baseline has neither level."""
    assert course.baseline is not None
    if course.baseline.score < definition.mild_from:
        return None
    return course.baseline.score >= definition.moderate_from


def severity(course: Course, definition: Definition) -> str:
    """The band of the index in which B lies."""
    assert course.baseline is not None
    bands = (
        ("severe", definition.severe_from),
        ("moderate", definition.moderate_from),
        ("mild", definition.mild_from),
    )
    return next((band for band, from_ in bands if course.baseline.score >= from_), "remission")


def last_phenotype(course: Course) -> Row | None:
    """The last assessment on or before t0, however old."""
    assert course.start_on is not None
    rows = [row for row in course.records["phenotypes"] if row["assessed_on"] <= course.start_on]
    return max(rows, key=lambda row: row["assessed_on"]) if rows else None


def phenotype_levels(course: Course) -> dict[str, bool | None]:
    """The five covariates of the last assessment, whose empty fields no earlier one fills."""
    row = last_phenotype(course)
    if row is None:
        return dict.fromkeys(
            ("perianal", "location_l2", "upper_gi", "behaviour_b2_b3", "growth_delay")
        )
    # Upper disease alone (`none`) is neither L2 nor L1 or L3.
    location_known = row["location"] in {"L1", "L2", "L3"}
    return {
        "perianal": row["perianal"],
        "location_l2": row["location"] == "L2" if location_known else None,
        # Here an empty field says that there is no upper disease.
        "upper_gi": row["upper_gi"] is not None,
        "behaviour_b2_b3": None if row["behaviour"] is None else row["behaviour"] != "B1",
        "growth_delay": None if row["growth"] is None else row["growth"] == "G1",
    }


def last_lab(analyte: str, course: Course, definition: Definition) -> Measured | None:
    """The last value of the window, in the analyte's own unit; later than others, it decides."""
    rows = [
        row
        for row in course.records["lab_results"]
        if row["analyte"] == analyte and in_window(row["collected_on"], course, definition)
    ]
    if not rows:
        return None
    row = max(rows, key=lambda row: row["collected_on"])
    factor = TO_OWN_UNIT.get((analyte, row["unit"]), Decimal(1))
    return Measured(row["value"].comparator, row["value"].number * factor)


def above(value: Measured | None, limit: Decimal) -> bool | None:
    """Whether a value is above a limit, if it can be said."""
    if value is None:
        return None
    if value.comparator is None:
        return value.number > limit
    if value.comparator == ">":
        # Above 12 or more is above 12; above 11 may be 11.5.
        return True if value.number >= limit else None
    # Below 12 or less is not above 12; below 20 may be either.
    return False if value.number <= limit else None


def below(value: Measured | None, limit: Decimal) -> bool | None:
    """Whether a value is below a limit, if it can be said."""
    if value is None:
        return None
    if value.comparator is None:
        return value.number < limit
    if value.comparator == "<":
        return True if value.number <= limit else None
    return False if value.number >= limit else None


def counted_courses(drugs: set[str], course: Course, definition: Definition) -> list[Row]:
    """The courses of a class, without those of an unknown stop where the definition says so."""
    return [
        row
        for row in course.records["medications"]
        if row["drug"] in drugs
        and not (row["stopped_on"] == "unknown" and definition.unknown_stop == "left_out")
    ]


def days_on(drugs: set[str], course: Course, definition: Definition) -> int:
    """Days on any drug of a class between t0 and the end of observation, each day counted once.

    A course counts from t0 if it began before, to the end of observation if it is still open or
    stopped later, and a day of it is one between its start and its stop: stop minus start. That it
    runs on past a loss of response does not shorten it.
    """
    assert course.start_on is not None
    assert course.end_on is not None
    days: set[int] = set()
    for row in counted_courses(drugs, course, definition):
        first = max(row["started_on"], course.start_on)
        stop = course.end_on
        if (until := counted_stop(row)) is not None:
            stop = min(until, course.end_on)
        days.update(range(first.toordinal(), stop.toordinal()))
    return len(days)


def stops_known_to(course: Course, definition: Definition) -> str | None:
    """The least known stop among the courses that lie in the observation, or may.

    A stop that nobody knows may lie there whenever the course began, up to the end.
    """
    assert course.start_on is not None
    assert course.end_on is not None
    known = set()
    for row in counted_courses(IMMUNOMODULATORS | GLUCOCORTICOIDS, course, definition):
        stop = row["stopped_on"]
        if stop is None:
            continue
        first = max(row["started_on"], course.start_on)
        if first < min(latest_stop(row), course.end_on):
            known.add(_known_to(stop))
    return max(known, key=("day", "month", "year", "unknown").index, default=None)


def _known_to(stop: date | str) -> str:
    if isinstance(stop, date):
        return "day"
    if stop == "unknown":
        return stop
    return "year" if len(stop) == len("YYYY") else "month"


def covariates(
    records: Records, definition: Definition, z_score: ZScore | None = None
) -> dict[str, bool | None] | None:
    """The covariates of an eligible patient; None for one who is not."""
    course = observe(records, definition)
    derived = status_of(course, definition)
    if not derived["eligible"]:
        return None
    assert course.week14 is not None
    immunomodulator = days_on(IMMUNOMODULATORS, course, definition)
    glucocorticoid = days_on(GLUCOCORTICOIDS, course, definition)

    def lab(analyte: str) -> Measured | None:
        return last_lab(analyte, course, definition)

    phenotype = phenotype_levels(course)
    return {
        "sex_female": course.patient["sex"] == "female",
        "veo_cd": very_early_onset(course, definition),
        "duration_ge_6_months": long_duration(course, definition),
        "initial_dose_ge_7": high_first_dose(course, definition),
        "bmi_z_low": low_bmi_z(course, definition, z_score),
        "perianal": phenotype["perianal"],
        "severity_moderate_severe": moderate_or_severe(course, definition),
        "location_l2": phenotype["location_l2"],
        "upper_gi": phenotype["upper_gi"],
        "behaviour_b2_b3": phenotype["behaviour_b2_b3"],
        "growth_delay": phenotype["growth_delay"],
        "crp_high": above(lab("CRP"), definition.crp_above),
        "esr_high": above(lab("ESR"), definition.esr_above),
        "wbc_high": above(lab("WBC"), definition.wbc_above),
        "plt_high": above(lab("PLT"), definition.plt_above),
        "hb_low": below(lab("HGB"), definition.hb_below),
        "alb_low": below(lab("ALB"), definition.alb_below),
        "response_without_remission": course.week14.score >= definition.remission_below,
        "ifx_monotherapy": immunomodulator == 0 and glucocorticoid == 0,
        "ifx_with_glucocorticoid": glucocorticoid > 0,
        "im_over_6_months": immunomodulator > definition.im_min_days,
    }


def values_at_baseline(records: Records, definition: Definition) -> dict[str, object] | None:
    """The values behind the levels, which tell a wrong reading sooner; None if not eligible."""
    course = observe(records, definition)
    if not status_of(course, definition)["eligible"]:
        return None
    assert course.end_on is not None
    onset = course.patient["onset_on"]
    values: dict[str, object] = {
        "onset_on": calendar_day(onset, course),
        "onset_known_to": PRECISIONS[len(onset)] if onset else None,
        "severity": severity(course, definition),
        "infusions": sum(row["infused_on"] <= course.end_on for row in course.infusions),
        "immunomodulator_days": days_on(IMMUNOMODULATORS, course, definition),
        "glucocorticoid_days": days_on(GLUCOCORTICOIDS, course, definition),
        "stops_known_to": stops_known_to(course, definition),
    }
    for analyte, name in VALUE_NAMES.items():
        value = last_lab(analyte, course, definition)
        values[name] = value.number if value else None
        values[f"{name}_comparator"] = value.comparator if value else None
    return values
