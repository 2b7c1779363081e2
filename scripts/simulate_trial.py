"""What each way of asking about the immunomodulator finds where the drug does nothing.

Children have a PCDAI that wanders and was worse at the start in some. The worse it is, the more
often an immunomodulator is begun and the more often response is lost; the drug itself changes
nothing, so the true hazard ratio is 1 and the true difference of risks 0. `target_trial`, the
function of `registry analyse target-trial`, is asked, and with it the three answers beside it.

    python scripts/simulate_trial.py --registries 200 --children 400 --seed 1
    python scripts/simulate_trial.py --write FOLDER --children 250 --seed 7   (one, as files)
"""

from __future__ import annotations

import argparse
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from simulate import Estimate, summarise

from registry.analysis.choices import TrialPlan
from registry.analysis.trial.emulation import target_trial
from registry.errors import CannotEstimate

WEEK14, VISIT_DAYS, LASTED, LONGEST = 98, 56, 183, 1600
PLAN = TrialPlan(("severity_moderate_severe",), ("pcdai",), resamples=100)
ANSWERS = ("weighted", "fixed", "landmark", "time_dependent")


def draw(seed: int, children: int) -> dict[str, pd.DataFrame]:
    """One registry: `children`, their `spells` on the drug and their `scores`, in days since t0."""
    rng = np.random.default_rng(seed)
    people: list[Any] = []
    spells: list[Any] = []
    scores: list[Any] = []
    for i in range(children):
        severe = bool(rng.random() < 0.4)
        score, on, begun, loss, own = 5.0 + 2.5 * severe, False, 0, None, []
        last = int(rng.integers(400, LONGEST))
        for day in range(0, last, VISIT_DAYS):
            score = float(
                np.clip(6 + severe + 0.85 * (score - 6 - severe) + 2 * rng.normal(), 0, 15)
            )
            scores.append((f"S{i:04d}", day, round(score, 1)))
            if not on and rng.random() < 1 / (1 + np.exp(3.2 - 0.25 * (score - 6) - 0.4 * severe)):
                on, begun = True, day + int(rng.integers(1, VISIT_DAYS))
            elif on and day > begun and rng.random() < 0.05:
                on = False
                own.append((begun, day))
            hazard = 0.035 * np.exp(0.16 * (score - 6) + 0.3 * severe)
            if day >= WEEK14 and rng.random() < hazard:
                loss = day + int(rng.integers(1, VISIT_DAYS + 1))
                break
        time = min(last, loss or last)
        if on:
            own.append((begun, time))
        people.append(
            (f"S{i:04d}", WEEK14, time, int(loss is not None and loss <= last), int(severe))
        )
        spells += [(f"S{i:04d}", a, min(b, time)) for a, b in own if a < min(b, time)]
    names = ("patient_id", "entry", "time", "event", "severe")
    return {
        "children": pd.DataFrame(people, columns=names),
        "spells": pd.DataFrame(spells, columns=["patient_id", "start", "stop"]),
        "scores": pd.DataFrame(scores, columns=["patient_id", "day", "score"]),
    }


def views(drawn: dict[str, pd.DataFrame]) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """The same as rows of `analysis_set`, `exposure` and `pcdai_course`."""
    children = drawn["children"]
    own: dict[str, list[Any]] = {one: [] for one in children["patient_id"]}
    for patient, start, stop in drawn["spells"].itertuples(index=False):
        own[patient].append((start, stop))
    rows, lasted = [], []
    for one in children.itertuples(index=False):
        left, reached = LASTED + 1, None
        for start, stop in own[one.patient_id]:
            if reached is None and stop - start >= left:
                reached = start + left
            left -= stop - start
        lasted.append(reached is not None)
        days = {0, one.time, reached, *(day for spell in own[one.patient_id] for day in spell)}
        for start, stop in pairwise(sorted(day for day in days if day is not None)):
            rows.append(
                {
                    "patient_id": one.patient_id,
                    "start_day": start,
                    "stop_day": stop,
                    "entry_day": one.entry,
                    "origin_day": 0,
                    "event": bool(one.event) and stop == one.time,
                    "at_risk": True,
                    "immunomodulator": any(a <= start < b for a, b in own[one.patient_id]),
                    "im_over_6_months": reached is not None and start >= reached,
                    "glucocorticoid": False,
                    "intensified": False,
                    "trough_ug_ml": None,
                }
            )
    patients = pd.DataFrame(
        {
            "definition": "paper",
            "patient_id": children["patient_id"],
            "time_days": children["time"],
            "event": children["event"].astype(bool),
            "severity_moderate_severe": children["severe"].astype(bool),
            "im_over_6_months": lasted,
            "entry_days": children["entry"],
        }
    )
    return patients, pd.DataFrame(rows), drawn["scores"]


def main() -> None:
    """Prints a table, or writes one registry."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--registries", type=int, default=200)
    parser.add_argument("--children", type=int, default=400, help="in each registry")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", type=Path)
    given = parser.parse_args()
    if given.write:
        for name, frame in draw(given.seed, given.children).items():
            frame.to_csv(given.write / f"trial_{name}.csv", index=False, lineterminator="\n")
        return
    found: dict[str, list[Estimate]] = {one: [] for one in (*ANSWERS, "difference at 24 months")}
    refused = 0
    for i in range(given.registries):
        rows = views(draw(given.seed * 1_000_003 + i, given.children))
        try:
            document = target_trial(*rows, "paper", PLAN).to_json()
        except CannotEstimate:
            refused += 1
            continue
        for one in document["answers"]:
            found[one["id"]].append(Estimate(one["hr"], one["lower"], one["upper"], one["p"]))
        risk = document["risks"][1]
        ends = (risk["difference"], risk["difference_lower"], risk["difference_upper"])
        found["difference at 24 months"].append(Estimate(*ends))
    print(f"{refused} of {given.registries} registries refused.\n")
    print("| analysis | truth | mean | z | P < 0.05 and HR < 1 | coverage |")
    print("|---|---|---|---|---|---|")
    for name, estimates in found.items():
        ratio = name in ANSWERS
        one = summarise("", name, 1.0 if ratio else 0.0, estimates, ratio=ratio)
        below = f"{100 * one.below:.1f} %" if ratio else ""
        print(
            f"| {name} | {one.truth:g} | {one.mean:.3f} | {one.z:+.1f} | {below} |"
            f" {100 * one.coverage:.1f} % |"
        )


if __name__ == "__main__":
    main()
