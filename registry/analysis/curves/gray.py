"""Gray's test: whether the cumulative incidence of a cause differs between groups (surpyval)."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from registry.analysis.dataset import Days
from registry.words import note


@dataclass(frozen=True)
class GrayTest:
    """Gray's chi-square of the cause with this code, as R's `cmprsk::cuminc`."""

    code: int
    chi2: float
    df: int
    p: float

    def to_json(self) -> dict[str, Any]:
        return {"chi2": self.chi2, "df": self.df, "p": self.p}


def gray_test(
    time: Days, code: Days, group: Days, cause: int
) -> tuple[GrayTest | None, str | None]:
    """Compare groups; or None and why there is no test, as half a sentence.

    Args:
        time: whole days to the event or to censoring.
        code: 0 censored, else the cause.
        group: the number of each patient's group.
        cause: the code whose incidence is compared.
    """
    together = [time[group == one].max() for one in np.unique(group)]
    if not ((code == cause) & (time <= min(together))).any() and len(together) == 2:
        return None, note("it happened only after the observation of one group had ended")
    from surpyval.univariate.competing_risks.nonparametric.gray_test import (
        gray_test as surpyval_gray_test,
    )

    label = np.where(code > 0, code, 0).astype(object)
    label[code == 0] = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = surpyval_gray_test(time.astype(np.float64), label, group, cause)
    except (ValueError, np.linalg.LinAlgError):
        return None, note("its variance is 0")
    if not np.isfinite(result.statistic) or not 0 <= result.p_value <= 1:
        return None, note("its variance is 0")
    return GrayTest(cause, float(result.statistic), int(result.df), float(result.p_value)), None
