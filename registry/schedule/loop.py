"""A run every night as long as the program lives, and a database that may be away for a while."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from threading import Event, Lock
from typing import NoReturn

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.blocking import BlockingScheduler

from registry.database.engine import Database, open_database
from registry.errors import DatabaseUnavailable
from registry.schedule.due import Daily
from registry.settings import Settings
from registry.words import tr

_FIRST_WAIT = timedelta(seconds=10)
_LONGEST_WAIT = timedelta(minutes=10)
_LOOK_SECONDS = 60
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def run_daily(trigger: Daily, night: Callable[[], None], ended: Event) -> None:
    """Calls `night` now, since a run may have been missed, and then whenever one is due.

    Returns after SIGTERM or Ctrl-C, which set `ended`, when the night that is at work has come
    back; a second signal ends the program at once. `night` must not raise.
    """
    logging.getLogger("apscheduler").setLevel(logging.CRITICAL + 1)
    scheduler = BlockingScheduler(timezone=UTC, executors={"default": ThreadPoolExecutor(2)})
    alone = Lock()

    def night_alone() -> None:
        with alone:
            night()

    def look() -> None:
        # A computer that slept does not count those hours while it waits; called every minute, the
        # scheduler looks at the clock. And an interrupt that comes while it starts a job it drops.
        if ended.is_set() and scheduler.running:
            scheduler.shutdown(wait=False)

    scheduler.add_job(
        night_alone,
        trigger,
        coalesce=True,
        misfire_grace_time=None,
        max_instances=1,
        next_run_time=datetime.now(UTC),
    )
    scheduler.add_job(look, "interval", seconds=_LOOK_SECONDS)
    with _signals_set(ended):
        try:
            scheduler.start()
        except KeyboardInterrupt:
            scheduler.shutdown(wait=False)
        with alone:
            pass  # the night that was at work has come back


@contextmanager
def _signals_set(ended: Event) -> Iterator[None]:
    """The first SIGTERM or Ctrl-C sets `ended` and interrupts; the next ends the program."""

    def end(*_: object) -> NoReturn:
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        ended.set()
        raise KeyboardInterrupt

    before = {number: signal.signal(number, end) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def reached(
    settings: Settings,
    patience: timedelta,
    *,
    say: Callable[[str], None],
    pause: Callable[[float], bool],
) -> Iterator[Database]:
    """The database; where it cannot be reached it is tried again, at longer and longer intervals.

    `pause` waits so many seconds and says whether the program was asked to end. Raises
    DatabaseUnavailable after `patience`, or when asked to end.
    """
    wait, left = _FIRST_WAIT, patience
    with ExitStack() as stack:
        while True:
            try:
                database = stack.enter_context(open_database(settings))
                break
            except DatabaseUnavailable as error:
                step = min(wait, left)
                if not step:
                    raise
                say(
                    tr(
                        "{problem} Tried again in {seconds} s.",
                        problem=error.problem,
                        seconds=int(step.total_seconds()),
                    )
                )
                if pause(step.total_seconds()):
                    raise
            left -= step
            wait = min(2 * wait, _LONGEST_WAIT)
        yield database
