"""What predictions are worth on registries whose truth is known: absolute risk, Brier score, AUC.

Two constant hazards a child, of a loss and of what rules one out (stop, transfer, death), each with
its covariates; observation ends at random. Three questions:

1. The risk of one child within 24 months: cause-specific models with competing events against the
   same model with stops taken as censoring. Truth: h1 / (h1 + h2) (1 - exp(-(h1 + h2) t)).
2. Brier score and AUC of a prediction that was there before: with weights for the censoring against
   leaving out who is censored before. Truth: those of many children followed to the end.
3. The same of a model made in each registry of covariates most of which do nothing: as it appears
   against corrected for its optimism. Truth: what the very model scores with many new children.

    python scripts/simulate_risk.py --registries 200 --seed 1
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

import numpy as np

from registry.analysis import methods
from registry.analysis.choices import RiskRule
from registry.analysis.dataset import Days, Floats
from registry.analysis.risk.fitting import Hazards
from registry.analysis.risk.validation import validated
from registry.variables import DAYS_PER_MONTH, DAYS_PER_YEAR

DAYS, YEAR = 24 * DAYS_PER_MONTH, DAYS_PER_YEAR
CHILD = np.array([[1.0, 1.0]])
MANY, LARGE, SMALL, FURTHER = 200_000, 400, 150, 4

Row = tuple[str, str, float, float, float]
"""Question, way, truth, estimate, and whether the limits hold the truth (NaN without limits)."""


def hazards(x: Floats) -> tuple[Floats, Floats]:
    """Of a loss and of what rules one out, a day."""
    return 0.25 / YEAR * np.exp(0.7 * x[:, 0]), 0.25 / YEAR * np.exp(0.6 * x[:, 1] - 0.3 * x[:, 0])


def true_risk(x: Floats, t: float) -> Floats:
    """The probability of a loss by t."""
    loss, other = hazards(x)
    return np.asarray(loss / (loss + other) * -np.expm1(-(loss + other) * t))


def draw(rng: np.random.Generator, n: int, further: int = 0) -> tuple[Floats, Floats, Floats]:
    """Covariates, and the days of the loss and of what rules it out."""
    x = np.column_stack([rng.normal(size=n), rng.integers(0, 2, n), rng.normal(size=(n, further))])
    loss, other = (rng.exponential(1 / one) for one in hazards(x))
    return x, np.ceil(loss), np.ceil(other)


def observed(rng: np.random.Generator, loss: Floats, other: Floats) -> tuple[Days, Days]:
    """Time and cause, observation ending between half a year and four."""
    end = np.ceil(rng.uniform(0.5, 4, len(loss)) * YEAR)
    code = np.select([loss <= np.minimum(other, end), other <= end], [1, 2], 0)
    return np.minimum(np.minimum(loss, other), end).astype(np.int64), code


def whole(loss: Floats, other: Floats) -> tuple[Floats, Days]:
    """Time and cause of children followed to the end."""
    return np.minimum(loss, other), np.where(loss <= other, 1, 2)


def absolute(rng: np.random.Generator) -> Iterator[Row]:
    """Question 1."""
    x, loss, other = draw(rng, LARGE)
    time, code = observed(rng, loss, other)
    truth = float(true_risk(CHILD, DAYS)[0])
    ways = {"cause-specific": code, "stop as censoring": np.where(code == 1, 1, 0)}
    for way, cause in ways.items():
        told = methods.cause_specific_risk(time, cause, x, "breslow").absolute_risk(CHILD, DAYS)
        holds = float(told.lower[0, 0] <= truth <= told.upper[0, 0])
        yield "risk within 24 months", way, truth, float(told.risk[0, 0]), holds


def scores(rng: np.random.Generator, truths: tuple[float, float]) -> Iterator[Row]:
    """Question 2."""
    x, loss, other = draw(rng, LARGE)
    time, code = observed(rng, loss, other)
    risk, known = true_risk(x, DAYS), (time > DAYS) | (code > 0)
    ways = {"weighted": np.ones(len(time), dtype=bool), "the censored left out": known}
    for name, truth, measure in zip(
        ("Brier score", "AUC"), truths, (methods.brier, methods.auc), strict=True
    ):
        for way, held in ways.items():
            found = measure(time[held], code[held], risk[held], [DAYS])
            holds = float(found.lower[0] <= truth <= found.upper[0])
            yield name, way, truth, float(found.estimate[0]), holds


def optimism(rng: np.random.Generator, new: tuple[Floats, Floats, Floats]) -> Iterator[Row]:
    """Question 3."""
    x, loss, other = draw(rng, SMALL, FURTHER)
    time, code = observed(rng, loss, other)
    mean, sd = x.mean(axis=0), x.std(axis=0, ddof=1)
    rule = RiskRule(resamples=50, seed=int(rng.integers(1 << 30)), penalised=False)
    found = validated(time, code, (x - mean) / sd, None, np.array([DAYS]), rule)
    (told,) = found.performance.to_json()["by_time"]
    truths = of_new(found.model, (new[0] - mean) / sd, *whole(*new[1:]))
    for name, key in (("Brier score of the model", "brier"), ("AUC of the model", "auc")):
        of, truth = told[key], truths[key]
        lower, upper = (found.performance.limits[key][one][0] for one in (0, 1))
        yield name, "as it appears", truth, of["apparent"], float(lower <= truth <= upper)
        holds = float(of["lower"] <= truth <= of["upper"])
        yield name, "corrected", truth, of["corrected"], holds
    slope = told["calibration_slope"]
    yield "calibration slope", "as it appears", truths["slope"], slope["apparent"], np.nan
    yield "calibration slope", "corrected", truths["slope"], slope["corrected"], np.nan


def of_new(model: Hazards, x: Floats, time: Floats, code: Days) -> dict[str, float]:
    """What a model scores with new children."""
    risk = np.clip(model.risk(x, np.array([DAYS]))[:, 0], 0, 1)
    came = ((time <= DAYS) & (code == 1))[:, None].astype(float)
    line = methods.calibration(time, code, risk, [DAYS], came)
    return {
        "brier": float(methods.brier(time, code, risk, [DAYS]).estimate[0]),
        "auc": float(methods.auc(time, code, risk, [DAYS]).estimate[0]),
        "slope": float(line.slope[0]),
    }


def main() -> None:
    """Print a row a question and way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--registries", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    rng = np.random.default_rng(given.seed)
    x, *days = draw(rng, MANY)
    risk, (time, code) = true_risk(x, DAYS), whole(*days)
    truths = tuple(
        float(one(time, code, risk, [DAYS]).estimate[0]) for one in (methods.brier, methods.auc)
    )
    new = draw(rng, 20_000, FURTHER)
    rows: dict[tuple[str, str], list[tuple[float, float, float]]] = {}
    for number in range(given.registries):
        for made in (absolute(rng), scores(rng, truths), optimism(rng, new)):
            for question, way, *found in made:
                rows.setdefault((question, way), []).append(tuple(found))
        if number % 20 == 19:
            print(number + 1, file=sys.stderr, flush=True)
    print("| question | analysis | truth | mean | bias | z | coverage of 95 % limits |")
    print("|---|---|---|---|---|---|---|")
    for (question, way), found in rows.items():
        truth, value, holds = np.array(found).T
        bias = value - truth
        z = bias.mean() / (bias.std(ddof=1) / np.sqrt(len(bias)))
        covered = "" if np.isnan(holds).any() else f"{100 * holds.mean():.1f} %"
        print(
            f"| {question} | {way} | {truth.mean():.3f} | {value.mean():.3f} | {bias.mean():+.4f}"
            f" | {z:+.1f} | {covered} |"
        )


if __name__ == "__main__":
    main()
