"""Writes the rows that levels.R takes: python levels_data.py HOME NAME, in this folder.

HOME is the home folder of a registry: that of `registry demo` for the study cohort, NAME `study`;
for `synthetic` one made of `registry synth --patients 1500 --seed 4`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from registry.analysis.reading import read_view
from registry.analysis.risk.data import predictors_by_id, risk_data
from registry.analysis.risk.fitting import folds_of
from registry.database.engine import open_database
from registry.settings import Settings

FOLDER = Path(__file__).parent
COVARIATES = {
    "study": ("week14_pcdai", "bmi_z", "growth_delay"),
    "synthetic": ("trough", "week14_pcdai", "bmi_z", "growth_delay", "baseline_pcdai"),
}


def levels(frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """A row per week-14 trough: level or limit, outcome, and days of entry, sample and end."""
    rows = frames["tdm_week14"].merge(
        frames["survival"][["patient_id", "origin_on", "entry_days", "time_days"]], on="patient_id"
    )
    return pd.DataFrame(
        {
            "level": rows["ifx_ug_ml"].astype(float),
            "comparator": rows["ifx_comparator"].fillna(""),
            "event": rows["event"].astype(int),
            "entry": rows["entry_days"].astype(int),
            "sampled": [
                (a - b).days for a, b in zip(rows["sampled_on"], rows["origin_on"], strict=True)
            ],
            "time": rows["time_days"].astype(int),
        }
    )


def risk(frames: dict[str, pd.DataFrame], name: str) -> pd.DataFrame:
    """A row per patient of the model: days from the landmark, event, fold and covariates."""
    data = risk_data(frames, "paper", predictors_by_id(COVARIATES[name]))
    used = data.complete
    event = data.event[used]
    values = {one.id: data.values[used][:, i] for i, one in enumerate(data.predictors)}
    return pd.DataFrame(
        {
            "time": data.time[used],
            "event": event.astype(int),
            "fold": folds_of(event, 1),
            **values,
        }
    )


def read(home: Path) -> dict[str, pd.DataFrame]:
    """The views of a registry."""
    with (
        open_database(Settings(home=home, database_url=None, user="reader")) as database,
        database.engine.connect() as connection,
    ):
        return views_of(connection)


def views_of(connection: Connection) -> dict[str, pd.DataFrame]:
    """The rows of the views that a prediction takes."""
    views = ("analysis_set", "survival", "baseline", "tdm_week14", "competing_events")
    return {view: read_view(connection, view, "paper") for view in views}


if __name__ == "__main__":
    frames, name = read(Path(sys.argv[1])), sys.argv[2]
    np.set_printoptions(precision=17)
    levels(frames).to_csv(FOLDER / f"levels_{name}.csv", index=False)
    risk(frames, name).to_csv(FOLDER / f"risk_{name}.csv", index=False)
