"""Splits the study cohort at random into hospitals and holds their sums to the pooled models.

    python scripts/study_splits.py HOME [SPLITS]

HOME is that of `registry demo`. Prints how far combined and pooled are apart at most, how often the
model of a single hospital cannot be fitted, and whether any answer holds a count below the limit.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from registry.analysis import methods
from registry.analysis.arrays import Ties
from registry.analysis.cox.partial_likelihood import Rows
from registry.analysis.dataset import Flags, Floats
from registry.analysis.pooling import cox as pooling
from registry.analysis.pooling.cox import Evaluated
from registry.analysis.pooling.descriptive import mean_sd_of, moments
from registry.analysis.pooling.log_rank import log_rank_of, log_rank_sums
from registry.analysis.reading import read_patients, read_view
from registry.covariates import COVARIATES
from registry.database.engine import open_database
from registry.errors import CannotEstimate
from registry.settings import Settings
from registry.study.pages import leaves
from registry.study.question import Model, asked
from registry.study.told import Cohort, tell

TERMS = ("bmi_z_low", "growth_delay", "response_without_remission")
SIZES, SPLITS, LIMIT = (2, 3, 5, 7), 200, 5


def splits(n: int, number: int) -> Iterator[np.ndarray]:
    """The hospital of each child, at random; 2, 3, 5 and 7 hospitals in turn."""
    rng = np.random.default_rng(2026)
    for each in range(number):
        yield rng.integers(0, SIZES[each % len(SIZES)], n)


def combined(parts: Sequence[Rows], ties: Ties) -> tuple[Floats, Floats, int]:
    """Coefficients, errors and rounds of the files' way; CannotEstimate as they refuse."""
    points: list[Evaluated] = []
    terms = parts[0].values.shape[1]
    ask: tuple[tuple[float, ...], ...] = ((0.0,) * terms,)
    for number in range(1, 100):
        told = [pooling.sums_at(rows, ties, ask, firth=False) for rows in parts]
        for place, coef in enumerate(ask):
            of = {str(site): sums[place] for site, sums in enumerate(told)}
            points.append(Evaluated.at(coef, of))
        reached = pooling.climb(points, firth=False)
        ask = reached.ask
        if any(abs(one) > 12 for coef in ask for one in coef):
            raise CannotEstimate("it runs away")
        if not ask:
            found = pooling.estimated(reached.best)
            return np.array([t.coef for t in found]), np.array([t.se for t in found]), number
    raise CannotEstimate("it does not end")


def model_apart(
    time: Floats, event: Flags, values: Floats, hospital: np.ndarray, ties: Ties
) -> tuple[float, int] | None:
    """How far combined and pooled are apart, relatively, and the rounds; None without a model."""
    parts = [
        Rows.of(time[here], event[here], values[here])
        for one in np.unique(hospital)
        if event[here := hospital == one].any()
    ]
    try:
        pooled = methods.cox(time, event, values, ties, strata=hospital)
    except CannotEstimate:
        return None
    coef, se, rounds = combined(parts, ties)
    apart = max(
        float(np.abs(coef / pooled.coefficients - 1).max()),
        float(np.abs(se / pooled.standard_errors - 1).max()),
    )
    return apart, rounds


def tests_apart(data: pd.DataFrame, hospital: np.ndarray) -> float:
    """How far the log-rank tests are apart at most."""
    furthest = 0.0
    for covariate in COVARIATES:
        known = data[covariate.id].notna().to_numpy()
        true = data.loc[known, covariate.id].astype(bool).to_numpy()
        time = data.loc[known, "time_days"].to_numpy(dtype=np.int64)
        event, site = data.loc[known, "event"].to_numpy(dtype=bool), hospital[known]
        told = [
            log_rank_sums(time[here], event[here], true[here])
            for one in np.unique(site)
            if event[here := site == one].any()
        ]
        test = log_rank_of(told)
        try:
            pooled = methods.logrank(time, event, true, site).statistic
        except CannotEstimate:
            assert test is None
            continue
        assert test is not None
        furthest = max(furthest, abs(test.chi2 - pooled) / max(pooled, 1e-6))
    return furthest


def means_apart(values: Floats, hospital: np.ndarray) -> float:
    """How far mean and deviation are apart."""
    told = [moments(values[hospital == one]) for one in np.unique(hospital)]
    mean, sd = mean_sd_of(told)
    known = values[~np.isnan(values)]
    assert mean is not None
    assert sd is not None
    return max(abs(mean / known.mean() - 1), abs(sd / known.std(ddof=1) - 1))


def cannot_alone(time: Floats, event: Flags, values: Floats) -> bool:
    """Whether a hospital's rows have no such model of their own."""
    try:
        methods.cox(time, event, values, "efron")
    except CannotEstimate:
        return True
    return False


def small_counts(patients: pd.DataFrame, baseline: pd.DataFrame) -> list[tuple[str, int]]:
    """Counts between 0 and the limit in what a hospital of these children would tell."""
    lost = int(patients["event"].astype(bool).sum())
    n = len(patients)
    steps = {"registered": n, "no_infliximab": 0, "started": n,
             "eligible": n, "events": lost, "responders": n - lost}  # fmt: skip
    flow = pd.DataFrame(
        [
            {"definition": "paper", "position": place, "step": step, "reason": None, "n": count}
            for place, (step, count) in enumerate(steps.items())
        ],
        dtype=object,
    )
    views = {"cohort_flow": flow, "baseline": baseline}
    cohort = Cohort("paper", views.__getitem__, patients, {})
    question = asked(("flow", "table1", "table2", "km", "cox"), (12, 24), Model(TERMS))
    told = tell(cohort, question, LIMIT, first=True, coefs=[[0.0] * len(TERMS)])
    return [
        (path, value)
        for path, value in leaves(told.numbers)
        if isinstance(value, int) and 0 < value < LIMIT
    ]


def main() -> None:
    home, number = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else SPLITS
    settings = Settings.read(home=home, database_url=None, user="splits")
    with open_database(settings) as database, database.engine.connect() as connection:
        patients = read_patients(connection, "paper").sort_values("patient_id")
        baseline = read_view(connection, "baseline", "paper").sort_values("patient_id")
    apart = {"breslow": 0.0, "efron": 0.0, "log-rank": 0.0, "means": 0.0}
    alone = hospitals = without = small = told = most = 0
    for hospital in splits(len(patients), number):
        known = patients[list(TERMS)].notna().all(axis=1).to_numpy()
        rows, site = patients[known], hospital[known]
        time = rows["time_days"].to_numpy(dtype=np.float64)
        event = rows["event"].to_numpy(dtype=bool)
        values = rows[list(TERMS)].to_numpy(dtype=np.float64)
        for ties in ("breslow", "efron"):
            found = model_apart(time, event, values, site, ties)
            if found is None:
                without += 1
                continue
            apart[ties], most = max(apart[ties], found[0]), max(most, found[1])
        apart["log-rank"] = max(apart["log-rank"], tests_apart(patients, hospital))
        for name in ("initial_dose_mg_per_kg", "height_z", "bmi_z", "baseline_pcdai"):
            numbers = baseline[name].astype(float).to_numpy()
            apart["means"] = max(apart["means"], means_apart(numbers, hospital))
        for one in np.unique(hospital):
            here = site == one
            hospitals += 1
            alone += cannot_alone(time[here], event[here], values[here])
            of = hospital == one
            if of.sum() >= LIMIT:
                told += 1
                small += len(small_counts(patients[of], baseline[of]))
    print(f"{number} splits of {len(patients)} children, {hospitals} hospitals")
    for name, furthest in apart.items():
        print(f"{name}: combined and pooled are at most {furthest:.1e} apart, relatively")
    print(f"no finite pooled model in {without} of {2 * number}; at most {most} rounds")
    print(f"{alone} of {hospitals} hospitals ({alone / hospitals:.0%}) cannot fit the model alone")
    print(f"{small} counts below {LIMIT} in {told} answers")


if __name__ == "__main__":
    main()
