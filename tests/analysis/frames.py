"""Small frames in the shape of the `analytics` views."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pandas as pd

from registry.covariates import COVARIATES

DEFINITION = "paper"


def analysis_set(time: Sequence[int], event: Sequence[Any], **covariates: Any) -> pd.DataFrame:
    """Rows of analytics.analysis_set; covariates that are not named are missing everywhere."""
    columns: dict[str, Any] = {
        "definition": DEFINITION,
        "patient_id": [f"P{i:04d}" for i in range(1, len(time) + 1)],
        "time_days": list(time),
        "event": list(event),
    }
    for covariate in COVARIATES:
        columns[covariate.id] = covariates.get(covariate.id, [None] * len(time))
    return pd.DataFrame(columns, index=range(len(time)), dtype=object)


def flow_frame(**counts: int) -> pd.DataFrame:
    steps = [
        ("registered", None, 10),
        ("no_infliximab", None, 1),
        ("started", None, 9),
        ("excluded", "not_crohns_disease", 2),
        ("excluded", "prior_biologic", 0),
        ("excluded", "primary_non_response", 1),
        ("eligible", None, 6),
        ("events", None, 2),
        ("responders", None, 4),
    ]
    rows = [
        {
            "definition": "paper",
            "position": position,
            "step": step,
            "reason": reason,
            "n": counts.get(step, n) if reason is None else n,
        }
        for position, (step, reason, n) in enumerate(steps, start=1)
    ]
    return pd.DataFrame(rows, dtype=object).iloc[::-1]


def baseline_frame(n: int = 4, **columns: Any) -> pd.DataFrame:
    values: dict[str, Any] = {
        "definition": "paper",
        "patient_id": [f"P{i}" for i in range(n)],
        "sex": "male",
        "age_at_start_years": Decimal("12.5"),
        "duration_before_start_months": Decimal("6"),
        "initial_dose_mg_per_kg": Decimal("5"),
        "height_z": Decimal("0"),
        "bmi_z": Decimal("-1"),
        "baseline_pcdai": Decimal("40"),
        "severity": "severe",
        "week14_pcdai": Decimal("5"),
        "location": "L3",
        "upper_gi_location": None,
        "phenotype_assessed_on": "2020-01-01",
        "behaviour": "B1",
        "perianal": False,
        "growth": "G0",
        "prior_surgery": False,
        "infusions": 10,
        "cdeis": None,
        "event": False,
        "time_days": 400,
    }
    values.update(columns)
    return pd.DataFrame(values, index=range(n), dtype=object)


def trough_frame(lost: list[float], kept: list[float], **columns: Any) -> pd.DataFrame:
    levels = lost + kept
    values: dict[str, Any] = {
        "definition": "paper",
        "patient_id": [f"P{i}" for i in range(len(levels))],
        "event": [True] * len(lost) + [False] * len(kept),
        "ifx_comparator": None,
        "ifx_for_mean": [Decimal(str(level)) for level in levels],
    }
    values.update(columns)
    return pd.DataFrame(values, index=range(len(levels)), dtype=object)


def outcome_frame(rows: list[tuple[str, bool | None]]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "definition": "paper",
            "outcome": [name for name, _ in rows],
            "regained": [regained for _, regained in rows],
        },
        index=range(len(rows)),
        dtype=object,
    )
