"""Long work on every core: the same on many samples, or works that need nothing of each other.

Samples are drawn before, in one row, and what comes of each is told in their order, so a result
does not depend on how many processes there are.
"""

from __future__ import annotations

import os
import signal
import sys
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
    work: Callable[[Sample], Result], items: Sequence[Sample], *, copied: bool = False
) -> Iterator[list[Callable[[], Result]]]:
    """What `work` makes of each item in a process of its own, while the block does something else.

    Args:
        work: as of `of_each`; what it raises is raised where its result is asked for.
        copied: the process is a copy of this one, with all that is loaded, where the system copies
            one well; `work` may not touch a connection.

    Yields:
        A function an item, in their order, that waits for what comes of it.
    """
    context = get_context("fork" if copied and sys.platform == "linux" else "spawn")
    with context.Pool(1, _begin, (work,)) as pool:
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
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _do(sample: Any) -> Any:
    return _work(sample)
