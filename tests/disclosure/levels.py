"""Drug levels, what followed a loss and what is missing, of a random cohort."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

START = date(2020, 1, 1)
OF_COLUMN = {"crp": "crp_high", "hb": "hb_low", "onset_on": "veo_cd", "week14_pcdai": None}
"""Columns of the missing values, with the covariate that is held to a limit of each."""


def frames_of(patients: pd.DataFrame, draw: np.random.Generator) -> dict[str, pd.DataFrame]:
    """The views of drug levels beside the rows of `analysis_set`."""
    n = len(patients)
    survival = patients[["definition", "patient_id", "entry_days", "time_days", "event"]].assign(
        origin_on=START, start_on=START
    )
    level = draw.integers(1, 120, n) / 10
    comparator = [draw.choice([None, None, None, "<", ">"]) for _ in range(n)]
    rows = pd.DataFrame({
        "definition": patients["definition"], "patient_id": patients["patient_id"],
        "event": patients["event"], "sampled_on": START + timedelta(days=97), "assay": "a",
        "ifx_ug_ml": level, "ifx_comparator": comparator, "ifx_for_mean": level,
    })  # fmt: skip
    week14 = rows[draw.random(n) < draw.choice([0.5, 0.9, 1.0])].reset_index(drop=True)
    lost = patients[patients["event"].astype(bool)]
    outcome = draw.choice(["stopped", "optimised", "neither"], len(lost))
    regained = [bool(draw.random() < 0.5) if one == "optimised" else None for one in outcome]
    kind = draw.choice(["immunogenic", "pharmacokinetic", "undetermined"], len(lost))
    return {
        "survival": survival,
        "tdm_week14": week14,
        "trough": _troughs(week14, draw),
        "lor_outcome": pd.DataFrame({
            "definition": lost["definition"], "patient_id": lost["patient_id"],
            "outcome": outcome, "regained": regained,
        }, dtype=object),
        "lor_mechanism": pd.DataFrame({
            "definition": lost["definition"], "patient_id": lost["patient_id"], "mechanism": kind,
            "action": "measure", "level_record_id": [draw.choice([None, 1]) for _ in kind],
        }, dtype=object),
    }  # fmt: skip


def _troughs(week14: pd.DataFrame, draw: np.random.Generator) -> pd.DataFrame:
    """Those of week 14, and of some a year later; of a few after a loss."""
    later = week14[draw.random(len(week14)) < 0.6]
    rows = pd.concat([
        week14.assign(timepoint="week_14", day=97, after_event=draw.random(len(week14)) < 0.05),
        later.assign(timepoint="maintenance", day=400, after_event=False),
    ], ignore_index=True)  # fmt: skip
    return rows.assign(
        within_observation=True,
        is_trough=draw.random(len(rows)) < 0.9,
        censored=rows["ifx_comparator"].notna(),
        trough_level=draw.choice(["below", "within"], len(rows)),
        phenotype_held_to="any",
        threshold_ug_ml=5,
    )


def missing_of(
    baseline: pd.DataFrame, patients: pd.DataFrame, week14: pd.DataFrame, draw: np.random.Generator
) -> pd.DataFrame:
    """How often a value is missing: as in the other views, or of a few whose covariate is too."""
    n = len(baseline)
    known: dict[str, Any] = {
        column: int(baseline[column].notna().sum())
        for column in ("sex", "baseline_pcdai", "location", "behaviour", "perianal", "growth")
    }
    for column, covariate in OF_COLUMN.items():
        held = n if covariate is None else int(patients[covariate].notna().sum())
        known[column] = min(n, held + int(draw.choice([0, 0, 1, 6])))
    known["week14_trough"] = len(week14)
    rows = [
        {"definition": patients["definition"].iloc[0], "position": place, "variable": variable,
         "known": value, "missing": n - value, "patients": n}
        for place, (variable, value) in enumerate(known.items())
    ]  # fmt: skip
    return pd.DataFrame(rows, dtype=object)
