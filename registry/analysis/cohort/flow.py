"""Patient flow: who started infliximab, who was excluded and why, and what became of the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from registry.analysis.dataset import check_definition, require_columns
from registry.errors import Refused
from registry.views.headers import exclusions
from registry.words import tr

# What the flow counts, but for the excluded of each reason.
STEPS = ("registered", "no_infliximab", "started", "eligible", "events", "responders")


@dataclass(frozen=True)
class Exclusion:
    """Patients whose first failed criterion is `reason`, which is called `label`."""

    reason: str
    n: int
    label: str


@dataclass(frozen=True)
class Flow:
    """Numbers of patients from the registry to the outcome; `excluded` holds no zeros."""

    definition: str
    registered: int
    no_infliximab: int
    started: int
    excluded: tuple[Exclusion, ...]
    eligible: int
    events: int
    responders: int

    def to_json(self) -> dict[str, Any]:
        """The document of `registry analyse flow`."""
        return {
            "definition": self.definition,
            "registered": self.registered,
            "no_infliximab": self.no_infliximab,
            "started": self.started,
            "excluded": [
                {"reason": one.reason, "n": one.n, "label": one.label} for one in self.excluded
            ],
            "eligible": self.eligible,
            "events": self.events,
            "responders": self.responders,
            "notes": [],
        }


def cohort_flow(
    frame: pd.DataFrame, definition: str, labels: Mapping[str, str] | None = None
) -> Flow:
    """The flow, in the order in which the criteria are checked.

    Args:
        frame: rows of `analytics.cohort_flow`: `position`, `step`, `reason`, `n`.
        labels: what each exclusion is called under it; without them as in the published study.

    Raises:
        Refused: a step is missing or stands twice, a reason is unknown, or the numbers do not add
            up: started = excluded + eligible, eligible = events + responders.
    """
    check_definition(frame, definition, "cohort_flow")
    require_columns(frame, ("position", "step", "reason", "n"), "cohort_flow")
    labels = labels or exclusions()
    rows = frame.sort_values("position", key=lambda position: position.astype(int))
    counts: dict[str, int] = {}
    excluded: list[Exclusion] = []
    for step, reason, n in zip(rows["step"], rows["reason"], rows["n"], strict=True):
        if step == "excluded":
            if reason not in labels:
                raise Refused(
                    tr("cohort_flow has an unknown reason for exclusion: {reason}.", reason=reason)
                )
            if int(n) > 0:
                excluded.append(Exclusion(str(reason), int(n), labels[reason]))
        elif step in counts:
            raise Refused(tr("cohort_flow has the step {step} twice.", step=step))
        else:
            counts[str(step)] = int(n)

    missing = [step for step in STEPS if step not in counts]
    if missing:
        raise Refused(tr("cohort_flow lacks the step {missing}.", missing=", ".join(missing)))
    flow = Flow(definition=definition, excluded=tuple(excluded), **{s: counts[s] for s in STEPS})
    sums = (
        ("registered", flow.registered, flow.no_infliximab + flow.started),
        ("started", flow.started, sum(one.n for one in excluded) + flow.eligible),
        ("eligible", flow.eligible, flow.events + flow.responders),
    )
    for name, whole, parts in sums:
        if whole != parts:
            raise Refused(
                tr(
                    "cohort_flow does not add up: {name} {whole}, its parts {parts}.",
                    name=name,
                    whole=whole,
                    parts=parts,
                )
            )
    return flow
