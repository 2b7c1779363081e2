"""What is missing: each variable of the cohort with the patients in whom it is not known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from registry.analysis.dataset import check_definition, require_columns
from registry.covariates import MEASURES
from registry.errors import CannotEstimate, Refused
from registry.words import note, tr

METHOD = note(
    "Every variable of the cohort at its own window; a value reported as a limit is known. "
    "No value was imputed: each analysis is of the patients in whom its variables are "
    "known."
)


@dataclass(frozen=True)
class MissingValues:
    """Patients in the cohort, and for each variable those in whom it is known."""

    definition: str
    n: int
    known: tuple[tuple[str, int], ...]

    def to_json(self) -> dict[str, Any]:
        """The document: counts and percentages of the cohort."""
        return {
            "definition": self.definition,
            "method": METHOD,
            "n": self.n,
            "rows": [
                {
                    "variable": variable,
                    "label": MEASURES[variable].label,
                    "known": known,
                    "missing": self.n - known,
                    "percent": 100 * (self.n - known) / self.n,
                }
                for variable, known in self.known
            ],
            "notes": [],
        }


def missing_values(frame: pd.DataFrame, definition: str) -> MissingValues:
    """The variables in the view's order.

    Args:
        frame: rows of `analytics.missing_values`.

    Raises:
        CannotEstimate: the cohort is empty.
        Refused: the rows do not add up, or a variable has no label.
    """
    check_definition(frame, definition, "missing_values")
    columns = ("position", "variable", "known", "missing", "patients")
    require_columns(frame, columns, "missing_values")
    if frame.empty:
        raise CannotEstimate(note("The cohort is empty, so nothing is missing in it."))
    rows = frame.sort_values("position", key=lambda position: position.astype(int))
    unknown = sorted(set(rows["variable"]) - set(MEASURES))
    if unknown:
        raise Refused(
            tr(
                "missing_values has a variable without a label: {unknown}.",
                unknown=", ".join(unknown),
            )
        )
    sizes = {int(n) for n in rows["patients"]} | {
        int(known) + int(missing)
        for known, missing in zip(rows["known"], rows["missing"], strict=True)
    }
    if len(sizes) > 1:
        raise Refused(tr("missing_values does not add up: variables are of different cohorts."))
    pairs = zip(rows["variable"], rows["known"], strict=True)
    return MissingValues(definition, sizes.pop(), tuple((str(v), int(k)) for v, k in pairs))
