"""Which rows and covariates of published tables are of the same column, so known of the same."""

from __future__ import annotations

COLUMNS = {
    "baseline_pcdai": "severity",
    "perianal": "p",
    "growth": "growth_delay",
    "duration_before_start_months": "duration_before_start_days",
}
"""Columns that are known of the same children as what other tables make of them."""
NUMBERS = {
    "duration_before_ifx_mo": "duration_before_start_days",
    "initial_dose_mg_per_kg": "initial_dose_mg_per_kg",
    "haz": "height_z",
    "baz": "bmi_z",
    "pcdai": "severity",
    "week14_pcdai": "week14_pcdai",
}
"""Rows of Table 1 that are numbers, by the column that they are of."""
HELD_TO = {
    "veo_cd": "onset_on",
    "duration_ge_6_months": "duration_before_start_days",
    "initial_dose_ge_7": "initial_dose_mg_per_kg",
    "bmi_z_low": "bmi_z",
    "response_without_remission": "week14_pcdai",
    "crp_high": "crp",
    "esr_high": "esr",
    "wbc_high": "wbc",
    "hb_low": "hb",
    "plt_high": "plt",
    "alb_low": "alb",
}
"""Covariates of Table 2 that are a column held to a limit."""


def column_of(name: str) -> str:
    """The column by which a row tells who is known."""
    return COLUMNS.get(name, name)
