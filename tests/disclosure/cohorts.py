"""Random cohorts as rows of the views, small enough that many of their numbers are small."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from registry.analysis.basis import Basis
from registry.cli.analyse.data import Data
from registry.covariates import COVARIATES
from registry.views.headers import exclusions
from tests.analysis.frames import analysis_set, baseline_frame
from tests.disclosure.levels import frames_of, missing_of

DEFINITION = "paper"
REASONS = ("prior_biologic", "fewer_than_4_infusions", "primary_non_response")


@dataclass(frozen=True)
class Cohort:
    """What a random cohort is made from: sizes, shares of levels, and a seed for the rest."""

    n: int
    lost: float
    unknown: float
    excluded: tuple[int, ...]
    without: int
    seed: int


COHORTS = st.builds(
    Cohort,
    n=st.integers(1, 90),
    lost=st.sampled_from((0.0, 0.05, 0.2, 0.5, 0.9)),
    unknown=st.sampled_from((0.0, 0.03, 0.3)),
    excluded=st.tuples(*[st.sampled_from((0, 0, 1, 2, 4, 5, 9))] * len(REASONS)),
    without=st.sampled_from((0, 1, 4, 7)),
    seed=st.integers(0, 10_000),
)


def data_of(cohort: Cohort) -> Data:
    """The views of a cohort, without a database."""
    draw = np.random.default_rng(cohort.seed)
    n = cohort.n
    event = draw.random(n) < cohort.lost
    time = draw.integers(1, 1800, n)

    def flag(share: float) -> list[Any]:
        values: list[Any] = (draw.random(n) < share).tolist()
        return [None if gone else one for one, gone in zip(values, _unknown(), strict=True)]

    def one_of(codes: tuple[str, ...]) -> list[Any]:
        chances = draw.dirichlet([0.5] * len(codes))
        values = draw.choice(codes, n, p=chances)
        return [None if gone else str(one) for one, gone in zip(values, _unknown(), strict=True)]

    def _unknown() -> list[bool]:
        gone: list[bool] = (draw.random(n) < cohort.unknown).tolist()
        return gone

    baseline = baseline_frame(
        n,
        patient_id=[f"P{i:04d}" for i in range(1, n + 1)],
        sex=one_of(("male", "female")),
        severity=one_of(("mild", "moderate", "severe")),
        location=one_of(("L1", "L2", "L3")),
        behaviour=one_of(("B1", "B2", "B3", "B2B3")),
        perianal=flag(0.3),
        growth=[None if one is None else f"G{int(one)}" for one in flag(0.1)],
        prior_surgery=flag(0.1),
        cdeis=draw.integers(0, 20, n).tolist(),
        time_days=time.tolist(),
        event=event.tolist(),
        centre="BCH",
        stops_known_to=None,
    )
    # Who has a PCDAI has a severity.
    baseline["baseline_pcdai"] = [None if one is None else 40 for one in baseline["severity"]]
    upper = one_of(("L4a", "L4b", "L4ab", "none"))
    baseline["upper_gi_location"] = [None if one == "none" else one for one in upper]
    baseline["phenotype_assessed_on"] = [None if one is None else "2020-01-01" for one in upper]
    covariates = {one.id: flag(float(draw.random())) for one in COVARIATES}
    covariates |= {
        "sex_female": _is(baseline["sex"], "female"),
        "perianal": list(baseline["perianal"]),
        "growth_delay": _is(baseline["growth"], "G1"),
        "location_l2": _is(baseline["location"], "L2"),
        "behaviour_b2_b3": _is(baseline["behaviour"], "B2", "B3", "B2B3"),
        "severity_moderate_severe": _is(baseline["severity"], "moderate", "severe"),
        "upper_gi": [None if one is None else one != "none" for one in upper],
    }
    patients = analysis_set(time.tolist(), event.tolist(), **covariates)
    beside = baseline[[
        "patient_id", "centre", "sex", "severity", "location", "upper_gi_location", "behaviour",
        "growth", "prior_surgery", "stops_known_to",
    ]]  # fmt: skip
    patients = patients.merge(beside, on="patient_id").assign(
        entry_days=np.minimum(98, time - 1),
        left_days=np.maximum(time - 30, 0),
        right_days=np.where(event, time, np.nan),
        event_code=np.where(event, 1, draw.choice([0, 0, 0, 2, 2, 3, 4], n)),
    )
    levels = frames_of(patients, draw)
    frames = {
        **levels,
        "missing_values": missing_of(baseline, patients, levels["tdm_week14"], draw),
        "analysis_set": patients,
        "baseline": baseline,
        "cohort_flow": _flow(cohort, int(event.sum())),
        "exposure": pd.DataFrame(),
    }
    kept: dict[tuple[str, str], Any] = {("view", name): rows for name, rows in frames.items()}
    kept["made", "patients"] = patients
    kept["made", "basis"] = Basis(
        DEFINITION, "0" * 64, "days from the first infusion", "censored", excluded=exclusions()
    )
    kept["made", "connection"] = (None, DEFINITION)
    return Data(lambda: (_never(), DEFINITION), kept=kept)


def _never() -> Any:
    raise AssertionError("no database is asked")


def _is(values: Any, *codes: str) -> list[Any]:
    return [None if one is None else one in codes for one in values]


def _flow(cohort: Cohort, events: int) -> pd.DataFrame:
    started = cohort.n + sum(cohort.excluded)
    steps: list[tuple[str, str | None, int]] = [
        ("registered", None, started + cohort.without),
        ("no_infliximab", None, cohort.without),
        ("started", None, started),
        *(("excluded", one, n) for one, n in zip(REASONS, cohort.excluded, strict=True)),
        ("eligible", None, cohort.n),
        ("events", None, events),
        ("responders", None, cohort.n - events),
    ]
    rows = [
        {"definition": DEFINITION, "position": place, "step": step, "reason": reason, "n": n}
        for place, (step, reason, n) in enumerate(steps)
    ]
    return pd.DataFrame(rows, dtype=object)
