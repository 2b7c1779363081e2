"""What a command costs from its start to its answer, against importing what it cannot do without.

    python scripts/benchmark_starts.py --rounds 5

On the demo's registry, whose server runs meanwhile, in a temporary folder. Processor time of the
program, not of the server; all in turn, the medians of the rounds and their ratios as Markdown.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# As of an installed program, whose modules are compiled once; libraries are in any case.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

DRIVER, ANALYSIS = "import psycopg", "import pandas, lifelines"
# A command's words, and what it is held to.
COMMANDS = {
    "status P001": DRIVER,
    "explain P001": DRIVER,
    "infusion list P001": DRIVER,
    "infusion add P001 --infused-on 2017-12-23 --dose-mg 340 --weight-kg 57 --into-demo": DRIVER,
    "worklist list P001": DRIVER,
    "analyse km": ANALYSIS,
    "analyse cox": ANALYSIS,
    "analyse table2": ANALYSIS,
}


def spent(arguments: list[str]) -> float:
    """Processor seconds of a program."""
    before = os.times()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    after = os.times()
    return sum(after[2:4]) - sum(before[2:4])


@contextmanager
def demo() -> Iterator[list[str]]:
    """The arguments by which the program reaches the demo's registry, its server running."""
    with tempfile.TemporaryDirectory() as folder:
        program = ["-m", "registry", "--home", str(Path(folder) / "home")]
        spent([*program, "demo", "--out", str(Path(folder) / "out")])
        server = subprocess.Popen(
            [sys.executable, *program, "db", "serve"], stdout=subprocess.PIPE, text=True
        )
        try:
            assert server.stdout is not None
            # It says its address when it is there.
            server.stdout.readline()
            yield program
        finally:
            server.terminate()
            server.wait()


def main() -> None:
    """Reads the options, measures, prints."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    yardsticks = {words: ["-c", words] for words in (DRIVER, ANALYSIS)}
    seconds: dict[str, list[float]] = {}
    with demo() as program:
        asked = yardsticks | {words: [*program, *words.split()] for words in COMMANDS}
        for _ in range(rounds):
            for words, arguments in asked.items():
                seconds.setdefault(words, []).append(spent(arguments))
    found = {words: statistics.median(taken) for words, taken in seconds.items()}
    print("| command | processor time | against |\n|---|---:|---|")
    for words, yardstick in COMMANDS.items():
        ratio = found[words] / found[yardstick]
        print(f"| `{words}` | {found[words]:.2f} s | {ratio:.1f} x `{yardstick}` |")


if __name__ == "__main__":
    main()
