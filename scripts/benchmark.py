"""Measures speed in one run: what it is held to, and how the commands grow with the children.

    python scripts/benchmark.py
    python scripts/benchmark.py --quick
    python scripts/benchmark.py --only yardsticks

Prints README's table of goals, docs/scale.md's of growth and docs/methods.md's of Cox fits; says on
stderr what it is at. A registry of each size is made once, on a server of its own, and all parts
read it; the first three sizes are those of the goals. Processor time of the program and its server,
so that a busy machine counts for little; what is held to an import of Python, and the demo, is told
of the program alone first. What is set against one another is measured in turn, three times, and
the median of the ratios is printed; what grows, making a registry of it too, and a report are
measured once. `--quick` measures once, on small sizes. A part that fails, or has no R, leaves the
others be.
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import replace
from itertools import repeat
from pathlib import Path

from benchmark_parts.registries import Plan, Told, apart, say
from benchmark_parts.timings import markdown

from registry.settings import DATABASE_URL_VARIABLE

# Every part, and what measures it, in this order: the worklist's changes records.
PARTS = {
    "sizes": "growth:measure_growth",
    "report": "growth:measure_report",
    "child": "asked:measure_one_child",
    "r": "survival:measure_commands",
    "worklist": "asked:measure_worklist",
    "import": "asked:measure_import",
    "starts": "starts:measure_starts",
    "fits": "survival:measure_fits",
    "yardsticks": "yardsticks:measure_yardsticks",
}
ONLY_WHEN_ASKED = {"yardsticks"}
BY_R = {"r", "fits"}
# So that processor time is comparable with R's.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
QUICK = Plan(sizes=(300, 1000, 2000), rounds=1, fits=(1000, 10_000), rows=(1000, 3000))
GOALS = Path(__file__).with_name("benchmark_parts") / "goals.md"


def goals_table(plan: Plan, told: Mapping[str, Iterator[str]]) -> str:
    """The lines of the parts whose figures these are: what, before, measured, goal."""
    few, children, many, fit, large_fit = (f"{n:,}" for n in (*plan.sizes[:3], *plan.fits))
    declared = GOALS.read_text(encoding="utf-8").format(
        few=few, children=children, many=many, fit=fit, large_fit=large_fit
    )
    lines = []
    for line in filter(lambda line: line.startswith("|"), declared.splitlines()):
        part, what, before, goal = (cell.strip() for cell in line.split("|")[1:-1])
        if part in told:
            lines.append([what, before, next(told[part]), goal])
    return markdown(["what", "before", "measured", "goal"], lines) if lines else ""


def measured(part: str, plan: Plan) -> Told:
    """What a part tells; called in a process of its own."""
    if part in BY_R:
        os.environ |= ONE_THREAD
    module, _, function = PARTS[part].partition(":")
    told: Told = getattr(importlib.import_module(f"benchmark_parts.{module}"), function)(plan)
    return told


def has_r() -> bool:
    """Whether R is there with its package survival."""
    asked = ["Rscript", "-e", "library(survival)"]
    return (
        bool(shutil.which(asked[0])) and not subprocess.run(asked, capture_output=True).returncode
    )


def main() -> None:
    """Reads the options, measures part by part, prints."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="once, on small sizes")
    parser.add_argument("--only", metavar="NAME,...", help=f"of these parts: {', '.join(PARTS)}")
    parser.add_argument("--sizes", metavar="N,N,N,...", help="in children, from few to many")
    parser.add_argument("--folder", type=Path, help="where registries stay and are found again")
    options = parser.parse_args()
    plan = QUICK if options.quick else Plan()
    if options.sizes:
        plan = replace(plan, sizes=tuple(map(int, options.sizes.split(","))))
    chosen = set(options.only.split(",")) if options.only else set(PARTS) - ONLY_WHEN_ASKED
    if chosen - set(PARTS) or len(plan.sizes) < 3:
        parser.error("--only takes the parts that --help lists, --sizes three sizes at least")
    # As of an installed program, whose modules are compiled once; libraries are in any case.
    for name in (DATABASE_URL_VARIABLE, "PYTHONDONTWRITEBYTECODE"):
        os.environ.pop(name, None)
    without = set() if has_r() else BY_R
    load, failed = os.getloadavg()[0], False
    told: dict[str, Iterator[str]] = {}
    tables: list[str] = []
    with nullcontext(options.folder) if options.folder else tempfile.TemporaryDirectory() as made:
        plan = replace(plan, folder=Path(made))
        plan.folder.mkdir(parents=True, exist_ok=True)
        for part in (part for part in PARTS if part in chosen):
            told[part] = repeat("not measured: no R" if part in without else "not measured")
            if part in without:
                continue
            say(f"part {part}")
            try:
                figures, table = apart(measured, part, plan)
            except (Exception, SystemExit):
                traceback.print_exc()
                failed = True
                continue
            say(f"part {part}: {', '.join(figures)}")
            told[part] = iter(figures)
            tables.append(table)
    print(
        f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}; "
        f"medians of {plan.rounds}, processor time where no clock is named; "
        f"load average {load:.1f} at the start, {os.getloadavg()[0]:.1f} at the end."
    )
    print(*(f"\n{table}" for table in (goals_table(plan, told), *tables) if table), sep="\n")
    sys.exit(failed)


if __name__ == "__main__":
    main()
