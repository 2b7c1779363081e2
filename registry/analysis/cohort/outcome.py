"""What happened after the loss of response: stopped, optimised, and response regained or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from registry.analysis.dataset import check_definition, flags, require_columns
from registry.errors import Refused
from registry.words import tr

_OUTCOMES = ("stopped", "optimised", "neither")


@dataclass(frozen=True)
class Outcomes:
    """Patients with loss of response by what followed; the last three divide the optimised."""

    definition: str
    lor: int
    stopped: int
    optimised: int
    neither: int
    regained: int
    not_regained: int
    regained_unknown: int

    def to_json(self) -> dict[str, Any]:
        """The document of `registry analyse outcomes`."""
        return {
            "definition": self.definition,
            "lor": self.lor,
            "stopped": self.stopped,
            "optimised": self.optimised,
            "neither": self.neither,
            "regained": self.regained,
            "not_regained": self.not_regained,
            "regained_unknown": self.regained_unknown,
            "notes": [],
        }


def outcomes_after_loss(frame: pd.DataFrame, definition: str) -> Outcomes:
    """Counts of what followed the loss of response; all are 0 when nobody lost response.

    Args:
        frame: rows of `analytics.lor_outcome`, one per patient with a loss: `outcome`, `regained`.

    Raises:
        Refused: an outcome is unknown, or a patient who was not optimised has `regained`.
    """
    check_definition(frame, definition, "lor_outcome")
    require_columns(frame, ("outcome", "regained"), "lor_outcome")
    outcome = frame["outcome"].astype(object).reset_index(drop=True)
    unknown = sorted({str(one) for one in outcome if one not in _OUTCOMES})
    if unknown:
        raise Refused(
            tr("lor_outcome has an unknown outcome: {unknown}.", unknown=", ".join(unknown))
        )
    regained = flags(frame, "regained", "lor_outcome")
    optimised = outcome == "optimised"
    if regained[~optimised].notna().any():
        raise Refused(tr("lor_outcome says 'regained' of a patient who was not optimised."))
    n = {name: int((outcome == name).sum()) for name in _OUTCOMES}
    return Outcomes(
        definition=definition,
        lor=len(frame),
        regained=int(regained.eq(True).sum()),
        not_regained=int(regained.eq(False).sum()),
        regained_unknown=int(regained[optimised].isna().sum()),
        **n,
    )
