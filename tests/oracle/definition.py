"""The parameters of a definition of loss of response, and the three that ship."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal


@dataclass(frozen=True)
class Definition:
    """Everything that the rules leave to choice; the defaults are the published study's."""

    remission_overrides_drop: bool = False
    lor_requires_rise: bool = False
    exposure_tail_days: int | None = None

    lor_above: Decimal = Decimal(15)
    response_drop: Decimal = Decimal(15)
    remission_below: Decimal = Decimal(10)
    week14_target_day: int = 98
    week14_from_day: int = 84
    week14_to_day: int = 112
    baseline_window_days: int = 28
    required_infusions: int = 4
    induction_day_2: int = 14
    induction_day_3: int = 42
    induction_day_4: int = 98
    induction_tolerance_2: int = 7
    induction_tolerance_3: int = 14
    induction_tolerance_4: int = 28
    data_cut: date | None = date(2023, 12, 31)
    time_zero: str = "first_infusion"  # or "week14_visit"
    lor_confirmations: int = 1  # or 2
    im_min_days: int = 183
    unknown_stop: str = "last_evidence"  # or "left_out"
    # Nobody here has signed anything: consents are read in `consents`, apart.
    consent_required: bool = False
    duration_origin: str = "onset"  # or "diagnosis"
    trough_days_before: int = 2
    intensification_dose_mg_per_kg: Decimal = Decimal(1)
    intensification_interval_days: int = 7

    # Cut-offs of the univariate table. The severity bands belong to the index itself, so that a
    # definition with another limit of remission does not move the lower end of mild disease.
    covariate_window_days: int = 30
    veo_years: int = 6
    adult_years: int = 18
    duration_months: Decimal = Decimal(6)
    dose_mg_per_kg: Decimal = Decimal(7)
    bmi_z_at_most: Decimal = Decimal(-1)
    mild_from: Decimal = Decimal(10)
    moderate_from: Decimal = Decimal(30)
    severe_from: Decimal = Decimal(40)
    crp_above: Decimal = Decimal(12)
    esr_above: Decimal = Decimal(20)
    wbc_above: Decimal = Decimal(10)
    plt_above: Decimal = Decimal(400)
    hb_below: Decimal = Decimal(110)
    alb_below: Decimal = Decimal(35)

    @property
    def cut_on(self) -> date:
        """Whatever is dated later is not seen: the data cut, or without one the day of the run."""
        return self.data_cut or date.today()


PAPER = Definition()

RECOMMENDED = Definition(
    remission_overrides_drop=True,
    lor_requires_rise=True,
    exposure_tail_days=56,
)

CURRENT = replace(RECOMMENDED, data_cut=None)
