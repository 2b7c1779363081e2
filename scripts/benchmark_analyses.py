"""How much longer each analysis takes with an option than its plain model, on one registry.

    python scripts/benchmark_analyses.py HOME

HOME is a registry's (`registry synth --patients 400 --seed 9`, imported). Processor seconds, the
least of three; prints a Markdown table of ratios, the plain model of the same run being 1. The
views are read once before, so that only the analysis is measured. A second table has the commands
as a person waits for them, from start to end, once each, against `analyse cox` with the same.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from registry.analysis.cohort.table2 import univariate_table
from registry.analysis.cox.design import Design
from registry.analysis.cox.fit import cox_regression
from registry.analysis.cox.published import compare_with_published
from registry.analysis.curves.competing import cumulative_incidence
from registry.analysis.curves.kaplan_meier import kaplan_meier
from registry.cli.analyse.data import Data
from registry.database.engine import open_database
from registry.settings import Settings

NAMES = ("growth_delay", "response_without_remission", "perianal", "bmi_z_low")
TERMS = (*NAMES, "im_over_6_months")


def measured(data: Data) -> dict[str, dict[str, Callable[[], Any]]]:
    """Analysis -> option -> what runs it; the first is the plain model."""
    frame, exposure, of = data.patients, data.view("exposure"), data.definition

    def cox(names: tuple[str, ...] = TERMS, **options: Any) -> Callable[[], Any]:
        return partial(
            cox_regression, frame, of, covariates=names, exposure=exposure, design=Design(**options)
        )

    km = partial(kaplan_meier, frame, of, by="im_over_6_months", exposure=exposure)
    incidence = partial(cumulative_incidence, frame, of)
    daily = ("combination_months", "dose_mg_per_kg")
    return {
        "cox": {
            "plain": cox(),
            "--ties efron": partial(cox_regression, frame, of, covariates=TERMS, ties="efron"),
            "--entry week14 --as-published": cox(late_entry=True, as_published=True),
            "--landmark 12": cox(landmark_months=12),
            "--strata centre,perianal": cox(
                ("growth_delay", *TERMS[-1:]), strata=("centre", "perianal")
            ),
            "--robust patient": cox(robust="patient"),
            "--penalty firth": cox(NAMES, penalty="firth"),
            "--time-dependent im_over_6_months": cox(time_dependent=TERMS[-1:], penalty="none"),
            "--time-dependent dose_mg_per_kg": cox(
                time_dependent=("im_over_6_months", daily[1]), penalty="none"
            ),
            "--time-dependent combination_months": cox(
                NAMES, time_dependent=daily[:1], penalty="none"
            ),
            "the same, --penalty firth": cox(NAMES, time_dependent=daily[:1], penalty="firth"),
            "compare-published": partial(
                compare_with_published, frame, exposure, of, covariates=TERMS
            ),
        },
        "km": {
            "plain": km,
            "--entry week14": partial(km, late_entry=True),
            "--landmark 12": partial(km, landmark_months=12),
            "--strata perianal": partial(km, strata="perianal"),
            "--rmst 24": partial(km, rmst_months=24),
            "--interval-censored": partial(km, interval_censored=True),
        },
        "cuminc": {
            "plain": incidence,
            "--by perianal": partial(incidence, by="perianal"),
            "--entry week14": partial(incidence, late_entry=True),
        },
        "table2": {"plain": partial(univariate_table, frame, of)},
    }


def commands() -> dict[str, str]:
    """What is asked -> the options of a command that asks it; the first is the plain model."""
    names = ",".join(NAMES)
    return {
        "cox": f"cox --covariates {names}",
        "cox, combination by days, Firth's penalty": f"cox --covariates {names} "
        "--time-dependent combination_months --penalty firth",
        "compare-published": f"compare-published --covariates {','.join(TERMS)}",
        "sensitivity": "sensitivity",
        "impute, 20 data sets": f"impute --covariates {names},trough --imputations 20",
        "interval-censored": f"interval-censored --covariates {names}",
        "target-trial": "target-trial",
        "risk": "risk",
        "km, 9,999 permutations": "km --by perianal --permute-below 1000",
        "cuminc": "cuminc --by perianal",
        "tdm": "tdm",
    }


def spent(home: str, asked: str) -> tuple[float, int]:
    """Processor seconds of a whole command, from start to end, and how it ended."""
    before = os.times()
    words = ["-m", "registry", "--home", home, "analyse", *asked.split(), "--format", "json"]
    done = subprocess.run([sys.executable, *words], stdout=subprocess.DEVNULL, check=False)
    after = os.times()
    used = after.children_user + after.children_system
    return used - before.children_user - before.children_system, done.returncode


def least(run: Callable[[], Any]) -> float:
    """Processor seconds, the least of three."""
    taken = []
    for _ in range(3):
        begun = time.process_time()
        run()
        taken.append(time.process_time() - begun)
    return min(taken)


def main() -> None:
    """Prints the table."""
    settings = Settings.read(home=Path(sys.argv[1]), database_url=None, user="benchmark")
    with open_database(settings) as database, database.engine.connect() as connection:
        data = Data(lambda: (connection, "current"))
        print("| analysis | option | seconds | times plain |\n|---|---|---|---|")
        for analysis, options in measured(data).items():
            plain = 0.0
            for option, run in options.items():
                try:
                    seconds = least(run)
                except Exception as error:
                    print(f"| `{analysis}` | {option} | none: {error} | |")
                    continue
                plain = plain or seconds
                print(f"| `{analysis}` | {option} | {seconds:.3f} | {seconds / plain:.1f} |")
    print("\n| command | seconds | times `cox` | ended with |\n|---|---|---|---|")
    plain = 0.0
    for name, asked in commands().items():
        seconds, status = spent(sys.argv[1], asked)
        plain = plain or seconds
        print(f"| {name} | {seconds:.1f} | {seconds / plain:.1f} | {status} |")


main()
