"""Long work on every core: the same on many samples, or works that need nothing of each other.

Samples are drawn before, in one row, and what comes of each is told in their order, so a result
does not depend on how many processes there are.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import current_process, get_context
from typing import Any, TypeVar

Sample = TypeVar("Sample")
Result = TypeVar("Result")

LONG = 6.0
"""Processor seconds left from which on further processes pay: each first loads what it needs."""

_work: Callable[[Any], Any]


def of_each(work: Callable[[Sample], Result], samples: Sequence[Sample]) -> Iterator[Result]:
    """What `work` makes of each of the samples, in their order.

    Args:
        work: can be pickled, a method of a dataclass for instance; says by its result what it
            could not do.
        samples: drawn by the caller.
    """
    # Not by the clock: where the cores are busy further processes make nothing quicker.
    begun = time.thread_time()
    done = 0
    for sample in samples:
        yield work(sample)
        done += 1
        left = (time.thread_time() - begun) / done * (len(samples) - done)
        if left > LONG and (processes := cores()) > 1:
            break
    if done == len(samples):
        return
    # Begun anew, so that no process holds a connection of this one; each ends when this one does.
    with get_context("spawn").Pool(processes, _begin, (work,)) as pool:
        yield from pool.imap(_do, samples[done:], chunksize=max(1, len(samples) // 50))


@contextmanager
def beside(
    work: Callable[[Sample], Result], items: Sequence[Sample]
) -> Iterator[list[Callable[[], Result]]]:
    """What `work` makes of each item in a process of its own, while the block does something else.

    Args:
        work: as of `of_each`; what it raises is raised where its result is asked for.

    Yields:
        A function an item, in their order, that waits for what comes of it.
    """
    with get_context("spawn").Pool(1, _begin, (work,)) as pool:
        yield [pool.apply_async(_do, (item,)).get for item in items]


def cores() -> int:
    """How many processes have a core; those that do others' work have no further ones."""
    if current_process().daemon:
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _begin(work: Callable[[Any], Any]) -> None:
    global _work
    _work = work
    # A terminal's Ctrl-C is for the one who waits, who ends these.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _do(sample: Any) -> Any:
    return _work(sample)
