"""What is asked of a fitted Cox model: are hazards proportional, how well does it order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from registry.analysis.cox import residuals
from registry.analysis.cox.residuals import TRANSFORMS, Transform, Zph
from registry.analysis.methods import inputs
from registry.analysis.methods.cox_model import CoxFit
from registry.errors import CannotEstimate
from registry.words import note, tr


def zph(fit: CoxFit, transform: Transform = "km") -> Zph:
    """Test whether the coefficients stay the same over time.

    Our own code computes the score test with the information at every event time, as R has it since
    survival 3.0: `cox.zph(fit, transform = "km", terms = FALSE)`. lifelines has the approximation
    of before.

    Args:
        fit: a model without a penalty.
        transform: "km" (1 - Kaplan-Meier just before t) or "identity" (t).

    Raises:
        CannotEstimate: the events are too few.
        InvalidInput: a penalised model.
    """
    inputs.one_of(transform, tuple(TRANSFORMS), "transform")
    if fit.penalty is not None:
        raise inputs.InvalidInput(
            tr("Proportional hazards are tested at an estimate without a penalty.")
        )
    found = residuals.proportional_hazards(fit.likelihood, fit.scaled_coefficients, transform)
    if found is None:
        raise CannotEstimate(note("Proportional hazards are not tested: the events are too few."))
    return found


@dataclass(frozen=True)
class Concordance:
    """Of an event and somebody then at risk, how often the higher risk had the event.

    Attributes:
        concordance: the share, pairs with an equal risk counted half.
        concordant, discordant, tied: numbers of pairs; tied have an equal risk.
    """

    concordance: float
    concordant: int
    discordant: int
    tied: int


def concordance(fit: CoxFit, x: Any = None) -> Concordance:
    """Harrell's concordance, within strata and with late entry.

    Our own code counts the pairs. R: `concordance(fit)`.

    Args:
        fit: any model.
        x: other covariates of the same rows; without them those of the fit.

    Raises:
        CannotEstimate: there is no pair.
        InvalidInput: see `registry.analysis.methods`.
    """
    rows = fit.likelihood.rows
    values = fit.x if x is None else inputs.covariates(x, len(rows.stop))
    share, pairs = residuals.concordance(rows, values @ fit.coefficients)
    if share is None:
        raise CannotEstimate(note("There is no pair whose order is known."))
    return Concordance(share, pairs["concordant"], pairs["discordant"], pairs["tied"])
