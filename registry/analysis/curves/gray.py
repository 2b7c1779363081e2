"""How groups are compared where causes compete: Gray's test of the incidence of a cause, and
Fine and Gray's regression of the subdistribution hazard of loss of response.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from registry.analysis import methods
from registry.analysis.arrays import norm_sf
from registry.analysis.counting import Z95
from registry.analysis.dataset import Days
from registry.analysis.methods import NotFinite, gray
from registry.errors import CannotEstimate
from registry.words import note

LOSS = 1


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


@dataclass(frozen=True)
class Term:
    """One group against the reference: the log of the subdistribution hazard ratio."""

    label: str
    coef: float
    se: float

    def to_json(self) -> dict[str, Any]:
        z = self.coef / self.se
        return {
            "label": self.label,
            "coef": self.coef,
            "se": self.se,
            "shr": float(np.exp(self.coef)),
            "shr_lower": float(np.exp(self.coef - Z95 * self.se)),
            "shr_upper": float(np.exp(self.coef + Z95 * self.se)),
            "p": float(2 * norm_sf(abs(z))),
        }


@dataclass(frozen=True)
class FineGray:
    """The terms of the groups but the last, which is the reference."""

    reference: str
    terms: tuple[Term, ...]

    def to_json(self) -> dict[str, Any]:
        return {"reference": self.reference, "terms": [term.to_json() for term in self.terms]}


def fine_gray(
    time: Days, code: Days, group: Days, labels: Sequence[str]
) -> tuple[FineGray | None, str | None]:
    """Fit the model; or None and why there is none, as half a sentence.

    Args:
        time: whole days to the event or to censoring.
        code: 0 censored, 1 loss of response, others compete with it.
        group: the number of each patient's group.
        labels: the groups by number.
    """
    for number, label in enumerate(labels):
        # Whoever is in a group without a loss, or a group that all lose, has no finite ratio.
        if not ((group == number) & (code == LOSS)).any():
            return None, note("nobody of the group '{group}' lost response", group=label)
    if _ordered(time, code, group):
        return None, note(
            "the losses of one group all came after the other group had ended (separation)"
        )
    z = (group[:, None] == np.arange(len(labels) - 1)).astype(np.float64)
    try:
        fit = methods.fine_gray(time, code, z)
    except NotFinite:
        return None, note("the estimate is not finite (separation)")
    except CannotEstimate:
        return None, note("the groups cannot be told apart")
    terms = tuple(
        Term(label, float(b), float(s))
        for label, b, s in zip(labels[:-1], fit.coefficients, fit.standard_errors, strict=True)
    )
    return FineGray(labels[-1], terms), None


def _ordered(time: Days, code: Days, group: Days) -> bool:
    """Whether at every loss only the group that lost was left at risk (those competing stay)."""
    groups = np.unique(group)
    for day in np.unique(time[code == LOSS]):
        at_risk = (time >= day) | (code > LOSS)
        if np.unique(group[at_risk]).size == groups.size:
            return False
    return True
