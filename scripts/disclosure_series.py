"""Publish random cohorts, all tables of a report together, and hold each to the checker.

The suite does so with a few; this is the long series: scripts/disclosure_series.py [COHORTS [SEED]]
"""

from __future__ import annotations

import sys
from pathlib import Path
from time import process_time

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.disclosure.cohorts import Cohort
from tests.disclosure.reports import leaks_of


def cohort_of(draw: np.random.Generator) -> Cohort:
    """A cohort of up to 200 children, of whom few or many are lost, unknown or excluded."""
    excluded = tuple(int(n) for n in draw.choice([0, 0, 1, 2, 4, 5, 9], 3))
    return Cohort(
        n=int(draw.integers(1, 201)),
        lost=float(draw.choice([0, 0.05, 0.2, 0.5, 0.9])),
        unknown=float(draw.choice([0, 0.03, 0.3])),
        excluded=excluded,
        without=int(draw.choice([0, 1, 4, 7])),
        seed=int(draw.integers(0, 10**6)),
    )


def main(cohorts: int = 200, seed: int = 1) -> int:
    """Print every leak, and how many cohorts had none."""
    draw, found = np.random.default_rng(seed), 0
    for _ in range(cohorts):
        cohort = cohort_of(draw)
        leaks = leaks_of(cohort)
        if leaks:
            found += 1
            print(cohort, *leaks, sep="\n  ")
    print(f"{cohorts} cohorts, {found} with a leak; {process_time():.0f} s of processor time")
    return min(found, 1)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
