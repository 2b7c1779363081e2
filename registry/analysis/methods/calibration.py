"""Whether predicted risks are right, by time and with competing causes, through pseudo-values.

The pseudo-value of a row is what it does to Aalen and Johansen's incidence at t: n times that of
all less n - 1 times that of the others. It stands for "had cause 1 by t" also of who is censored,
so that predictions can be held against it as against a yes or no (Andersen and Pohar Perme,
Statistical Methods in Medical Research 2010;19:71-99; van Geloven and others, BMJ
2022;377:e069249).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from registry.analysis import arrays
from registry.analysis.arrays import NO_ENTRY, Counts
from registry.analysis.counting import Z95
from registry.analysis.counting import aalen_johansen as incidence_of
from registry.analysis.dataset import Floats
from registry.analysis.methods.prediction import Predictions

_CELLS = 4_000_000  # of a table, at once
_SPAN = 2 / 3  # of the rows, in a place of the smooth curve
_DELTA = 0.01  # of the range of the risks: places nearer than that lie on one straight line
_STEPS, _CLOSE = 100, 1e-9
_NEAREST = 1e-6  # of a risk to 0 and 1, on the scale of the line


@dataclass(frozen=True)
class Calibration:
    """Observed against predicted at each of the times; NaN where there is no estimate.

    Attributes:
        at: the times.
        observed: Aalen and Johansen's incidence of cause 1.
        predicted: the mean risk.
        intercept, slope: of the line through the predictions on the scale log(-log(1 - risk)); the
            intercept where the slope is held at 1. 0 and 1 are right; a slope below 1 says that
            the predictions are too extreme.
        intercept_error, slope_error: robust standard errors.
        ici: the integrated calibration index, the mean distance of the predictions from a smooth
            curve through the pseudo-values. It is above 0 by chance also where all are right.
        smooth: that curve at each row's risk, shape (n, times).
    """

    at: Floats
    observed: Floats
    predicted: Floats
    intercept: Floats
    intercept_error: Floats
    slope: Floats
    slope_error: Floats
    ici: Floats
    smooth: Floats

    @property
    def ratio(self) -> Floats:
        """Observed over predicted: above 1 the risk was told too low."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(self.observed / self.predicted, dtype=np.float64)

    def limits(self, of: str) -> tuple[Floats, Floats]:
        """95 % limits of the `intercept` or the `slope`."""
        estimate, error = getattr(self, of), getattr(self, f"{of}_error")
        return estimate - Z95 * error, estimate + Z95 * error


def pseudo_values(time: Any, cause: Any, at: Any) -> Floats:
    """The pseudo-values of the incidence of cause 1, shape (n, times); NaN after the last time.

    Our own code leaves each row out in turn. R: `prodlim::jackknife(prodlim(Hist(time, cause) ~ 1),
    times = at, cause = 1)`.

    Args:
        time, cause, at: as of `registry.analysis.methods.brier`.
    """
    stop = arrays.times(time)
    code = arrays.causes(cause, len(stop))
    asked = arrays.times(np.atleast_1d(at), "at")
    n, causes = len(stop), int(max(code.max(), 1))
    counts = Counts.of(np.full(n, float(NO_ENTRY)), stop, code, causes)
    d, lost = counts.events.sum(axis=0), counts.events[0]
    place = np.searchsorted(counts.days, asked, side="right") - 1
    whole = incidence_of(counts)[0][0]
    # Who left on one day in one way does the same to the estimate.
    kinds, of_row = np.unique(np.column_stack([stop, code]), axis=0, return_inverse=True)
    found = np.empty((len(kinds), len(asked)))
    some = max(1, _CELLS // len(counts.days))
    for first in range(0, len(kinds), some):
        left, way = kinds[first : first + some].T[:, :, None]
        at_risk = np.maximum(counts.at_risk - (counts.days <= left), 1)
        here = counts.days == left
        survival = np.cumprod(1 - (d - (here & (way > 0))) / at_risk, axis=1)
        before = np.hstack([np.ones((len(left), 1)), survival[:, :-1]])
        steps = before * (lost - (here & (way == 1))) / at_risk
        found[first : first + some] = np.cumsum(steps, axis=1)[:, place]
    values = n * whole[place] - (n - 1) * found[of_row.reshape(-1)]
    over = (asked > stop.max()) & (counts.at_risk[-1] > d[-1])
    return np.where(over, np.nan, values)


def calibration(
    time: Any,
    cause: Any,
    risk: Any,
    at: Any,
    pseudo: Floats | None = None,
    incidence: Floats | None = None,
) -> Calibration:
    """Hold predicted risks of cause 1 against what was observed.

    Our own code finds the line by least squares of the pseudo-values, errors by the sandwich, and
    statsmodels the smooth curve. R: `glm(pseudo ~ log(-log(1 - risk)), family = quasi(link =
    "cloglog", variance = "constant"))` or `geepack::geese(mean.link = "cloglog")`, for the
    intercept with an offset; `lowess(risk, pseudo, f = 2/3, iter = 0)`.

    Args:
        time, cause, risk, at: as of `registry.analysis.methods.brier`.
        pseudo, incidence: the pseudo-values of the rows, and Aalen and Johansen's incidence at the
            times, where they are known already.
    """
    given = Predictions.of(time, cause, risk, at)
    if pseudo is None:
        pseudo = pseudo_values(given.time, given.cause, given.at)
    level, level_error, slope, slope_error = np.full((4, len(given.at)), np.nan)
    smooth = np.full(pseudo.shape, np.nan)
    for i, (told, came) in enumerate(zip(given.risk.T, pseudo.T, strict=True)):
        if np.isnan(came).any() or np.ptp(told) == 0:
            continue
        held = np.clip(told, _NEAREST, 1 - _NEAREST)
        line = np.log(-np.log1p(-held))
        (level[i],), (level_error[i],) = _line(came, np.ones((len(line), 1)), line)
        both = np.column_stack([np.ones(len(line)), line])
        (_, slope[i]), (_, slope_error[i]) = _line(came, both, np.zeros(len(line)))
        smooth[:, i] = _lowess(told, came)
    return Calibration(
        at=given.at,
        observed=given.incidence if incidence is None else incidence,
        predicted=given.risk.mean(axis=0),
        intercept=level,
        intercept_error=level_error,
        slope=slope,
        slope_error=slope_error,
        ici=np.abs(smooth - given.risk).mean(axis=0),
        smooth=smooth,
    )


def _line(came: Floats, x: Floats, offset: Floats) -> tuple[Floats, Floats]:
    """Coefficients of 1 - exp(-exp(offset + x b)) by least squares, and robust errors.

    By Newton's steps, halved while they do not descend; NaN where they do not arrive.
    """
    unknown = np.full(x.shape[1], np.nan)
    # No slope, and the mean: pseudo-values leave 0 to 1, it does not but where nobody has cause 1.
    mean = float(np.clip(came.mean(), _NEAREST, 1 - _NEAREST))
    b = np.zeros(x.shape[1])
    b[0] = np.log(-np.log1p(-mean)) - offset.mean()

    def at(b: Floats) -> tuple[Floats, Floats, Floats]:
        """What is left, its slope and its curvature by the linear predictor."""
        hazard = np.exp(np.minimum(offset + x @ b, 30.0))
        slope = hazard * np.exp(-hazard)
        return came + np.expm1(-hazard), slope, slope * (1 - hazard)

    left, slope, curve = at(b)
    for _ in range(_STEPS):
        whole = (slope**2 - left * curve)[:, None] * x
        if np.linalg.eigvalsh(x.T @ whole)[0] <= 0:
            whole = (slope**2)[:, None] * x
        try:
            step = np.linalg.solve(x.T @ whole, x.T @ (slope * left))
        except np.linalg.LinAlgError:
            return unknown, unknown
        length, before = 1.0, float(left @ left) * (1 + 1e-12)
        while (then := at(b + length * step))[0] @ then[0] > before and length > _CLOSE:
            length /= 2
        b, (left, slope, curve) = b + length * step, then
        if np.abs(step).max() < _CLOSE:
            break
    else:
        return unknown, unknown
    d = slope[:, None] * x
    bread = np.linalg.inv(d.T @ d)
    meat = (d * left[:, None]).T @ (d * left[:, None])
    return b, np.sqrt(np.diag(bread @ meat @ bread))


def _lowess(told: Floats, came: Floats) -> Floats:
    """A straight line in each place through its nearest rows, in the order of the rows."""
    from statsmodels.nonparametric.smoothers_lowess import lowess

    with np.errstate(all="ignore"):
        found = lowess(
            came, told, frac=_SPAN, it=0, delta=_DELTA * np.ptp(told), return_sorted=False
        )
    return np.asarray(found, dtype=np.float64)
