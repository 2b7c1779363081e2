"""A run every night as long as the program lives, and a database that may be away for a while."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from threading import Event

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.blocking import BlockingScheduler

from registry.database.engine import Database, open_database
from registry.errors import DatabaseUnavailable
from registry.schedule.due import Daily
from registry.settings import Settings
from registry.words import tr

_FIRST_WAIT = timedelta(seconds=10)
_LONGEST_WAIT = timedelta(minutes=10)
_LOOK_MINUTES = 5


def run_daily(trigger: Daily, night: Callable[[], None], ended: Event) -> None:
    """Calls `night` now, since a run may have been missed, and then whenever one is due.

    Returns after Ctrl-C, when the night that is at work has come to the end of its step: `ended`
    tells it to. `night` must not raise.
    """
    logging.getLogger("apscheduler").setLevel(logging.CRITICAL)
    scheduler = BlockingScheduler(timezone=UTC, executors={"default": ThreadPoolExecutor(2)})
    scheduler.add_job(
        night,
        trigger,
        coalesce=True,
        misfire_grace_time=None,
        max_instances=1,
        next_run_time=datetime.now(UTC),
    )
    # A computer that slept does not count those hours while it waits: so the clock is looked at.
    scheduler.add_job(_look, "interval", minutes=_LOOK_MINUTES)
    try:
        scheduler.start()
    except KeyboardInterrupt:
        ended.set()
        scheduler.shutdown(wait=True)


def _look() -> None:
    """Nothing: being called is enough."""


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
