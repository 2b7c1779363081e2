"""The target trial of a lasting immunomodulator, emulated and told.

Clone, censor, weight: Hernan, BMJ 2018;360:k182; Maringe and others, International Journal of
Epidemiology 2020;49:1719-29; the grace period by Cain and others, International Journal of
Biostatistics 2010;6:18. The protocol has the parts of Hernan and Robins, American Journal of
Epidemiology 2016;183:758-64.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from registry.analysis import arrays, methods
from registry.analysis.arrays import Ties
from registry.analysis.basis import Basis, limits_under
from registry.analysis.choices import TrialPlan
from registry.analysis.cox.design import Design, acquired, immortal_time
from registry.analysis.cox.fit import cox_regression
from registry.analysis.dataset import Floats, covariates_by_id
from registry.analysis.reading import cohort_of
from registry.analysis.resampling import of_each
from registry.analysis.trial.clones import COMBINED, WITHOUT, Children, children_of
from registry.analysis.trial.protocol import VARYING, strategies
from registry.analysis.trial.result import Answer, Emulation
from registry.analysis.trial.weights import Arm, risk_by
from registry.errors import CannotEstimate, Refused, WrongUsage
from registry.variables import DAYS_PER_MONTH
from registry.words import note, tr

EXPOSURE = "im_over_6_months"


def target_trial(
    patients: pd.DataFrame,
    exposure: pd.DataFrame,
    scores: pd.DataFrame,
    definition: str,
    plan: TrialPlan,
    *,
    basis: Basis | None = None,
) -> Emulation:
    """Emulate the trial.

    Args:
        patients: rows of `patients_of`.
        exposure: rows of the view.
        scores: rows of `pcdai_course`.
        definition: that all rows must belong to.
        plan: the choices.

    Raises:
        CannotEstimate: nobody at risk, departures or losses too few, no finite weights.
        Refused: a covariate acquired after the start; rows that are not fit for analysis.
        WrongUsage: an unknown covariate, or numbers out of their range.
    """
    arrays.ties_of(plan.ties)
    _refuse_unknown(plan.varying)
    chosen = covariates_by_id(plan.covariates)
    if immortal := acquired(plan.covariates):
        raise immortal_time(immortal, tr("Leave it out of --covariates."))
    cohort = cohort_of(patients, definition, late_entry=True)
    if "entry_days" not in cohort.rows:
        raise Refused(tr("A patient of survival has no day of entry."))
    values = np.column_stack(
        [cohort.rows[one.id].to_numpy(dtype=np.float64, na_value=np.nan) for one in chosen]
        or [np.zeros((len(cohort), 0))]
    )
    complete = ~np.isnan(values).any(axis=1)
    kept = cohort.take(complete)
    if not len(kept):
        raise CannotEstimate(note("No patient has every covariate of time zero."))
    ids = tuple(kept.rows["patient_id"].astype(str))
    children = children_of(
        ids, _zero(kept.rows, exposure), kept.time - np.maximum(kept.entry, 0), kept.event,
        values[complete], exposure, scores, plan.varying, plan.grace_months,
    )  # fmt: skip
    arms = [Arm(children, arm, stabilised=plan.stabilised) for arm in (WITHOUT, COMBINED)]
    _refuse_too_few(children, arms, plan, strategies(limits_under(basis)))
    weighted = tuple(one.weighted(plan.truncate) for one in arms)
    days = np.array(plan.at_months) * DAYS_PER_MONTH
    risks = np.array([risk_by(one.rows, one.weight, days) for one in weighted])
    drawn, failed = _resampled(arms, plan, days)
    return Emulation(
        definition=definition,
        plan=plan,
        children=children,
        dropped=int((~complete).sum()),
        weighted=(weighted[0], weighted[1]),
        risks=risks,
        drawn=drawn,
        failed=failed,
        answers=(
            _weighted_cox(children, weighted, plan.ties),
            *_beside(patients, exposure, definition, plan),
        ),
        basis=basis,
    )


def _zero(rows: pd.DataFrame, exposure: pd.DataFrame) -> Any:
    """Days from t0 to the week-14 PCDAI."""
    of = exposure.drop_duplicates("patient_id").set_index(
        exposure.drop_duplicates("patient_id")["patient_id"].astype(str)
    )["entry_day"]
    return of.loc[rows["patient_id"].astype(str)].to_numpy(dtype=np.int64)


def _refuse_unknown(varying: Sequence[str]) -> None:
    unknown = [one for one in varying if one not in VARYING]
    if unknown:
        raise WrongUsage(
            tr("{unknown} is not known day by day.", unknown=", ".join(unknown)),
            cure=tr("Use {allowed}.", allowed=", ".join(VARYING)),
        )


def _refuse_too_few(
    children: Children, arms: list[Arm], plan: TrialPlan, told: Sequence[str]
) -> None:
    for arm, (one, strategy) in enumerate(zip(arms, told, strict=True)):
        losses = int(children.losses(arm).sum())
        least = plan.events_per_covariate * max(one.covariates, 1)
        if one.fewest < least:
            raise CannotEstimate(
                note(
                    "Of {n} patients at time zero {departures} depart from the strategy "
                    "'{strategy}' and {stay} follow it at the end of the grace period: for weights "
                    "by {covariates} covariates either must be {least:g} or more.",
                    n=len(children),
                    departures=int(one.gone.sum()),
                    stay=int((~one.gone & (one.slot == 0)).sum()),
                    strategy=strategy,
                    covariates=one.covariates,
                    least=least,
                ),
                cure=tr("Name fewer --covariates and --time-varying."),
            )
        if losses < plan.events_per_arm:
            raise CannotEstimate(
                note(
                    "Of {n} patients at time zero {losses} lose response while they follow the "
                    "strategy '{strategy}', fewer than {least}: neither risk nor hazard ratio can "
                    "be estimated.",
                    n=len(children),
                    losses=losses,
                    strategy=strategy,
                    least=plan.events_per_arm,
                ),
                cure=tr("`registry analyse cox --time-dependent im_over_6_months` needs fewer."),
            )


def _resampled(arms: list[Arm], plan: TrialPlan, days: Floats) -> tuple[Floats, int]:
    """The risks of each sample, shape (samples, arms, times), and how many gave none."""
    rng = np.random.default_rng(plan.seed)
    n = len(arms[0].children)
    samples = [
        np.bincount(rng.integers(0, n, n), minlength=n).astype(np.int16)
        for _ in range(plan.resamples)
    ]
    each = list(of_each(_Sampled(arms, plan.truncate, days).risks, samples))
    found = [one for one in each if one is not None]
    return np.array(found).reshape(-1, len(arms), len(days)), len(each) - len(found)


@dataclass(frozen=True)
class _Sampled:
    arms: list[Arm]
    truncate: float
    days: Floats

    def risks(self, often: Any) -> list[Floats] | None:
        """Of each arm by each of the days; None where the weights cannot be estimated."""
        try:
            each = [one.weighted(self.truncate, often) for one in self.arms]
        except CannotEstimate:
            return None
        return [risk_by(one.rows, one.weight, self.days, often) for one in each]


def _weighted_cox(children: Children, weighted: Any, ties: Ties) -> Answer:
    rows = [one.rows for one in weighted]
    arm = np.repeat([WITHOUT, COMBINED], [len(one.child) for one in rows])
    try:
        fit = methods.cox(
            np.concatenate([one.stop for one in rows]),
            np.concatenate([one.event for one in rows]),
            arm,
            ties,
            entry=np.concatenate([one.start for one in rows]),
            cluster=np.concatenate([one.child for one in rows]),
            weights=np.concatenate([one.weight for one in weighted]),
        )
    except CannotEstimate as error:
        return Answer("weighted", reason=error.problem)
    losses = sum(int(one.event.sum()) for one in rows)
    return Answer(
        "weighted", float(fit.hazard_ratios[0]), float(fit.lower[0]), float(fit.upper[0]),
        float(fit.p_value[0]), len(children), losses,
    )  # fmt: skip


def _beside(
    patients: pd.DataFrame, exposure: pd.DataFrame, definition: str, plan: TrialPlan
) -> tuple[Answer, ...]:
    """The same covariates at time zero with the exposure fixed, at a landmark, and day by day."""
    designs = {
        "fixed": Design(as_published=True),
        "landmark": Design(landmark_months=plan.landmark_months),
        "time_dependent": Design(late_entry=True, time_dependent=(EXPOSURE,)),
    }
    found = []
    for name, design in designs.items():
        try:
            model = cox_regression(
                patients, definition, covariates=[EXPOSURE, *plan.covariates], ties=plan.ties,
                design=design, exposure=exposure,
            )  # fmt: skip
        except CannotEstimate as error:
            found.append(Answer(name, reason=error.problem))
            continue
        term = model.terms[0].to_json()
        found.append(
            Answer(
                name, term["hr"], term["hr_lower"], term["hr_upper"], term["p"], model.n,
                model.events,
            )
        )  # fmt: skip
    return tuple(found)
