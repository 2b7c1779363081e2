"""How strong an unmeasured confounder would have to be to explain an association away."""

from __future__ import annotations

from typing import Literal

import numpy as np

from registry.analysis import arrays
from registry.words import tr

Measure = Literal["risk_ratio", "rare_hazard_ratio", "common_hazard_ratio"]
MEASURES: tuple[Measure, ...] = ("risk_ratio", "rare_hazard_ratio", "common_hazard_ratio")


def e_value(
    ratio: float, lower: float, upper: float, measure: Measure = "risk_ratio"
) -> tuple[float, float]:
    """The E-values of an estimate and of the limit nearer to 1, which is 1 where they include it.

    The least risk ratio that an unmeasured confounder must have with both treatment and outcome,
    beyond what is measured: R + sqrt(R (R - 1)), R the ratio or its inverse above 1 (VanderWeele
    and Ding, Annals of Internal Medicine 2017;167:268-74). The hazard ratio of an outcome that more
    than 15 % have by the end is first brought to a risk ratio, (1 - 0.5^sqrt(HR)) / (1 -
    0.5^sqrt(1 / HR)). Our own code computes both. R: `EValue::evalues.RR`, `evalues.HR(rare =)`.

    Args:
        ratio, lower, upper: above 0.
        measure: what they are.

    Raises:
        InvalidInput: a ratio that is not above 0, or limits that do not hold it.
    """
    arrays.one_of(measure, MEASURES, "measure")
    if not (0 < lower <= ratio <= upper):
        raise arrays.InvalidInput(tr("The limits do not hold the ratio, or it is not above 0."))
    point, low, high = (
        _as_risk_ratio(one) if measure == "common_hazard_ratio" else one
        for one in (ratio, lower, upper)
    )
    nearer = 1.0 if low <= 1 <= high else low if low > 1 else high
    return _of(point), _of(nearer)


def _as_risk_ratio(hazard_ratio: float) -> float:
    return float((1 - 0.5 ** np.sqrt(hazard_ratio)) / (1 - 0.5 ** np.sqrt(1 / hazard_ratio)))


def _of(ratio: float) -> float:
    above = max(ratio, 1 / ratio)
    return float(above + np.sqrt(above * (above - 1)))
