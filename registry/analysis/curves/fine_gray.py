"""Fine and Gray's regression of the subdistribution hazard of loss of response on groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from registry.analysis import methods
from registry.analysis.arrays import norm_sf
from registry.analysis.counting import Z95
from registry.analysis.dataset import Days
from registry.analysis.methods import NotFinite
from registry.errors import CannotEstimate
from registry.words import note

LOSS = 1


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
