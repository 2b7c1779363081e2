"""Draws the random data of `methods.R`: python methods_data.py FOLDER."""

import csv
import sys
from pathlib import Path

import numpy as np

COLUMNS = ("time", "entry", "cause", "x", "y", "stratum")


def draw(seed: int) -> np.ndarray:
    """Rows of COLUMNS: whole days with ties, a thin tail, two causes, three strata."""
    rng = np.random.default_rng(seed)
    n = (40, 90, 200)[seed % 3]
    time = np.round(rng.exponential((60, 250)[seed % 2], n)).clip(1) + 1
    entry = np.floor(time * rng.uniform(0, 0.6, n))
    cause = rng.choice(3, n, p=(0.3, 0.4, 0.3) if seed % 4 < 2 else (0.05, 0.5, 0.45))
    x = np.round(rng.normal(size=n), 3)
    return np.column_stack([time, entry, cause, x, rng.integers(0, 2, n), rng.integers(0, 3, n)])


if __name__ == "__main__":
    for seed in range(20):
        with (Path(sys.argv[1]) / f"{seed}.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            writer.writerows(draw(seed).tolist())
