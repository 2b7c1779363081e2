"""Random definitions: every parameter takes the study's value, a limit of it or one far from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any

from .definition import PAPER, Definition
from .draft import CUTS, TAILS, decimals

# Parameter -> the values it may take beside the study's. Any of one go with any of another.
OTHER_VALUES: dict[str, Sequence[Any]] = {
    "remission_overrides_drop": (True,),
    "lor_requires_rise": (True,),
    "exposure_tail_days": TAILS,
    "lor_above": decimals("10", "12.5", "17.5", "20", "0"),
    "response_drop": decimals("12.5", "10", "17.5", "20", "2.5"),
    "remission_below": decimals("7.5", "12.5", "15", "2.5"),
    "week14_target_day": (97, 99, 85, 91, 105),
    "week14_from_day": (83, 70, 90, 0),
    "week14_to_day": (113, 126, 105, 400),
    "baseline_window_days": (27, 29, 14, 60, 0),
    "required_infusions": (1, 2, 3),
    "induction_day_2": (13, 15, 7),
    "induction_day_3": (41, 43, 30),
    "induction_day_4": (97, 99, 105),
    "induction_tolerance_2": (6, 8, 14, 0),
    "induction_tolerance_3": (13, 15, 7, 0),
    "induction_tolerance_4": (27, 29, 14, 0),
    "data_cut": (*CUTS[1:], None),
    "time_zero": ("week14_visit",),
    "lor_confirmations": (2,),
    "unknown_stop": ("left_out",),
    "im_min_days": (182, 184, 0, 90),
    "duration_origin": ("diagnosis",),
    "trough_days_before": (0, 1, 3, 28),
    "intensification_dose_mg_per_kg": decimals("0.9", "1.1", "2", "0.1"),
    "intensification_interval_days": (6, 8, 14, 1),
    "covariate_window_days": (29, 31, 14, 0, 365),
    "veo_years": (5, 7, 10, 2),
    "adult_years": (17, 19, 12, 10),
    "duration_months": decimals("5.97", "6.02", "16", "0", "12"),
    "dose_mg_per_kg": decimals("6.9", "7.1", "5", "10", "7.003"),
    "bmi_z_at_most": decimals("-1.01", "-0.99", "-2", "-3.4", "0", "3.6"),
    "mild_from": decimals("7.5", "12.5", "0"),
    "moderate_from": decimals("27.5", "32.5", "22.5"),
    "severe_from": decimals("37.5", "52.5", "75", "42"),
    "crp_above": decimals("11.9", "12.1", "7", "17"),
    "esr_above": decimals("19.9", "20.1", "15", "25"),
    "wbc_above": decimals("9.9", "10.1", "5", "12"),
    "plt_above": decimals("399.9", "400.1", "395", "405"),
    "hb_below": decimals("109.9", "110.1", "105", "115"),
    "alb_below": decimals("34.9", "35.1", "30", "37"),
}


def random_definition(rng: Random) -> Definition:
    """A definition in which each parameter differs from the study's three times in ten."""
    drawn = {name: rng.choice(values) for name, values in OTHER_VALUES.items()}
    definition = Definition(
        **{
            name: value if rng.random() < 0.3 else getattr(PAPER, name)
            for name, value in drawn.items()
        }
    )
    # A window that does not reach its target is refused.
    begin = min(definition.week14_from_day, definition.week14_target_day)
    return replace(definition, week14_from_day=begin)
