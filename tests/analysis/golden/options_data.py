"""Draws children and combinations of options: `python options_data.py FOLDER` writes them for R.

2,000 synthetic children in eight data sets, half of them with many losses on one day; the seed is
none that any other draw of these tests has.
"""

from __future__ import annotations

import json
import sys
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

SEED = 90_417
SETS, CHILDREN, COMBINATIONS = 8, 250, 200
FIXED = ("growth_delay", "perianal", "alb_low", "crp_high", "response_without_remission")
DAILY = ("im_over_6_months", "immunomodulator", "glucocorticoid", "combination_months",
         "dose_mg_per_kg")  # fmt: skip
MONTH = 30.4375


@cache
def children(number: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One data set: a row per child, and the rows of `exposure`."""
    rng = np.random.default_rng((SEED, number))
    n = CHILDREN
    grid = 28 if number % 2 else 1
    frame = pd.DataFrame({"definition": "paper", "patient_id": [f"P{i:04}" for i in range(n)]})
    frame["centre"] = [f"C{i}" for i in rng.integers(0, 25, n)]
    frame["severity"] = rng.choice(["mild", "moderate", "severe"], n)
    frame["entry_days"] = rng.integers(84, 113, n)
    for place, name in enumerate(FIXED):
        frame[name] = rng.random(n) < 0.25 + 0.1 * place
    risk = np.exp(0.6 * frame["growth_delay"] + 0.4 * frame["response_without_remission"])
    lost = rng.weibull(1.1, n) * 1500 / risk
    end = rng.uniform(60, 2200, n)
    frame["time_days"] = (np.ceil(np.minimum(lost, end) / grid) * grid).astype(int)
    frame["event"] = lost <= end
    frame["event_code"] = np.where(
        frame["event"], 1, rng.choice([0, 2, 3, 4], n, p=(0.4, 0.3, 0.2, 0.1))
    )
    for name in ("alb_low", "crp_high"):
        frame[name] = frame[name].astype(object).where(rng.random(n) > 0.06, None)
    rows: list[dict[str, Any]] = []
    for child in frame.itertuples():
        time = int(child.time_days)
        begun = int(rng.choice([0, 120, 10_000], p=(0.4, 0.3, 0.3)))
        given = begun + int(rng.integers(100, 900))
        gc = int(rng.integers(0, 200))
        doses = np.cumsum(rng.integers(56, 300, 40))
        days = {0, begun, given, begun + 184, gc, gc + 120, *doses.tolist(), time}
        cuts = sorted(day for day in days if day <= time)
        for start, stop in pairwise(cuts):
            on = begun <= start < given
            rows.append(
                {
                    "definition": "paper", "patient_id": child.patient_id, "start_day": start,
                    "stop_day": stop, "origin_day": 0, "at_risk": True,
                    "event": bool(child.event and stop == time),
                    "im_over_6_months": begun + 184 <= start and begun + 184 <= given,
                    "immunomodulator": on, "glucocorticoid": gc <= start < gc + 120,
                    "combination_months": max(0, min(start, given) - begun) / MONTH,
                    "dose_mg_per_kg": 5 + float(np.searchsorted(doses, start, "right") % 4),
                }
            )  # fmt: skip
    exposure = pd.DataFrame(rows)
    last = exposure.groupby("patient_id")["im_over_6_months"].last()
    frame["im_over_6_months"] = frame["patient_id"].map(last)
    return frame, exposure


def combinations() -> list[dict[str, Any]]:
    """What is asked of which data set, in the order of the numbers of R."""
    rng = np.random.default_rng(SEED)
    return [_combination(rng, place) for place in range(COMBINATIONS)]


def _combination(rng: np.random.Generator, place: int) -> dict[str, Any]:
    kind = ("cox", "cox", "km", "cuminc")[place % 4]
    months = sorted(rng.choice([6, 9, 12, 18, 24, 36, 48], 3, replace=False).tolist())
    asked: dict[str, Any] = {"kind": kind, "set": int(rng.integers(SETS)), "months": months}
    asked["entry"] = bool(rng.random() < 0.4)
    asked["by"] = str(rng.choice([*FIXED, "severity", ""]))
    if kind == "cuminc":
        return asked
    asked["landmark"] = float(rng.choice([0, 0, 3, 6, 12]))
    strata = [one for one in ("severity", "perianal") if rng.random() < 0.3]
    asked["strata"] = [one for one in strata if one != asked["by"]]
    if kind == "km":
        asked["strata"] = asked["strata"][:1] if asked["by"] else []
        asked["rmst"] = float(rng.choice([0, 18, 24, 30]))
        return asked
    fixed = [one for one in FIXED if one not in strata]
    asked["terms"] = rng.choice(fixed, int(rng.integers(1, 4)), replace=False).tolist()
    if asked["landmark"] == 12 and rng.random() < 0.5:
        asked["terms"].append("im_over_6_months")
    # Nobody has glucocorticoid after the twelfth month.
    over = ["glucocorticoid"] if asked["landmark"] == 12 else []
    daily = [one for one in DAILY if one not in [*asked["terms"], *over]]
    asked["daily"] = rng.choice(daily, int(rng.choice([0, 0, 1, 2])), replace=False).tolist()
    asked["ties"] = str(rng.choice(["breslow", "efron"]))
    asked["robust"] = str(rng.choice(["", "", "patient", "centre"]))
    return asked


def main() -> None:
    folder = Path(sys.argv[1])
    for number in range(SETS):
        for name, rows in zip(("children", "exposure"), children(number), strict=True):
            whole = rows.map(lambda cell: int(cell) if isinstance(cell, bool | np.bool_) else cell)
            whole.to_csv(folder / f"{name}{number}.csv", index=False)
    (folder / "options.json").write_text(json.dumps(combinations()), encoding="utf-8")


if __name__ == "__main__":
    main()
