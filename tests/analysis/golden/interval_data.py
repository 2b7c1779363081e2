"""Draws the random data of `interval.R`: python interval_data.py FOLDER."""

import csv
import sys
from pathlib import Path

import numpy as np

COLUMNS = ("left", "right", "x", "y")


def draw(seed: int) -> np.ndarray:
    """Rows of COLUMNS: days of the visits on either side of an event.

    0 is before the first visit, infinite after the last; in every fourth data set some events are
    known to the day.
    """
    rng = np.random.default_rng(seed)
    n = (60, 150, 400)[seed % 3]
    x, y = np.round(rng.normal(size=n), 3), rng.integers(0, 2, n)
    event = 700 * np.exp(0.4 * x - 0.6 * y) * rng.weibull(1.4, n)
    left, right = np.zeros(n), np.full(n, np.inf)
    for i in range(n):
        visits = np.cumsum(rng.integers(30, (90, 400)[seed % 2], 40))
        visits = visits[visits < rng.integers(200, 2500)]
        before, after = visits[visits < event[i]], visits[visits >= event[i]]
        left[i] = before.max() if before.size else 0
        right[i] = after.min() if after.size else np.inf
        if seed % 4 == 3 and after.size and rng.random() < 0.3:
            left[i] = right[i]
    return np.column_stack([left, right, x, y])


if __name__ == "__main__":
    for seed in range(12):
        with (Path(sys.argv[1]) / f"{seed}.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            writer.writerows(draw(seed).tolist())
