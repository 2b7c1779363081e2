"""Writes the data that curves.R reads: `python -m tests.analysis.golden.curve_data FOLDER`.

The study and the synthetic cohort come through the views; the classic data sets from the package
lifelines, which ships them. `synthetic_curves.csv` beside this file is kept, so that tests need not
derive it again; it is `registry synth --patients 1200 --seed 20` read by `read_patients`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from registry.analysis.reading import read_patients

HERE = Path(__file__).parent
COLUMNS = (
    "patient_id", "time_days", "event", "entry_days", "left_days", "right_days", "event_code",
    "sex_female", "perianal", "location", "centre",
)  # fmt: skip


def patients_table(connection: object) -> pd.DataFrame:
    """The columns that the golden numbers need, flags as 0 and 1."""
    frame = read_patients(connection, "paper")[list(COLUMNS)]  # type: ignore[arg-type]
    return frame.assign(event=frame["event"].astype(int)).sort_values("patient_id")


def lung() -> pd.DataFrame:
    """Lung cancer, with two causes of death made of it: below 65 years of age, and above."""
    from lifelines.datasets import load_lung

    data = load_lung()
    data["event"] = data["status"].astype(int)
    data["cause"] = np.where(data["event"] == 1, np.where(data["age"] >= 65, 2, 1), 0)
    data["wing"] = pd.cut(data["age"], [0, 55, 65, 75, 100], labels=False)
    return data[["time", "event", "cause", "sex", "wing"]]


def psychiatric() -> pd.DataFrame:
    """Psychiatric patients by age: they enter the study late (Klein and Moeschberger)."""
    from lifelines.datasets import load_psychiatric_patients

    data = load_psychiatric_patients()
    return pd.DataFrame(
        {
            "entry": data["Age"],
            "exit": data["Age"] + data["T"],
            "event": data["C"],
            "sex": data["sex"],
        }
    )


def diabetes() -> pd.DataFrame:
    """Onset of diabetic nephropathy, known to lie between two examinations; exact ones left out."""
    from lifelines.datasets import load_diabetes

    data = load_diabetes()
    return data[data["left"] < data["right"]][["left", "right", "gender"]]


CLASSIC = {"lung": lung, "psychiatric": psychiatric, "diabetes": diabetes}


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    for name, load in CLASSIC.items():
        load().to_csv(folder / f"{name}.csv", index=False)
    pd.read_csv(HERE / "synthetic_curves.csv").to_csv(folder / "synthetic.csv", index=False)
