"""The result of the target trial: its choices, answers, risks and weights, as a document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from registry.analysis import methods
from registry.analysis.basis import Basis, limits_under
from registry.analysis.choices import TrialPlan
from registry.analysis.dataset import Floats
from registry.analysis.methods.e_value import Measure
from registry.analysis.trial.clones import COMBINED, WITHOUT, Children
from registry.analysis.trial.protocol import ANSWERS, protocol, strategies
from registry.analysis.trial.weights import Weighted, risk_by
from registry.variables import DAYS_PER_MONTH
from registry.words import note

# An outcome that more have by the end is common: VanderWeele and Ding 2017.
_COMMON = 0.15


@dataclass(frozen=True)
class Answer:
    """A hazard ratio of combination with its limits, or why there is none."""

    id: str
    hr: float | None = None
    lower: float | None = None
    upper: float | None = None
    p: float | None = None
    n: int | None = None
    events: int | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Emulation:
    """What the trial found; arms in the order without, combined."""

    definition: str
    plan: TrialPlan
    children: Children
    dropped: int
    weighted: tuple[Weighted, Weighted]
    risks: Floats
    drawn: Floats
    failed: int
    answers: tuple[Answer, ...]
    basis: Basis | None

    def to_json(self) -> dict[str, Any]:
        """The document of `registry analyse target-trial`."""
        told = {}
        if self.basis:
            told = {
                **self.basis.to_json(note("at risk from the day after it")),
                "clock": note("days from the week-14 PCDAI"),
            }
        plan = self.plan
        return {
            "definition": self.definition,
            "method": note(
                "Target trial emulated by clones, censored when they depart from their strategy "
                "and weighted by the inverse of the chance of not having departed, by pooled "
                "logistic regression of each month ({kind} weights, cut at the percentiles {low:g} "
                "and {high:g}). Risks by weighted Kaplan-Meier, limits by {resamples} bootstrap "
                "samples of children (seed {seed}), the weights estimated anew in each; hazard "
                "ratio by weighted Cox regression, ties by {ties}, errors robust by child.",
                kind=note("stabilised") if plan.stabilised else note("unstabilised"),
                low=100 - plan.truncate,
                high=plan.truncate,
                resamples=plan.resamples,
                seed=plan.seed,
                ties=plan.ties.capitalize(),
            ),
            **told,
            "protocol": protocol(plan, self.basis),
            "n": len(self.children),
            "dropped": self.dropped,
            "events": int(self.children.event.sum()),
            "arms": [self._arm(arm) for arm in (WITHOUT, COMBINED)],
            "risks": [self._risk(i) for i in range(len(plan.at_months))],
            "answers": [{**vars(one), "answer": ANSWERS[one.id]} for one in self.answers],
            "e_values": self._e_values(),
            "notes": list(self._notes()),
        }

    def _arm(self, arm: int) -> dict[str, Any]:
        found = self.weighted[arm]
        return {
            "arm": ("without", "combined")[arm],
            "strategy": strategies(limits_under(self.basis))[arm],
            "clones": len(self.children),
            "departures": found.departures,
            "losses": int(found.rows.event.sum()),
            "weights": found.shown(),
        }

    def _risk(self, i: int) -> dict[str, Any]:
        point, drawn = self.risks[:, i], self.drawn[:, :, i]
        with np.errstate(divide="ignore", invalid="ignore"):
            of = {
                "without": (point[WITHOUT], drawn[:, WITHOUT]),
                "combined": (point[COMBINED], drawn[:, COMBINED]),
                "difference": (point[COMBINED] - point[WITHOUT], drawn[:, 1] - drawn[:, 0]),
                "ratio": (point[COMBINED] / point[WITHOUT], drawn[:, 1] / drawn[:, 0]),
            }
        known = self.plan.at_months[i] * DAYS_PER_MONTH <= self._followed()
        found: dict[str, Any] = {"at_months": self.plan.at_months[i]}
        for name, (value, others) in of.items():
            lower, upper = np.nan, np.nan
            finite = others[np.isfinite(others)]
            if finite.size:
                lower, upper = np.quantile(finite, [0.025, 0.975], method="weibull")
            for key, one in (("", value), ("_lower", lower), ("_upper", upper)):
                found[name + key] = float(one) if known and np.isfinite(one) else None
        return found

    def _followed(self) -> float:
        """The last day on which both arms are seen."""
        return float(min(one.rows.stop.max() for one in self.weighted))

    def _e_values(self) -> list[dict[str, Any]]:
        found = []
        weighted = self.answers[0]
        if weighted.hr is not None and weighted.lower is not None and weighted.upper is not None:
            common = max(risk_by(one.rows, one.weight, np.array([np.inf]))[0]
                         for one in self.weighted) > _COMMON  # fmt: skip
            measure: Measure = "common_hazard_ratio" if common else "rare_hazard_ratio"
            limits = (weighted.hr, weighted.lower, weighted.upper)
            found.append(_told(note("hazard ratio"), measure, limits))
        for i, months in enumerate(self.plan.at_months):
            risk = self._risk(i)
            limits = tuple(risk[f"ratio{end}"] for end in ("", "_lower", "_upper"))
            if None not in limits and 0 < limits[1] <= limits[0] <= limits[2]:
                name = note("risk ratio at {months:g} months", months=months)
                found.append(_told(name, "risk_ratio", limits))
        return found

    def _notes(self) -> list[str]:
        notes: list[str] = [
            note(
                "Rests on no unmeasured reason to give the drug that also foretells the loss, "
                "beyond the covariates of the weights. An E-value is the risk ratio that such a "
                "reason must have with both to explain the estimate, or its limit, away."
            )
        ]
        if self.dropped:
            notes.append(
                note(
                    "{number} patients lack a covariate of time zero and are left out.",
                    number=self.dropped,
                )
            )
        if self.failed:
            notes.append(
                note(
                    "{failed} of {resamples} bootstrap samples gave no weights and are left out.",
                    failed=self.failed,
                    resamples=self.plan.resamples,
                )
            )
        return notes


def _told(name: str, measure: Measure, limits: Any) -> dict[str, Any]:
    point, nearer = methods.e_value(limits[0], limits[1], limits[2], measure)
    return {"of": name, "measure": measure, "estimate": limits[0], "e_value": point,
            "e_value_of_limit": nearer}  # fmt: skip
