"""Infliximab troughs at week 14 in patients with and without a later loss of response."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from registry.analysis.dataset import check_definition, flags, mean_sd, numbers, require_columns
from registry.covariates import MEASURES, OUTCOMES
from registry.errors import CannotEstimate, Refused
from registry.words import listed, note, tr

METHOD = note(
    "Welch's t test, response maintained minus loss of response; a level reported as <x counts as"
    " x/2 and one reported as >x as x."
)
_GROUPS = {"lor": note("loss of response"), "responder": note("response maintained")}


@dataclass(frozen=True)
class TroughGroup:
    """Levels of one outcome in ug/mL; `censored` of the `n` were reported as <x or >x."""

    group: str
    n: int
    mean: float
    sd: float
    censored: int

    def to_json(self) -> dict[str, Any]:
        return {
            "group": self.group,
            "label": OUTCOMES[self.group],
            "n": self.n,
            "mean": self.mean,
            "sd": self.sd,
            "censored": self.censored,
        }


@dataclass(frozen=True)
class Troughs:
    """Both groups and Welch's test; `t` is positive when the responders' mean is higher."""

    definition: str
    groups: tuple[TroughGroup, ...]
    t: float
    df: float
    p: float

    def to_json(self) -> dict[str, Any]:
        """The document of `registry analyse tdm`."""
        return {
            "definition": self.definition,
            "method": METHOD,
            "unit": MEASURES["week14_trough"].unit,
            "groups": [group.to_json() for group in self.groups],
            "t": self.t,
            "df": self.df,
            "p": self.p,
            "notes": list(self._notes()),
        }

    def _notes(self) -> tuple[str, ...]:
        censored, n = sum(g.censored for g in self.groups), sum(g.n for g in self.groups)
        if not censored:
            return ()
        return (
            note(
                "{censored} of {number} levels lie outside the assay's range and stand for their "
                "limit (>x) or half of it (<x); means and standard deviations are approximate.",
                censored=censored,
                number=n,
            ),
        )


def week14_troughs(frame: pd.DataFrame, definition: str) -> Troughs:
    """Mean troughs by outcome.

    Args:
        frame: rows of `analytics.tdm_week14`, one per patient with a trough: `event`,
            `ifx_comparator` (null, '<' or '>') and `ifx_for_mean` in ug/mL.

    Raises:
        CannotEstimate: fewer than two levels in a group, or no spread in either.
        Refused: a level or an outcome is missing, or a patient stands twice.
    """
    check_definition(frame, definition, "tdm_week14")
    require_columns(frame, ("patient_id", "event", "ifx_comparator", "ifx_for_mean"), "tdm_week14")
    if frame["patient_id"].duplicated().any():
        raise Refused(tr("tdm_week14 has more than one level of a patient."))
    event = flags(frame, "event", "tdm_week14")
    level = numbers(frame, "ifx_for_mean")
    if event.isna().any() or np.isnan(level).any():
        raise Refused(tr("tdm_week14 has rows without a level or without an outcome."))
    censored = frame["ifx_comparator"].notna().to_numpy(dtype=bool)
    lost = event.to_numpy(dtype=bool, na_value=False)

    levels = {"lor": level[lost], "responder": level[~lost]}
    for group, values in levels.items():
        if len(values) < 2:
            counts = listed(
                note("{words} {n}", words=_GROUPS[g], n=len(v)) for g, v in levels.items()
            )
            raise CannotEstimate(
                note(
                    "Week-14 troughs cannot be compared: the group '{group}' has fewer than "
                    "two levels ({counts}).",
                    group=_GROUPS[group],
                    counts=counts,
                ),
                cure=tr("Two levels in each group are needed; `registry tdm list` shows them."),
            )
    if all(np.ptp(values) == 0 for values in levels.values()):
        raise CannotEstimate(
            note(
                "Week-14 troughs cannot be compared: the levels do not vary within either "
                "group ({censored} of {number} are limits of the assay).",
                censored=int(censored.sum()),
                number=len(level),
            ),
            cure=tr("Levels reported as numbers are needed, not as <x or >x."),
        )
    with warnings.catch_warnings():
        # scipy warns of a group without spread, where Welch's test is still exact.
        warnings.simplefilter("ignore", RuntimeWarning)
        test = stats.ttest_ind(levels["responder"], levels["lor"], equal_var=False)
    groups = []
    for group, mask in (("lor", lost), ("responder", ~lost)):
        mean, sd = mean_sd(level[mask])
        assert mean is not None
        assert sd is not None
        groups.append(TroughGroup(group, int(mask.sum()), mean, sd, int((censored & mask).sum())))
    return Troughs(
        definition=definition,
        groups=tuple(groups),
        t=float(test.statistic),
        df=float(test.df),
        p=float(test.pvalue),
    )
