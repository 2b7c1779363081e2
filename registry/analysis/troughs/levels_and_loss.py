"""Drug levels and loss of response: all that `registry analyse tdm` tells.

The week-14 trough against a later loss (Welch, Mann-Whitney, quartiles over time, ROC), troughs
over time, why response was lost and what came of it, and who was measured at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from registry.analysis.basis import FROM_WEEK14, Basis, limits_under
from registry.analysis.choices import Bootstrap
from registry.analysis.cohort.listings import week14_levels
from registry.analysis.dataset import flags, numbers
from registry.analysis.troughs.at_week import Troughs, week14_troughs
from registry.analysis.troughs.course import troughs_over_time
from registry.analysis.troughs.measured import who_was_measured
from registry.analysis.troughs.mechanisms import mechanisms
from registry.analysis.troughs.quartiles import trough_quartiles
from registry.analysis.troughs.ranks import mann_whitney
from registry.analysis.troughs.roc import CENSORING, roc_curve
from registry.errors import CannotEstimate

WITH_VALUES = ("quartiles", "over_time", "measured")
"""Parts whose full document has the values of single patients that they were made of."""


@dataclass(frozen=True)
class DrugLevels:
    """The parts of the document; a part that the data cannot carry is None, with its reason.

    `levels` is the document of `week14_levels`, for a drawing.
    """

    troughs: Troughs
    parts: dict[str, Any]
    reasons: dict[str, str]
    levels: dict[str, Any]
    basis: Basis | None

    def to_json(self, *, levels: bool = False) -> dict[str, Any]:
        """The document of `registry analyse tdm`; with `levels` each value too."""
        document = self.troughs.to_json()
        parts = {
            name: None
            if part is None
            else part.to_json(values=levels)
            if name in WITH_VALUES
            else part.to_json()
            for name, part in self.parts.items()
        }
        notes = [*document["notes"], *self.reasons.values()]
        if self.parts["roc"] is not None:
            notes.append(CENSORING)
        drawn = {"levels": self.levels} if levels else {}
        told = self.basis.to_json(FROM_WEEK14) if self.basis else {}
        return {**document, **told, **parts, **drawn, "notes": notes}


def drug_levels(
    frames: dict[str, pd.DataFrame],
    definition: str,
    *,
    bootstrap: Bootstrap | None = None,
    basis: Basis | None = None,
) -> DrugLevels:
    """Analyse the levels of one definition.

    Args:
        frames: rows by view: `tdm_week14`, `survival`, `trough`, `lor_mechanism`, `lor_outcome`,
            `analysis_set` and `baseline`.
        bootstrap: how often to draw for the ROC curve, and the seed.

    Raises:
        CannotEstimate: the week-14 troughs of the two outcomes cannot be compared at all.
        Refused: rows are not fit for analysis.
    """
    week14 = frames["tdm_week14"]
    troughs = week14_troughs(week14, definition)
    lost = flags(week14, "event", "tdm_week14").to_numpy(dtype=bool)
    level = numbers(week14, "ifx_ug_ml")
    comparator = week14["ifx_comparator"].to_numpy(dtype=object)
    groups = (level[lost], level[~lost], comparator[lost].tolist(), comparator[~lost].tolist())
    parts: dict[str, Callable[[], Any]] = {
        "mann_whitney": lambda: mann_whitney(*groups),
        "quartiles": lambda: trough_quartiles(week14, frames["survival"], definition),
        "roc": lambda: roc_curve(*groups, bootstrap),
        "over_time": lambda: troughs_over_time(frames["trough"], definition),
        "mechanisms": lambda: mechanisms(
            frames["lor_mechanism"], frames["lor_outcome"], definition
        ),
        "measured": lambda: who_was_measured(frames, definition, limits_under(basis)),
    }
    made: dict[str, Any] = {}
    reasons: dict[str, str] = {}
    for name, part in parts.items():
        try:
            made[name] = part()
        except CannotEstimate as error:
            made[name], reasons[name] = None, error.problem
    levels = week14_levels(week14, frames["trough"], definition)
    return DrugLevels(troughs, made, reasons, levels, basis)
