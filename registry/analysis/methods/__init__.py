"""The survival methods by themselves: one function a method, arrays in, a frozen dataclass out.

No database, no covariate of this registry, no text: `registry analyse` reads views, calls these and
tells of what they give, and an analyst may call them with any other data. Times are floats of one
unit (days or months), events booleans, and what comes out is in the unit that went in. Each
docstring names who computes and the call of R that gives the same numbers. Input that a method
would turn into a wrong number is refused with `InvalidInput`, which is a ValueError; data that
carry no estimate raise `CannotEstimate`.
"""

from __future__ import annotations

from registry.analysis.arrays import InvalidInput, NoRobustErrors, NotFinite
from registry.analysis.cox.diagnostics import Concordance, Zph, concordance, zph
from registry.analysis.curves.logrank import LogRankTest, logrank
from registry.analysis.methods.calibration import Calibration, calibration, pseudo_values
from registry.analysis.methods.cause_specific import (
    AbsoluteRisk,
    CauseSpecific,
    cause_specific_risk,
)
from registry.analysis.methods.competing_risks import (
    FineGray,
    Gray,
    Incidence,
    aalen_johansen,
    fine_gray,
    gray,
)
from registry.analysis.methods.cox_model import CoxFit, cox
from registry.analysis.methods.e_value import e_value
from registry.analysis.methods.impute_cox import ImputedCox, impute_cox
from registry.analysis.methods.interval_censored import IntervalEstimate, turnbull
from registry.analysis.methods.interval_regression import (
    Effects,
    IntervalRegression,
    interval_regression,
)
from registry.analysis.methods.prediction import BrierScore, Score, auc, brier
from registry.analysis.methods.rubin import Pooled, rubin
from registry.analysis.methods.survival_curve import (
    RestrictedMean,
    SurvivalCurve,
    kaplan_meier,
    restricted_mean,
)

__all__ = [
    "AbsoluteRisk",
    "BrierScore",
    "Calibration",
    "CauseSpecific",
    "Concordance",
    "CoxFit",
    "Effects",
    "FineGray",
    "Gray",
    "ImputedCox",
    "Incidence",
    "IntervalEstimate",
    "IntervalRegression",
    "InvalidInput",
    "LogRankTest",
    "NoRobustErrors",
    "NotFinite",
    "Pooled",
    "RestrictedMean",
    "Score",
    "SurvivalCurve",
    "Zph",
    "aalen_johansen",
    "auc",
    "brier",
    "calibration",
    "cause_specific_risk",
    "concordance",
    "cox",
    "e_value",
    "fine_gray",
    "gray",
    "impute_cox",
    "interval_regression",
    "kaplan_meier",
    "logrank",
    "pseudo_values",
    "restricted_mean",
    "rubin",
    "turnbull",
    "zph",
]
