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
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing import TimeoutError, active_children, current_process, get_context
from typing import Any, TypeVar

from registry.errors import Refused
from registry.steps import step
from registry.words import tr

Sample = TypeVar("Sample")
Result = TypeVar("Result")

LONG = 6.0
"""Processor seconds left from which on further processes pay: each first loads what it needs."""
_LOOK = 1.0
"""Seconds after which who waits looks whether all are still at work."""

_work: Callable[[Any], Any]


def of_each(work: Callable[[Sample], Result], samples: Sequence[Sample]) -> Iterator[Result]:
    """What `work` makes of each of the samples, in their order; each is told as a step.

    Args:
        work: can be pickled, a method of a dataclass for instance; says by its result what it
            could not do.
        samples: drawn by the caller.
    """
    for number, found in enumerate(_results(work, samples), start=1):
        step(tr("Computing the samples"), number, len(samples))
        yield found


def _results(work: Callable[[Sample], Result], samples: Sequence[Sample]) -> Iterator[Result]:
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
    chunk = max(1, len(samples) // 50)
    chunks = [samples[first : first + chunk] for first in range(done, len(samples), chunk)]
    others = set(active_children())
    # Begun anew, so that no process holds a connection of this one; each ends when this one does.
    with get_context("spawn").Pool(processes, _begin, (work,)) as pool:
        workers = set(active_children()) - others
        told = pool.imap(_do, chunks)
        while True:
            try:
                found = told.next(timeout=_LOOK)
            except StopIteration:
                return
            except TimeoutError:
                # What a process that was ended had in hand comes never.
                if not all(one.is_alive() for one in workers):
                    raise _ended() from None
            else:
                yield from found


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
        A function an item, in their order, that waits for what comes of it; Refused where the
        process was ended before.
    """
    context: Any = get_context("fork" if copied and sys.platform == "linux" else "spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_tell, args=(work, items, here, there), daemon=True)
    process.start()
    there.close()
    # What is told is taken at once, so that the process need not wait to tell it.
    with ThreadPoolExecutor(1) as taking:
        try:
            yield [taking.submit(_told, here).result for _ in items]
        finally:
            process.terminate()
    process.join()
    here.close()


def _tell(work: Callable[[Any], Any], items: Sequence[Any], here: Any, there: Any) -> None:
    # Who holds the other end as well does not notice that nobody listens any more.
    here.close()
    _begin(work)
    for item in items:
        try:
            found, failed = work(item), None
        except Exception as error:
            found, failed = None, error
        try:
            there.send((found, failed))
        except BrokenPipeError:
            # The one who waits was killed.
            return


def _told(here: Any) -> Any:
    try:
        found, failed = here.recv()
    except (EOFError, OSError):
        raise _ended() from None
    if failed is not None:
        raise failed
    return found


def _ended() -> Refused:
    return Refused(
        tr("A process that computed a part of this was ended before it was done."),
        cure=tr("Run it again; the system ends a process where memory runs out."),
    )


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


def _do(samples: Sequence[Any]) -> list[Any]:
    return [_work(sample) for sample in samples]
