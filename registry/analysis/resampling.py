"""The same work done on many samples, on every core where it is long.

Samples are drawn before, in one row, and what comes of each is told in their order, so a result
does not depend on how many processes there are.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import get_context
from typing import Any, TypeVar

Sample = TypeVar("Sample")
Result = TypeVar("Result")

LONG = 6.0
"""Seconds of work left from which on further processes pay: each first loads what it needs."""

_work: Callable[[Any], Any]


def of_each(work: Callable[[Sample], Result], samples: Sequence[Sample]) -> Iterator[Result]:
    """What `work` makes of each of the samples, in their order.

    Args:
        work: can be pickled, a method of a dataclass for instance; says by its result what it
            could not do.
        samples: drawn by the caller.
    """
    begun = time.monotonic()
    done = 0
    for sample in samples:
        yield work(sample)
        done += 1
        left = (time.monotonic() - begun) / done * (len(samples) - done)
        if left > LONG and (cores := _cores()) > 1:
            break
    if done == len(samples):
        return
    # Begun anew, so that no process holds a connection of this one; each ends when this one does.
    with get_context("spawn").Pool(cores, _begin, (work,)) as pool:
        yield from pool.imap(_do, samples[done:], chunksize=max(1, len(samples) // 50))


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _begin(work: Callable[[Any], Any]) -> None:
    global _work
    _work = work
    # A terminal's Ctrl-C is for the one who waits, who ends these.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _do(sample: Any) -> Any:
    return _work(sample)
