"""What a command costs from its start to its answer, against importing what it cannot do without.

On the demo's registry, whose server runs meanwhile, in a temporary folder. Processor time of the
program alone, and with what the server does for it.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import count
from pathlib import Path

from benchmark_parts.registries import Plan, Told, run_registry, say
from benchmark_parts.timings import TIMES, Timings, listed, processor_clock, programs_clock

# Of the child's course; each infusion that is added is of a day of its own.
FIRST_DAY, DAY = date(2017, 11, 1), "DAY"
DRIVER, ANALYSIS = "import psycopg", "import pandas, lifelines"
# A command's words, and what it is held to; in the order of the goals.
COMMANDS = {
    "status P001": DRIVER,
    "explain P001": DRIVER,
    "worklist list P001": DRIVER,
    "infusion list P001": DRIVER,
    "infusion add P001 --infused-on DAY --dose-mg 340 --weight-kg 57 --into-demo": DRIVER,
    "analyse km": ANALYSIS,
    "analyse cox": ANALYSIS,
    "analyse table2": ANALYSIS,
}


def run(arguments: list[str]) -> None:
    """A program of Python."""
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)


@contextmanager
def demo() -> Iterator[list[str]]:
    """The arguments by which the program reaches the demo's registry, its server running."""
    with tempfile.TemporaryDirectory() as folder:
        program = ["-m", "registry", "--home", str(Path(folder) / "home")]
        run([*program, "demo", "--out", str(Path(folder) / "out")])
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


def measure_starts(plan: Plan) -> Told:
    """Commands on the demo, from start to answer, and the demo itself, warm."""
    alone, days = Timings(clock=programs_clock), count()

    def answered(arguments: list[str]) -> None:
        run([str(FIRST_DAY + timedelta(next(days))) if w == DAY else w for w in arguments])

    with demo() as program:
        postmaster = Path(program[-1], "postgres", "postmaster.pid").read_text().split()[0]
        with_server = Timings(clock=processor_clock(int(postmaster), own=False))
        asked = {words: ["-c", words] for words in COMMANDS.values()}
        asked |= {words: [*program, *words.split()] for words in COMMANDS}
        # Compiled, and cached by the system.
        for arguments in asked.values():
            answered(arguments)
        for number in range(plan.rounds):
            say(f"starts of commands, round {number + 1} of {plan.rounds}")
            for words, arguments in asked.items():
                with with_server.of(words), alone.of(words):
                    for _ in range(TIMES):
                        answered(arguments)
    one, both = (
        [timings.ratio(words, yardstick) for words, yardstick in COMMANDS.items()]
        for timings in (alone, with_server)
    )
    by_clock = Timings()
    with tempfile.TemporaryDirectory() as folder:
        for number in range(plan.rounds + 1):
            say("the demo" if number else "the demo, cold")
            name = "demo" if number else "cold"
            with alone.of(name), by_clock.of(name):
                run_registry(
                    Path(folder, "home"), "demo", "--out", str(Path(folder, f"out{number}"))
                )
    warm = f"{by_clock.median('demo'):.1f} s ({alone.median('demo'):.1f} s)"
    return [listed(one[:3]), listed(one[3:5]), listed(both[:5]), listed(one[5:]), warm], ""
