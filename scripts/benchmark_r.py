"""Sets `analyse km`, `table2` and `cox` against R's survival, and a Cox fit against libraries.

    python scripts/benchmark_r.py --home HOME --rounds 3
    python scripts/benchmark_r.py --fits 100000,1000000

R reads the rows as a CSV file that was exported before, and fits the same; ours is the whole
command, reading from the database included. Processor time of each program and of the server, in
turn; median ratios, and the largest relative difference of the numbers shown. A registry is only
read. Needs R with its package survival.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from benchmark_starts import spent
from benchmark_timings import Timings, processor_clock

R = str(Path(__file__).with_suffix(".R"))
COVARIATES = 4
# One thread each, so that processor time is comparable.
os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def numbers(text: str) -> list[list[float]]:
    """The numbers of each line of R."""
    return [[float(one) for one in line.split() if _is_number(one)] for line in text.splitlines()]


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def of_km(document: Any) -> list[list[float]]:
    """What R tells of the curve, by our document."""
    shown = ("cumulative_incidence", "lower", "upper")
    return [[one[name] for name in shown] for one in document["groups"][0]["estimates"]]


def of_table2(document: Any) -> list[list[float]]:
    """The chi-squares."""
    return [[row["chi2"]] for row in document["rows"]]


def of_cox(document: Any) -> list[list[float]]:
    """Coefficients and their errors."""
    return [[term["coef"], term["se"]] for term in document["terms"]]


WHOLE: dict[str, Callable[[Any], list[list[float]]]] = {
    "km": of_km,
    "table2": of_table2,
    "cox": of_cox,
}


def difference(ours: list[list[float]], theirs: list[list[float]]) -> float:
    """The largest, relative to what R has."""
    a, b = (np.array(one, dtype=float) for one in (ours, theirs))
    return float(np.nanmax(np.abs(a - b) / np.maximum(np.abs(b), 1e-300)))


def measure_commands(home: Path, rounds: int) -> None:
    """Prints a line a command."""
    program = [sys.executable, "-m", "registry", "--home", str(home)]
    server = subprocess.Popen([*program, "db", "serve"], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        server.stdout.readline()
        postmaster = (home / "postgres" / "postmaster.pid").read_text().split()[0]
        with tempfile.TemporaryDirectory() as folder:
            rows = Path(folder) / "rows.csv"
            spent(
                ["-m", "registry", "--home", str(home), "export", "analysis_set", "--to", str(rows)]
            )
            whole = pd.read_csv(rows, low_memory=False)
            document = json.loads(run([*program, "analyse", "km", "--format", "json"]))
            one = whole[whole["definition"] == document["definition"]]
            one.to_csv(rows, index=False)
            print(f"{len(one):,} rows\n")
            print("| command | ours | R | ratio | largest difference |\n|---|---:|---:|---:|---:|")
            for what, told in WHOLE.items():
                timings = Timings(clock=processor_clock(int(postmaster)))
                for _ in range(rounds):
                    with timings.of("ours"):
                        ours = run([*program, "analyse", what, "--format", "json"])
                    document = json.loads(ours)
                    terms = document.get("rows") or document.get("terms") or []
                    names = [one["covariate"] for one in terms]
                    with timings.of("R"):
                        theirs = run(["Rscript", R, what, str(rows), *names])
                both = told(document), numbers(theirs)
                print(
                    f"| `analyse {what}` | {timings.median('ours'):.2f} s | "
                    f"{timings.median('R'):.2f} s | {timings.ratio('ours', 'R'):.2f} | "
                    f"{difference(*both):.1e} |"
                )
    finally:
        server.terminate()
        server.wait()


def run(arguments: list[str]) -> str:
    """What a program writes."""
    return subprocess.run(arguments, check=True, capture_output=True, text=True).stdout


def sample(rows: int) -> pd.DataFrame:
    """Days with ties, four covariates, about 40 % events."""
    rng = np.random.default_rng(5)
    x = np.column_stack(
        [
            rng.normal(size=rows),
            rng.integers(0, 2, rows),
            rng.normal(size=rows),
            rng.integers(0, 2, rows),
        ]
    )
    time = np.ceil(rng.exponential(1500 * np.exp(-x @ [0.3, 0.5, -0.2, 0.1])))
    end = np.ceil(rng.uniform(1, 1800, rows))
    made = pd.DataFrame(x, columns=[f"x{k}" for k in range(COVARIATES)])
    return made.assign(time=np.minimum(time, end), event=(time <= end).astype(int))


def by_ours(frame: pd.DataFrame, ties: Any) -> Any:
    """Coefficients, errors, tests."""
    from registry.analysis.methods import cox

    x = frame[[f"x{k}" for k in range(COVARIATES)]].to_numpy()
    return cox(frame["time"].to_numpy(), frame["event"].to_numpy(), x, ties).coefficients


def by_lifelines(frame: pd.DataFrame, ties: str) -> Any:
    """At its own precision; it has Efron's ties alone."""
    from lifelines import CoxPHFitter

    return CoxPHFitter().fit(frame, "time", "event", batch_mode=True).params_.to_numpy()


def by_statsmodels(frame: pd.DataFrame, ties: str) -> Any:
    """PHReg."""
    from statsmodels.duration.hazard_regression import PHReg

    x = frame[[f"x{k}" for k in range(COVARIATES)]].to_numpy()
    return PHReg(frame["time"], x, status=frame["event"], ties=ties).fit(disp=0).params


FITS = {"ours": by_ours, "lifelines": by_lifelines, "statsmodels": by_statsmodels}
IN_R = """
library(survival)
d <- read.csv(commandArgs(TRUE)[1])
fit <- function() coxph(Surv(time, event) ~ x0 + x1 + x2 + x3, d, ties = commandArgs(TRUE)[2])
spent <- median(sapply(1:3, function(i) sum(system.time(fit())[1:2])))
cat(format(c(spent, coef(fit())), digits = 15))
"""


def measure_fits(sizes: list[int]) -> None:
    """Prints a line a size and ties: processor seconds of the fit alone, the data at hand."""
    print("| rows | ties | R | ours | lifelines | statsmodels | ours to R |")
    print("|---|---|---:|---:|---:|---:|---:|")
    for rows in sizes:
        frame = sample(rows)
        with tempfile.NamedTemporaryFile(suffix=".csv") as file:
            frame.to_csv(file.name, index=False)
            for ties in ("efron", "breslow"):
                words = run(["Rscript", "-e", IN_R, file.name, ties]).split()
                in_r, expected = float(words[0]), np.array(words[1:], dtype=float)
                cells, apart = [f"{in_r:.2f} s"], 0.0
                for name, fit in FITS.items():
                    if (name, ties) == ("lifelines", "breslow"):
                        cells.append("")
                        continue
                    timings = Timings(clock=time.process_time)
                    for _ in range(3 if rows < 500_000 else 1):
                        with timings.of(name):
                            found = fit(frame, ties)
                    cells.append(f"{timings.median(name):.2f} s")
                    if name == "ours":
                        apart = float(np.abs(found / expected - 1).max())
                        assert apart < 1e-6, apart
                        ratio = timings.median(name) / in_r
                print(f"| {rows:,} | {ties} | {' | '.join(cells)} | {ratio:.2f} |", flush=True)


def main() -> None:
    """Reads the options, measures, prints."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--home", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--fits", default="")
    options = parser.parse_args()
    if options.home:
        measure_commands(options.home, options.rounds)
    if options.fits:
        measure_fits([int(one) for one in options.fits.split(",")])


if __name__ == "__main__":
    main()
