"""Sentences on covariates and levels, and a child on either side of each number."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from math import ceil

from tests.views.clinic import INDUCTION, on
from tests.views.methods_cases import NUMBER, Case, in_list, loses

SEVERITY = rf"mild from {NUMBER}, moderate from {NUMBER} and severe from {NUMBER}"


def laboratory() -> Iterator[Case]:
    for parameter, level, words, unit, analyte, usual, other, step in (
        ("crp_above", "crp_high", "CRP above", "mg/L", "CRP", "12", "7", "0.1"),
        ("esr_above", "esr_high", "ESR above", "mm/h", "ESR", "20", "25", "1"),
        ("wbc_above", "wbc_high", "white cells above", "10^9/L", "WBC", "10", "12", "0.1"),
        ("plt_above", "plt_high", "platelets above", "10^9/L", "PLT", "400", "350", "1"),
        ("hb_below", "hb_low", "haemoglobin below", "g/L", "HGB", "110", "100", "-1"),
        ("alb_below", "alb_low", "albumin below", "g/L", "ALB", "35", "30", "-1"),
    ):
        yield Case(
            parameter,
            (usual, other),
            rf"{words} {NUMBER}",
            lambda n, a=analyte, u=unit, s=step: {"labs": [(0, a, str(n + Decimal(s)), u)]},
            lambda n, a=analyte, u=unit: {"labs": [(0, a, str(n), u)]},
            level,
            "baseline",
        )


def severity() -> Iterator[Case]:
    for place, (level, usual, other) in enumerate(
        (("mild", "10", "12.5"), ("moderate", "30", "27.5"), ("severe", "40", "37.5"))
    ):
        yield Case(
            f"severity_{level}_from",
            (usual, other),
            in_list(SEVERITY, place),
            lambda n: loses({0: n, 98: 0}),
            lambda n: loses({0: n - Decimal("2.5"), 98: 0}),
            f"severity = '{level}'",
            "baseline",
            ("remission_overrides_drop=yes",),
        )


CASES = [
    Case(
        "covariate_window_days",
        ("30", "0", "1"),
        rf"anthropometry the last on its day or up to {NUMBER} day",
        lambda n: {"labs": [(-int(n), "CRP", "20", "mg/L")], "bmi_z": [(-int(n), "-2")]},
        lambda n: {"labs": [(-int(n) - 1, "CRP", "20", "mg/L")], "bmi_z": [(-int(n) - 1, "-2")]},
        "crp_high and bmi_z_low",
        "baseline",
    ),
    Case(
        "veo_before_years",
        ("6", "8"),
        rf"before the age of {NUMBER} years",
        lambda n: {"onset_on": str(date(2008 + int(n), 4, 30)), "birth_date": "2008-05-01"},
        lambda n: {"onset_on": str(date(2008 + int(n), 5, 1)), "birth_date": "2008-05-01"},
        "veo_cd",
        "baseline",
    ),
    Case(
        "dose_from_mg_per_kg",
        ("7", "5.5"),
        rf"the first dose is high from {NUMBER} mg/kg",
        lambda n: {"infusions": [(0, str(30 * n)), 14, 42, 98]},
        lambda n: {"infusions": [(0, str(30 * n - 1)), 14, 42, 98]},
        "initial_dose_ge_7",
        "baseline",
    ),
    Case(
        "bmi_z_at_most",
        ("-1", "-2", "0"),
        rf"a BMI Z-score of at most {NUMBER} is low",
        lambda n: {"bmi_z": [(0, str(n))]},
        lambda n: {"bmi_z": [(0, str(n + Decimal("0.01")))]},
        "bmi_z_low",
        "baseline",
    ),
    *(
        Case(
            "duration_from_months" if origin == "onset" else "duration_origin",
            ("6", "12") if origin == "onset" else ("diagnosis",),
            rf"The duration of disease counts from its {origin} and is long from {NUMBER} months",
            lambda n, column=column: {
                "onset_on": "2018-02-01" if column == "diagnosed_on" else None,
                column: str(on(-ceil(n * Decimal("30.4375")))),
            },
            lambda n, column=column: {
                "onset_on": "2018-02-01" if column == "diagnosed_on" else None,
                column: str(on(1 - ceil(n * Decimal("30.4375")))),
            },
            "duration_ge_6_months",
            "baseline",
        )
        for origin, column in (("onset", "onset_on"), ("diagnosis", "diagnosed_on"))
    ),
    *severity(),
    *laboratory(),
    Case(
        "im_min_days",
        ("183", "90", "0"),
        rf"an immunomodulator for more than {NUMBER} day",
        lambda n: {"drugs": [("azathioprine", 0, int(n) + 1)]},
        lambda n: {"drugs": [("azathioprine", 0, int(n))]},
        "im_over_6_months",
        "baseline",
    ),
    *(
        Case(
            "unknown_stop",
            (value,),
            rf"without either, {words}\.",
            lambda _: {"drugs": [("azathioprine", 0, "unknown")]},
            lambda _: {"drugs": [("azathioprine", 0, 40)]},
            f"immunomodulator_days = {days}",
            "baseline",
        )
        for value, words, days in (
            ("last_evidence", "for its first day", 1),
            ("left_out", "it is left out", 0),
        )
    ),
    Case(
        "trough_days_before",
        ("2", "0", "1"),
        rf"A level is a trough when it was drawn on the day of an infusion or at most {NUMBER} day",
        lambda n: {"levels": [(98 - int(n), "6", "", "")]},
        lambda n: {"levels": [(97 - int(n), "6", "", "")]},
        "is_trough",
        "trough",
    ),
    Case(
        "intensification_dose_mg_per_kg",
        ("1", "2.5"),
        rf"a dose per kg up by at least {NUMBER} mg/kg",
        lambda n: {"infusions": [*INDUCTION, (154, str(150 + 30 * n))]},
        lambda n: {"infusions": [*INDUCTION, (154, str(150 + 30 * n - 1))]},
        "bool_or(intensified)",
        "dose_course",
    ),
    Case(
        "intensification_interval_days",
        ("7", "14", "1"),
        rf"an interval shorter by at least {NUMBER} day",
        lambda n: {"infusions": [*INDUCTION, 154, 210 - int(n)]},
        lambda n: {"infusions": [*INDUCTION, 154, 210 - int(n) + 1]},
        "bool_or(intensified)",
        "dose_course",
    ),
]
