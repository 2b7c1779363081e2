"""What the visits' gaps do to a known hazard ratio: the visit-date model beside that of intervals.

Children are drawn with a Weibull time from week 14 to the loss (shape 1.3) and a hazard ratio of 2
for growth delay, seen at visits, observed for one to five years; `between_visits`, the function of
`registry analyse interval-censored`, is asked for the ratio. Visits come every two months, once a
year, or every three months with growth delay and once a year without.

    python scripts/simulate_intervals.py --registries 200 --children 300 --seed 1
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd
from simulate import Estimate, summarise

from registry.analysis.cox.between_visits import MODELS, between_visits

RATIO, SHAPE, MEDIAN_DAYS = 2.0, 1.3, 1100.0
WEEK14 = 98
# Days between visits without and with growth delay.
GAPS = {
    "every 2 months": (60, 60),
    "once a year": (365, 365),
    "every 3 months with, once a year without": (365, 90),
}


def rows_of(seed: int, children: int, gaps: tuple[int, int]) -> pd.DataFrame:
    """Rows as `patients_of` gives them."""
    rng = np.random.default_rng(seed)
    delay = rng.random(children) < 0.5
    scale = MEDIAN_DAYS / np.log(2) ** (1 / SHAPE)
    loss = scale * rng.weibull(SHAPE, children) * np.where(delay, RATIO ** (-1 / SHAPE), 1)
    ends = rng.integers(365, 5 * 365, children)
    rows = []
    for i in range(children):
        gap = gaps[int(delay[i])]
        visits = np.cumsum(rng.integers(round(0.8 * gap), round(1.2 * gap), 60))
        visits = visits[visits <= ends[i]]
        clear, shown = visits[visits < loss[i]], visits[visits >= loss[i]]
        rows.append(
            {
                "definition": "paper",
                "patient_id": f"S{i:04d}",
                "time_days": WEEK14 + int(shown[0] if shown.size else ends[i]),
                "event": bool(shown.size),
                "growth_delay": bool(delay[i]),
                "entry_days": WEEK14,
                "left_days": WEEK14 + int(clear[-1] if clear.size else 0),
                "right_days": WEEK14 + int(shown[0]) if shown.size else None,
            }
        )
    return pd.DataFrame(rows)


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--registries", type=int, default=200)
    parser.add_argument("--children", type=int, default=300, help="in each registry")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    print("| visits | analysis | truth | mean | z | coverage |\n|---|---|---|---|---|---|")
    for visits, gaps in GAPS.items():
        found: dict[str, list[Estimate]] = {name: [] for name in MODELS}
        for i in range(given.registries):
            frame = rows_of(given.seed * 1_000_003 + i, given.children, gaps)
            fitted = between_visits(
                frame, "paper", covariates=["growth_delay"], events_per_covariate=1
            )
            for name, one in fitted.hazards.items():
                values = (one.ratios[0], one.lower[0], one.upper[0], one.p_value[0])
                found[name].append(Estimate(*map(float, values)))
        for name, estimates in found.items():
            one = summarise(visits, MODELS[name], RATIO, estimates, ratio=True)
            print(
                f"| {one.question} | {one.way} | {one.truth:g} | {one.mean:.3f} | {one.z:+.1f} |"
                f" {100 * one.coverage:.1f} % |",
                flush=True,
            )


if __name__ == "__main__":
    main()
