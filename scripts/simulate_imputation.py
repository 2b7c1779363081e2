"""What leaving out children with missing covariates does to the truth, and what imputing them does.

Registries are drawn from a known Cox model: time from week 14 to the loss of response, three
yes-or-no covariates and the week-14 trough, which go together. What is missing depends on the
outcome and on covariates that are known, never on the missing value itself (missing at random); a
trough below the limit of quantification is told as below it. Of each registry the rows of the views
are made in memory and analysed by the function of `registry analyse impute`, which gives the
imputed model and that of complete cases (half the limit for a trough below it); beside them the
model of the data before anything went missing.

    python scripts/simulate_imputation.py --registries 200 --children 400 --seed 1
"""

from __future__ import annotations

import argparse
import json
import sys
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from registry.analysis import methods
from registry.analysis.choices import ImputationRule
from registry.analysis.cox.imputed import impute_regression
from registry.covariates import COVARIATES

TRUTH = {"growth_delay": 0.5, "crp_high": 0.4, "trough": -0.35, "veo_cd": 0.3}
"""Log hazard ratios; of the trough for twice the level."""
LIMIT = 0.8
WEEK14 = 98
START = date(2020, 1, 1)
Z95 = 1.959963984540054


def draw(
    n: int, random: np.random.Generator, *, apart: bool = False
) -> tuple[pd.DataFrame, dict[str, Any], Any]:
    """The rows of the views, those of the trough, and the model of the data as they were."""
    veo = random.random(n) < 0.3
    growth = random.random(n) < np.where(veo, 0.5, 0.25)
    crp = random.random(n) < np.where(growth, 0.6, 0.4)
    level = random.normal(2.2 - 0.6 * crp - 0.4 * growth, 1.3)
    x = np.column_stack([growth, crp, level, veo]).astype(float)
    hazard = 0.0005 * np.exp(x @ np.array(list(TRUTH.values())))
    loss, end = random.exponential(1 / hazard), random.uniform(100, 1800, n)
    event = loss <= end
    time = np.floor(np.minimum(loss, end)).astype(int) + 1
    # Who does not soon lose response is looked at less closely; an early onset adds to that by
    # itself (apart), or only in those.
    well = ~(event & (time < 365))
    more = well & veo
    chances = (
        (0.08 + 0.15 * well, 0.05 + 0.1 * veo + 0.15 * well, 0.25 + 0.15 * veo + 0.25 * well)
        if apart
        else (0.08 + 0.1 * well + 0.25 * more, 0.05 + 0.1 * well + 0.2 * more,
              0.25 + 0.2 * well + 0.3 * more)
    )  # fmt: skip
    missing = {
        name: random.random(n) < chance
        for name, chance in zip(("growth_delay", "crp_high", "trough"), chances, strict=True)
    }
    ids = [f"P{i:04d}" for i in range(n)]
    flags: dict[str, Any] = {one.id: [False] * n for one in COVARIATES}
    flags |= {"veo_cd": veo}
    for name, truth in (("growth_delay", growth), ("crp_high", crp)):
        flags[name] = np.where(missing[name], None, truth)
    frame = pd.DataFrame(
        {"definition": "paper", "patient_id": ids, "time_days": time + WEEK14, "event": event}
        | flags
        | {"entry_days": WEEK14},
        dtype=object,
    )
    trough = np.round(2.0**level, 2)
    below = trough < LIMIT
    told = np.where(below, LIMIT, trough)
    tdm = pd.DataFrame(
        {
            "patient_id": ids,
            "sampled_on": START + timedelta(days=WEEK14),
            "ifx_ug_ml": told,
            "ifx_comparator": np.where(below, "<", None),
            "ifx_for_mean": np.where(below, LIMIT / 2, told),
        }
    )[~missing["trough"]]
    survival = pd.DataFrame({"patient_id": ids, "origin_on": START})
    return frame, {"tdm_week14": tdm, "survival": survival}, methods.cox(time, event, x, "breslow")


def one_registry(n: int, seed: int, rule: ImputationRule, *, apart: bool) -> dict[str, Any]:
    """By way of analysis: coefficient, error, and whether the limits hold the truth."""
    frame, levels, whole = draw(n, np.random.default_rng(seed), apart=apart)
    document = impute_regression(
        frame, "paper", covariates=tuple(TRUTH), levels=levels, rule=rule
    ).to_json()
    found: dict[str, Any] = {"complete_share": document["complete_cases"]["n"] / document["n"]}
    for k, term in enumerate(document["terms"]):
        truth = TRUTH[term["covariate"]]
        before = {
            "coef": float(whole.coefficients[k]),
            "se": float(whole.standard_errors[k]),
            "hr_lower": float(whole.lower[k]),
            "hr_upper": float(whole.upper[k]),
        }
        for way, numbers in (("whole", before), ("complete", term["complete"]), ("imputed", term)):
            held = numbers["hr_lower"] <= np.exp(truth) <= numbers["hr_upper"]
            found[way, term["covariate"]] = (numbers["coef"], numbers["se"], bool(held))
        found["fmi", term["covariate"]] = term["fraction_missing"]
    return found


def summary(made: list[dict[str, Any]]) -> dict[str, Any]:
    """Bias with its Monte Carlo error, spread, mean error and coverage, by way and covariate."""
    told: dict[str, Any] = {
        "registries": len(made),
        "complete_share": float(np.mean([one["complete_share"] for one in made])),
    }
    for name, truth in TRUTH.items():
        told[name] = {"truth": truth, "fmi": float(np.mean([one["fmi", name] for one in made]))}
        for way in ("whole", "complete", "imputed"):
            numbers = np.array([one[way, name] for one in made], dtype=float)
            told[name][way] = {
                "bias": float(numbers[:, 0].mean() - truth),
                "bias_error": float(numbers[:, 0].std(ddof=1) / np.sqrt(len(made))),
                "spread": float(numbers[:, 0].std(ddof=1)),
                "mean_se": float(numbers[:, 1].mean()),
                "coverage": float(numbers[:, 2].mean()),
            }
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0] if __doc__ else None)
    parser.add_argument("--registries", type=int, default=200)
    parser.add_argument("--children", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--imputations", type=int, default=20)
    parser.add_argument("--iterations", type=int, default=10)
    parser.add_argument("--apart", action="store_true", help="outcome and onset act by themselves")
    asked = parser.parse_args()
    rule = ImputationRule(asked.imputations, asked.iterations)
    made = []
    for number in range(asked.registries):
        seed = asked.seed * 1_000_000 + number
        made.append(one_registry(asked.children, seed, rule, apart=asked.apart))
        print(f"{number + 1}/{asked.registries}", end="\r", file=sys.stderr)
    json.dump(summary(made), sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
