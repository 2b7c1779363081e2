"""Gray's test: whether the cumulative incidence of a cause differs between groups ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from registry.analysis.dataset import Days
from registry.analysis.methods import gray
from registry.errors import CannotEstimate
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
    try:
        test = gray(time, code, group, causes=(cause,))
    except CannotEstimate:
        return None, note("its variance is 0")
    return GrayTest(cause, float(test.statistic[0]), test.df, float(test.p_value[0])), None
