"""Rubin's rules: one estimate of several, each of the same data completed in another way.

Own code: statsmodels pools only what its own `MICE` has made, and without the degrees of freedom
for small samples.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from registry.analysis.arrays import InvalidInput, t_ppf, t_sf
from registry.analysis.dataset import Floats
from registry.words import tr

# R's mice takes at least this share of the variance for that between imputations.
_LEAST_SHARE = 1e-4


@dataclass(frozen=True)
class Pooled:
    """What m completed data sets say together; arrays have a value a parameter.

    Attributes:
        estimate: the mean of the estimates.
        within: the mean of their variances.
        between: the variance of the estimates (m - 1).
        total: within + (1 + 1/m) between.
        df: degrees of freedom, for small samples where n is given.
        fraction_missing: of the information about the parameter (Rubin).
        imputations: m.
    """

    estimate: Floats
    within: Floats
    between: Floats
    total: Floats
    df: Floats
    fraction_missing: Floats
    imputations: int

    @property
    def standard_error(self) -> Floats:
        """The root of the total variance."""
        return np.asarray(np.sqrt(self.total), dtype=np.float64)

    @property
    def increase(self) -> Floats:
        """By what share the variance is greater for what is missing."""
        return np.asarray((1 + 1 / self.imputations) * self.between / self.within)

    @property
    def relative_efficiency(self) -> Floats:
        """Of m imputations against endless ones, in variance."""
        return np.asarray(1 / (1 + self.fraction_missing / self.imputations))

    @property
    def p_value(self) -> Floats:
        """Two-sided, by Student's t."""
        return np.asarray(2 * t_sf(np.abs(self.estimate) / self.standard_error, self.df))

    def limits(self, level: float = 0.95) -> tuple[Floats, Floats]:
        """Lower and upper limits by Student's t."""
        margin = t_ppf((1 + level) / 2, self.df) * self.standard_error
        return self.estimate - margin, self.estimate + margin


def rubin(estimates: Any, variances: Any, n: float = np.inf) -> Pooled:
    """Pool estimates of completed data sets.

    Rubin, Multiple Imputation for Nonresponse in Surveys, 1987, chapter 3; degrees of freedom by
    Barnard and Rubin, Biometrika 1999;86:948-55. Our own code computes it. R:
    `mice::pool.scalar(Q, U, n = n + 1, k = 1)`, and `mice::pool` of Cox models with `n` the events
    less the covariates.

    Args:
        estimates: shape (m,) or (m, parameters), m at least 2.
        variances: of each estimate, the same shape, above 0.
        n: degrees of freedom that complete data would have; infinite without it.

    Raises:
        InvalidInput: another shape, a single estimate, a variance that is not above 0.
    """
    q, u = (np.asarray(one, dtype=np.float64) for one in (estimates, variances))
    if q.ndim not in (1, 2) or q.shape != u.shape or len(q) < 2:
        raise InvalidInput(
            tr("Estimates and variances are not two or more rows of one shape."),
            cure=tr("Give a row for each completed data set."),
        )
    if not (np.isfinite(q).all() and np.isfinite(u).all() and (u > 0).all() and n > 0):
        raise InvalidInput(tr("An estimate is not finite, or a variance or n is not above 0."))
    q, u = q.reshape(len(q), -1), u.reshape(len(u), -1)
    m = len(q)
    within, between = u.mean(axis=0), q.var(axis=0, ddof=1)
    total = within + (1 + 1 / m) * between
    share = np.maximum((1 + 1 / m) * between / total, _LEAST_SHARE)
    df = (m - 1) / share**2
    if np.isfinite(n):
        observed = (n + 1) / (n + 3) * n * (1 - share)
        df = df * observed / (df + observed)
    increase = (1 + 1 / m) * between / within
    return Pooled(
        estimate=q.mean(axis=0),
        within=within,
        between=between,
        total=total,
        df=df,
        fraction_missing=(increase + 2 / (df + 3)) / (increase + 1),
        imputations=m,
    )
