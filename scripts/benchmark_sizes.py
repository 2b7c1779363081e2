"""Prints how the commands grow with the number of children, from a thousand to a million.

    python scripts/benchmark_sizes.py --children 1000 10000 100000 --folder /var/tmp/sizes

For each size a registry on a server of its own: files made, imported, derived, then each command
once. Processor seconds of the program and its server, seconds by the clock, the peak of the
program's memory, and what lies on disk. The exponent is that of the two largest sizes: 1 is linear.
Registries already in the folder are read and not made anew; nothing is asserted.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import time
from pathlib import Path

from benchmark import run_registry, say
from benchmark_timings import Clock, processor_clock

from registry.database import migrate
from registry.database.engine import open_database
from registry.settings import DATABASE_URL_VARIABLE, Settings

FILES = ("synth --patients {children} --seed 7 --out {files}",)
MADE = ("import {files} --reason size", "derive")
READ = (
    "status {child}",
    "worklist list {child}",
    "explain {child}",
    "patient show {child}",
    "worklist list",
    "analyse km",
    "analyse table2",
    "analyse cox",
)


def measured(home: Path, words: str, clock: Clock) -> dict[str, float]:
    """One command: processor seconds, seconds, megabytes."""
    spent, began = clock(), time.perf_counter()
    peak = run_registry(home, *words.split())
    return {"processor": clock() - spent, "seconds": time.perf_counter() - began, "MB": peak}


def disk(home: Path) -> float:
    """Gigabytes of the registry's data folder, the server's own log of changes included."""
    return sum(path.stat().st_size for path in home.rglob("*") if path.is_file()) / 1e9


def measure(children: int, folder: Path, skip: list[str]) -> dict[str, dict[str, float]]:
    """All commands on a registry of that many children; what was measured before is kept."""
    kept = folder / f"{children}.json"
    found: dict[str, dict[str, float]] = json.loads(kept.read_text()) if kept.exists() else {}
    home, files = folder / f"h{children}", folder / f"files{children}"
    words = {"children": children, "files": files, "child": "S000001"}
    with open_database(Settings(home=home, database_url=None, user="benchmark")) as database:
        migrate.upgrade(database)
        postmaster = (home / "postgres" / "postmaster.pid").read_text().split()[0]
        clock = processor_clock(int(postmaster))
        for command in (*FILES, *MADE, *READ):
            if command in found or command in skip:
                continue
            say(f"{children:,}: {command}")
            found[command] = measured(home, command.format(**words), clock)
            found["on disk"] = {"GB": disk(home)}
            kept.write_text(json.dumps(found, indent=1))
    shutil.rmtree(files, ignore_errors=True)
    return found


def exponent(few: float, many: float, ratio: float) -> str:
    """Of the growth between two sizes."""
    return f"{math.log(max(many, 0.01) / max(few, 0.01)) / math.log(ratio):.2f}"


def named(command: str) -> str:
    """As a person calls it."""
    return command.split(" --")[0].replace(" {files}", "").replace("{child}", "of one child")


def main() -> None:
    """Reads the options, measures, prints."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--children", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--without", nargs="*", default=[], help="commands to leave out")
    options = parser.parse_args()
    os.environ.pop(DATABASE_URL_VARIABLE, None)
    options.folder.mkdir(parents=True, exist_ok=True)
    sizes = {n: measure(n, options.folder, options.without) for n in sorted(options.children)}
    print(f"{os.cpu_count()} cores. Processor s / s by the clock / MB of the program.\n")
    print(f"| | {' | '.join(f'{n:,}' for n in sizes)} | exponent |")
    print(f"|---|{'---:|' * (len(sizes) + 1)}")
    largest = list(sizes)[-2:]
    for command in (*FILES, *MADE, *READ):
        cells = []
        for found in sizes.values():
            of = found.get(command)
            cells.append(
                f"{of['processor']:.1f} / {of['seconds']:.1f} / {of['MB']:.0f}" if of else ""
            )
        both = [sizes[n].get(command) for n in largest]
        grown = ""
        if len(both) == 2 and both[0] and both[1]:
            grown = exponent(both[0]["processor"], both[1]["processor"], largest[1] / largest[0])
        print(f"| `{named(command)}` | {' | '.join(cells)} | {grown} |")
    stored = [f"{found['on disk']['GB']:.1f} GB" for found in sizes.values()]
    print(f"| on disk | {' | '.join(stored)} | |")


if __name__ == "__main__":
    main()
