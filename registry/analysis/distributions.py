"""Tails and quantiles of the normal, the chi-squared and Student's distribution.

By the functions of scipy.special by which scipy.stats gives them: to load all of that takes longer
than a model of a hospital's children. A test holds both equal to the bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special


def norm_sf(value: Any) -> Any:
    """Probability that a standard normal variable is above the value."""
    return special.ndtr(-value)


def norm_ppf(probability: Any) -> Any:
    """The value below which a standard normal variable is with that probability."""
    return special.ndtri(probability)


def chi2_sf(value: Any, df: Any) -> Any:
    """Probability that a chi-squared variable is above the value, with `df` degrees of freedom."""
    return special.chdtrc(np.where(np.greater(df, 0), df, np.nan), np.maximum(value, 0))


def chi2_ppf(probability: Any, df: Any) -> Any:
    """The value below which a chi-squared variable is with that probability."""
    return 2 * special.gammaincinv(df / 2, probability)


def t_sf(value: Any, df: Any) -> Any:
    """Probability that Student's variable is above the value, with `df` degrees of freedom."""
    return special.stdtr(df, -value)


def t_ppf(probability: Any, df: Any) -> Any:
    """The value below which Student's variable is with that probability."""
    return special.stdtrit(df, probability)
