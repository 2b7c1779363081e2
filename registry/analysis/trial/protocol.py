"""The protocol of the target trial in words, beside how the registry's data stand in for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from registry.analysis.basis import limits_under
from registry.covariates import COVARIATES, Limits, under
from registry.words import listed, note

if TYPE_CHECKING:
    from registry.analysis.basis import Basis
    from registry.analysis.choices import TrialPlan

# Without the drug, and with it for as long as the definition calls lasting.
_STRATEGIES = (
    note("without immunomodulator"),
    note("immunomodulator for more than {im_min_days}"),
)
VARYING = {
    "pcdai": note("last PCDAI"),
    "glucocorticoid": note("glucocorticoid"),
    "intensified": note("infliximab intensified"),
    "trough": note("last trough, and whether one was measured"),
}
ANSWERS = {
    "weighted": note("target trial, weighted"),
    "fixed": note("fixed from the start, as published"),
    "landmark": note("at the landmark"),
    "time_dependent": note("time-dependent"),
}


def strategies(limits: Limits) -> tuple[str, ...]:
    """What either arm does, in words with these limits."""
    return tuple(under(one, limits) for one in _STRATEGIES)


def protocol(plan: TrialPlan, basis: Basis | None) -> list[dict[str, Any]]:
    """The parts, each with what it says."""
    labels = {one.id: one.under(limits_under(basis)).label for one in COVARIATES}
    known = listed(
        [*(labels[one] for one in plan.covariates), *(VARYING[one] for one in plan.varying)]
    )
    parts = {
        note("Eligibility"): note(
            "the definition's cohort: response at week 14, no biologic before; still at risk the "
            "day after"
        ),
        note("Time zero"): note("the week-14 PCDAI"),
        note("Strategies"): note(
            "combined: on an immunomodulator by the end of the grace period, and on it until taken "
            "for more than {days} days since the first infusion; without: on none from the end "
            "of the grace period on",
            days=basis.im_min_days if basis else "?",
        ),
        note("Grace period"): note(
            "{months:month|months} from time zero, in which either strategy may still be begun",
            months=plan.grace_months,
        ),
        note("Assignment"): note(
            "not at random: every child is cloned into both arms, and a clone is censored on the "
            "day on which it departs"
        ),
        note("Outcome"): note("loss of response; stop, transfer and the end of data censor"),
        note("Contrast"): note(
            "per protocol: hazard ratio, risk difference and risk ratio of combined against without"
        ),
        note("Adjusted for"): known,
    }
    return [{"part": part, "says": says} for part, says in parts.items()]
