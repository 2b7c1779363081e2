"""Timings: by the clock on the wall, or by the processor's own account; and tables of them.

Processor time is what remains comparable on a machine that others use at the same time. It counts
this process, the programs it has run to their end, and the server with all its processes.
"""

from __future__ import annotations

import os
import re
import resource
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Clock = Callable[[], float]
# What has `timings` into what stands in a table.
Cell = Callable[[Any], str]
Rows = tuple[tuple[str, Cell], ...]

# Seconds; the server's account is kept in ticks.
RESOLUTION = 0.01
# How often what is short is done in a round, therefore.
TIMES = 5

# Fields of /proc/PID/stat after the name in brackets.
PARENT, OWN, OF_THE_ENDED = 1, slice(11, 13), slice(13, 15)


def programs_clock() -> float:
    """Processor seconds of the programs that this process has run to their end."""
    return sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])


def processor_clock(postmaster: int, *, own: bool = True) -> Clock:
    """Processor seconds of those, of a server, and with `own` of this process, on Linux."""
    ticks = os.sysconf("SC_CLK_TCK")

    def now() -> float:
        here = time.process_time() if own else 0
        return here + programs_clock() + spent_by_server(postmaster) / ticks

    return now


def spent_by_server(postmaster: int) -> int:
    """Ticks of a server's processes, those that have ended and those that live."""
    while True:
        ended = ticks_of(Path(f"/proc/{postmaster}/stat"), OF_THE_ENDED)
        living = sum(ticks_of(path, OWN, postmaster) for path in Path("/proc").glob("[0-9]*/stat"))
        # Otherwise one has ended meanwhile, and was counted twice or not at all.
        if ended == ticks_of(Path(f"/proc/{postmaster}/stat"), OF_THE_ENDED):
            return ended + living


def ticks_of(stat: Path, kind: slice, parent: int | None = None) -> int:
    """Ticks of a process; with `parent`, 0 unless that is its parent or itself."""
    try:
        fields = stat.read_text().rpartition(")")[2].split()
    except OSError:  # it has just ended
        return 0
    if parent is not None and parent not in (int(fields[PARENT]), int(stat.parent.name)):
        return 0
    return sum(map(int, fields[kind]))


@dataclass
class Timings:
    """Seconds of everything timed, by name, in the order of the rounds."""

    clock: Clock = time.perf_counter
    seconds: dict[str, list[float]] = field(default_factory=dict)

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        """Times the block."""
        started = self.clock()
        yield
        self.seconds.setdefault(name, []).append(self.clock() - started)

    def median(self, name: str) -> float:
        """Median seconds."""
        return statistics.median(self.seconds[name])

    def ratio(self, name: str, yardstick: str) -> float:
        """How many times the yardstick: median over the rounds, or of the medians."""
        ours, theirs = self.seconds[name], self.seconds[yardstick]
        if len(ours) == len(theirs):
            pairs = zip(ours, theirs, strict=True)
            return statistics.median(a / max(b, RESOLUTION) for a, b in pairs)
        return self.median(name) / max(self.median(yardstick), RESOLUTION)


def seconds(name: str) -> Cell:
    """A cell with the median seconds."""
    return lambda size: f"{size.timings.median(name):.3g} s"


def times(name: str, yardstick: str) -> Cell:
    """A cell with the seconds and how many times the yardstick they are."""
    return lambda size: (
        f"{size.timings.median(name):.3g} s = {size.timings.ratio(name, yardstick):.2g} x"
    )


def listed(ratios: Iterable[float], form: str = ".1f") -> str:
    """Several ratios in one cell."""
    return f"{', '.join(format(ratio, form) for ratio in ratios)} x"


def markdown(heads: list[str], rows: Iterable[list[str]]) -> str:
    """A table; figures stand to the right of what they are of."""
    rule = f"|---|{'---:|' * (len(heads) - 1)}"
    lines = (f"| {' | '.join(row)} |" for row in (heads, *rows))
    whole = "\n".join(re.sub(r"\|  (?=\|)", "| ", line) for line in lines)
    return whole.replace("\n", f"\n{rule}\n", 1)
