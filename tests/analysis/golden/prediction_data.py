"""Draws the data of `prediction.R`: python prediction_data.py FOLDER."""

import csv
import sys
from pathlib import Path

import numpy as np

COLUMNS = ("time", "cause", "x", "group", "early", "late")
SEEDS = range(9)
ROWS = ((-1.0, 0.0), (0.5, 1.0))
"""Covariates of the patients that are predicted for."""


def draw(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows of COLUMNS and three times: ties from many to few; from seed 6 on none."""
    rng = np.random.default_rng([15, seed])
    n, scale = (60, 150, 400)[seed % 3], (8.0, 300.0, 40.0)[seed // 3]
    x, group = np.round(rng.normal(size=n), 2), rng.integers(0, 2, n).astype(float)
    loss = rng.exponential(scale * np.exp(-0.7 * x))
    other = rng.exponential(2 * scale * np.exp(-0.4 * group))
    end = rng.exponential(2 * scale, n)
    time = np.minimum(np.minimum(loss, other), end)
    cause = np.select([time == loss, time == other], [1.0, 2.0], 0.0)
    time = time if seed >= 6 else np.ceil(time)
    # Predictions with ties of their own, and another one for later times.
    early = np.round(1 / (1 + np.exp(-(x - 1 + rng.normal(0, 0.5, n)))), 1 + seed % 2)
    late = np.round(np.sqrt(early), 3)
    times = np.unique(np.quantile(time, (0.3, 0.6, 0.85), method="lower"))
    return np.column_stack([time, cause, x, group, early, late]), times


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    for seed in SEEDS:
        rows, times = draw(seed)
        with (folder / f"{seed}.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            writer.writerows(rows.tolist())
        (folder / f"{seed}.txt").write_text("\n".join(map(repr, times.tolist())) + "\n")
