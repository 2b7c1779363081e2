"""Sets `analyse km`, `table2` and `cox` against R's survival, and a Cox fit against libraries."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmark_parts.registries import Plan, Told, opened, run_registry, say
from benchmark_parts.timings import Timings, listed, markdown

R = str(Path(__file__).with_suffix(".R"))
COLUMNS = ["x0", "x1", "x2", "x3"]
SHOWN = ("cumulative_incidence", "lower", "upper")
# Command -> the numbers of its document that R prints too, a line a row.
WHOLE: dict[str, Callable[[Any], list[list[float]]]] = {
    "km": lambda of: [[one[name] for name in SHOWN] for one in of["groups"][0]["estimates"]],
    "table2": lambda of: [[row["chi2"]] for row in of["rows"]],
    "cox": lambda of: [[term["coef"], term["se"]] for term in of["terms"]],
}


def difference(ours: list[list[float]], printed: str) -> float:
    """The largest, relative to what R has."""
    theirs = [[float(word) for word in line.split()] for line in printed.splitlines()]
    a, b = (np.array(one, dtype=float) for one in (ours, theirs))
    return float(np.nanmax(np.abs(a - b) / np.maximum(np.abs(b), 1e-300)))


def measure_commands(plan: Plan) -> Told:
    """A row a command: the whole of ours, reading from the database included, and the whole of R.

    R reads the rows as a CSV file that was exported before, and fits the same. In turn; processor
    time of each program and of the server, and the clock of each command.
    """
    home, timings, by_clock = plan.registry(plan.sizes[2]), Timings(), Timings()
    program = [sys.executable, "-m", "registry", "--home", str(home)]
    with opened(home, timings), tempfile.TemporaryDirectory() as folder:
        rows = Path(folder) / "rows.csv"
        run_registry(home, "export", "analysis_set", "--to", str(rows))
        whole = pd.read_csv(rows, low_memory=False)
        document = json.loads(run([*program, "analyse", "km", "--format", "json"]))
        of_one = whole[whole["definition"] == document["definition"]]
        of_one.to_csv(rows, index=False)
        table = []
        for what, told in WHOLE.items():
            ours, theirs = f"{what} ours", f"{what} R"
            for number in range(plan.rounds):
                say(f"analyse {what} and R, round {number + 1} of {plan.rounds}")
                with timings.of(ours), by_clock.of(ours):
                    written = run([*program, "analyse", what, "--format", "json"])
                document = json.loads(written)
                terms = document.get("rows") or document.get("terms") or []
                names = [term["covariate"] for term in terms]
                with timings.of(theirs), by_clock.of(theirs):
                    printed = run(["Rscript", R, what, str(rows), *names])
            row = [f"`analyse {what}`"]
            for one in (timings, by_clock):
                row += [f"{one.median(name):.2f} s" for name in (ours, theirs)]
                row.append(f"{one.ratio(ours, theirs):.2f}")
            table.append([*row, f"{difference(told(document), printed):.1e}"])
    spent, waited = (
        listed(one.ratio(f"{what} ours", f"{what} R") for what in WHOLE)
        for one in (timings, by_clock)
    )
    heads = [f"{len(of_one):,} rows", "processor time", "R", "ratio", "by the clock", "R", "ratio"]
    return [f"{spent}; {waited}"], markdown([*heads, "largest difference"], table)


def run(arguments: list[str]) -> str:
    """What a program writes."""
    return subprocess.run(arguments, check=True, capture_output=True, text=True).stdout


def sample(rows: int) -> pd.DataFrame:
    """Days with ties, four covariates, about 40 % events."""
    rng = np.random.default_rng(5)
    drawn = (rng.normal(size=rows) if k % 2 == 0 else rng.integers(0, 2, rows) for k in range(4))
    x = np.column_stack(list(drawn))
    time = np.ceil(rng.exponential(1500 * np.exp(-x @ [0.3, 0.5, -0.2, 0.1])))
    end = np.ceil(rng.uniform(1, 1800, rows))
    made = pd.DataFrame(x, columns=COLUMNS)
    return made.assign(time=np.minimum(time, end), event=(time <= end).astype(int))


def by_ours(frame: pd.DataFrame, ties: Any) -> Any:
    """Coefficients, errors, tests."""
    from registry.analysis.methods import cox

    x = frame[COLUMNS].to_numpy()
    return cox(frame["time"].to_numpy(), frame["event"].to_numpy(), x, ties).coefficients


def by_lifelines(frame: pd.DataFrame, ties: str) -> Any:
    """At its own precision; it has Efron's ties alone."""
    from lifelines import CoxPHFitter

    return CoxPHFitter().fit(frame, "time", "event", batch_mode=True).params_.to_numpy()


def by_statsmodels(frame: pd.DataFrame, ties: str) -> Any:
    """PHReg."""
    from statsmodels.duration.hazard_regression import PHReg

    x = frame[COLUMNS].to_numpy()
    return PHReg(frame["time"], x, status=frame["event"], ties=ties).fit(disp=0).params


FITS = {"ours": by_ours, "lifelines": by_lifelines, "statsmodels": by_statsmodels}
IN_R = """
library(survival)
d <- read.csv(commandArgs(TRUE)[1])
fit <- function() coxph(Surv(time, event) ~ x0 + x1 + x2 + x3, d, ties = commandArgs(TRUE)[2])
spent <- median(sapply(1:3, function(i) sum(system.time(fit())[1:2])))
cat(format(c(spent, coef(fit())), digits = 15))
"""


def measure_fits(plan: Plan) -> Told:
    """A row a size and ties: processor seconds of the fit alone, the data at hand."""
    cells, table = [], []
    for rows in plan.fits:
        frame = sample(rows)
        with tempfile.NamedTemporaryFile(suffix=".csv") as file:
            frame.to_csv(file.name, index=False)
            for ties in ("efron", "breslow"):
                say(f"Cox fits of {rows:,} rows, {ties}")
                words = run(["Rscript", "-e", IN_R, file.name, ties]).split()
                expected = np.array(words[1:], dtype=float)
                taken = {"R": float(words[0])}
                for name, fit in FITS.items():
                    if (name, ties) == ("lifelines", "breslow"):
                        continue
                    timings = Timings(clock=time.process_time)
                    for _ in range(plan.rounds):
                        with timings.of(name):
                            found = fit(frame, ties)
                    taken[name] = timings.median(name)
                    if name == "ours":
                        assert float(np.abs(found / expected - 1).max()) < 1e-6, found
                shown = [f"{taken[name]:.2f}" if name in taken else "" for name in ("R", *FITS)]
                table.append([f"{rows:,}", ties.capitalize(), *shown])
                if ties == "efron":
                    others = [taken[name] for name in taken if name != "ours"]
                    cells.append(listed((taken["ours"] / other for other in others), ".2f"))
    libraries = ["lifelines, its own precision, by the batch", "statsmodels `PHReg`"]
    return cells, markdown(["rows", "ties", "R `coxph`", "here", *libraries], table)
