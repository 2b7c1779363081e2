"""Why response was lost, as far as drug levels tell, what was done, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from registry.analysis.cohort.outcome import Outcomes, outcomes_after_loss
from registry.analysis.dataset import check_definition, require_columns
from registry.errors import CannotEstimate
from registry.words import note

METHOD = note(
    "Mechanism by the level nearest to the loss that tells, its threshold and the "
    "antibodies (view lor_mechanism); what followed by the view lor_outcome. The action is "
    "the guideline's advice, not what was done."
)


@dataclass(frozen=True)
class Mechanism:
    """The patients of one mechanism and advice."""

    mechanism: str
    action: str
    measured: int
    outcomes: Outcomes

    def to_json(self) -> dict[str, Any]:
        counts = self.outcomes.to_json()
        del counts["definition"], counts["notes"]
        return {
            "mechanism": self.mechanism,
            "action": self.action,
            "n": counts.pop("lor"),
            "with_a_level": self.measured,
            **counts,
        }


@dataclass(frozen=True)
class Mechanisms:
    """The mechanisms, the most frequent first."""

    rows: tuple[Mechanism, ...]

    def to_json(self) -> dict[str, Any]:
        return {"method": METHOD, "rows": [row.to_json() for row in self.rows]}


def mechanisms(mechanism: pd.DataFrame, outcome: pd.DataFrame, definition: str) -> Mechanisms:
    """Count the losses by mechanism, advice and what followed.

    Args:
        mechanism: rows of `analytics.lor_mechanism`.
        outcome: rows of `analytics.lor_outcome`.

    Raises:
        CannotEstimate: nobody lost response.
    """
    check_definition(mechanism, definition, "lor_mechanism")
    require_columns(
        mechanism, ("patient_id", "mechanism", "action", "level_record_id"), "lor_mechanism"
    )
    if mechanism.empty:
        raise CannotEstimate(note("Nobody lost response, so there are no mechanisms of a loss."))
    check_definition(outcome, definition, "lor_outcome")
    rows = mechanism[["patient_id", "mechanism", "action", "level_record_id"]].merge(
        outcome, on="patient_id", how="inner"
    )
    found = [
        Mechanism(
            str(name),
            str(action),
            int(members["level_record_id"].notna().sum()),
            outcomes_after_loss(members, definition),
        )
        for (name, action), members in rows.groupby(["mechanism", "action"])
    ]
    return Mechanisms(
        tuple(sorted(found, key=lambda one: (-one.outcomes.lor, one.mechanism, one.action)))
    )
