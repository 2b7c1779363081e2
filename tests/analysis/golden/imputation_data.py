"""Draws the incomplete data of `imputation.R`: python imputation_data.py FILE."""

import csv
import sys
from pathlib import Path

import numpy as np

COLUMNS = ("time", "event", "a", "b", "z", "full")
MISSING = {"a": 0, "b": 1, "z": 2}


def draw(seed: int = 7, n: int = 400) -> np.ndarray:
    """Rows of COLUMNS: whole days, two yes-or-no covariates, a number, one that is always known.

    What is missing (a quarter of each of the first three) depends on the outcome and on `full`.
    """
    rng = np.random.default_rng(seed)
    full = (rng.random(n) < 0.5).astype(float)
    a = (rng.random(n) < 0.25 + 0.3 * full).astype(float)
    b = (rng.random(n) < 0.3 + 0.3 * a).astype(float)
    z = np.round(rng.normal(0.5 * a - 0.4 * full, 1.0, n), 3)
    hazard = 0.001 * np.exp(0.7 * a - 0.5 * b + 0.4 * z + 0.3 * full)
    lost, left = rng.exponential(1 / hazard), rng.uniform(100, 1500, n)
    event = lost <= left
    time = np.floor(np.minimum(lost, left)) + 1
    values = np.column_stack([a, b, z])
    chance = 0.1 + 0.2 * event + 0.1 * full
    values[rng.random(values.shape) < chance[:, None]] = np.nan
    return np.column_stack([time, event, values, full])


if __name__ == "__main__":
    with Path(sys.argv[1]).open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(["" if np.isnan(v) else v for v in row] for row in draw().tolist())
