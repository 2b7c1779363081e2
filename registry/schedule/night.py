"""One nightly run: read what laboratories sent, derive, look at the worklist, report, tell, send to
a hub, seal, back up and, when it is time, prove the backup; each step on its own.

A step that fails is recorded and the others go on; only the transitions wait for a derivation that
went well. Each step is its own transaction, so that whoever is killed leaves something whole, and
the next run goes on from there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from registry.database.engine import Database, refused_by_database
from registry.errors import Refused, RegistryError, why
from registry.schedule import store
from registry.schedule.changes import Derived, Item, store_report
from registry.schedule.due import written_duration
from registry.schedule.plan import Plan
from registry.schedule.report import free_name, losses_in_words, write_reports
from registry.schedule.rotation import BackUp, back_up_daily
from registry.schedule.store import FAILED, GOOD, LEFT_OUT, Step
from registry.schedule.tell import tell, write_alarm
from registry.words import tr


@dataclass(frozen=True)
class Work:
    """What other parts of the program do in a night, as this part is given it.

    `feed` reads the results in the plan's folder, if it names one; `derive` brings every status up
    to date; `quality` counts what is not plausible, keeps the counts as those of a day and says in
    a few words what it came to; `worklist` keeps the list of the day and gives all its items;
    `sends` says whether a hub is sent to, and `send` does; `seal` seals the audit and gives the
    last seal, None where there is none; `back_up` writes a backup; `prove` restores one on trial,
    says what it found, and raises Refused where it is not the same.
    """

    feed: Callable[[Database, Plan], str]
    derive: Callable[[Database], Derived]
    quality: Callable[[Database, date], str]
    worklist: Callable[[Database], Sequence[Item]]
    sends: Callable[[Connection], bool]
    send: Callable[[Connection], str]
    seal: Callable[[Database], dict[str, Any] | None]
    back_up: BackUp
    prove: Callable[[Path], str]


@dataclass(frozen=True)
class Night:
    """How a run ended. `report` is None when not even that could be made."""

    night_id: int
    good: bool
    steps: list[Step]
    report: dict[str, Any] | None

    def to_json(self) -> dict[str, Any]:
        """The report, or else what there is, as one JSON document."""
        ending = {"good": self.good, "steps": [step.to_json() for step in self.steps]}
        return (self.report or {"night_id": self.night_id}) | ending


def run_night(
    database: Database,
    plan: Plan,
    work: Work,
    *,
    user: str,
    clock: Callable[[], datetime],
    due: datetime | None = None,
    ended: Callable[[], bool] = lambda: False,
) -> Night | None:
    """Does a night's work; None when a run since `due` went well already.

    `ended` says whether the program was asked to end: the steps that are left are left out then.
    Raises Refused while another run is at work.
    """
    with store.only_one_night(database.engine):
        if due is not None and store.good_since(database.engine, due):
            return None
        number = store.begin(database.engine, due=due, now=clock(), user=user)
        return _Run(database, plan, work, clock, number).carry_out(ended)


def run_backup(
    database: Database, plan: Plan, work: Work, *, user: str, clock: Callable[[], datetime]
) -> Night:
    """Does the part of a night that is the owner's where another login does the rest."""
    begun = clock()
    run = _Run(database, plan, work, clock, 0)
    steps = run.backing_up()
    number = store.keep_backup(database.engine, begun=begun, now=clock(), user=user, steps=steps)
    return Night(number, all(step.state == GOOD for step in steps), steps, None)


class _Run:
    """The steps of one run and what they leave to each other."""

    def __init__(
        self,
        database: Database,
        plan: Plan,
        work: Work,
        clock: Callable[[], datetime],
        number: int,
    ) -> None:
        self._database = database
        self._plan = plan
        self._work = work
        self._clock = clock
        self._number = number
        self._begun = time.monotonic()
        self._now = clock()
        self._derived: Derived | None = None
        self._items: Sequence[Item] | None = None
        self._sealed: dict[str, Any] | None = None
        self._backup: dict[str, Any] | None = None

    def carry_out(self, ended: Callable[[], bool]) -> Night:
        steps = []
        for name, step in (
            *([("feed", self._feed)] if self._plan.feed_dir is not None else []),
            ("derive", self._derive),
            ("worklist", self._worklist),
            ("quality", lambda: self._work.quality(self._database, self._day())),
            ("report", self._report),
            ("tell", self._tell),
            *([("hub", self._send)] if self._to_send() else []),
            ("seal", self._seal),
            *self._of_backup(),
        ):
            if ended():
                steps.append(Step(name, LEFT_OUT, tr("The program was asked to end."), 0.0))
            else:
                steps.append(_attempt(name, step))
        return self._finish(steps)

    def backing_up(self) -> list[Step]:
        """The backup, and its proof when it is time."""
        return self._told([_attempt(name, step) for name, step in self._of_backup()])

    def _of_backup(self) -> list[tuple[str, Callable[[], str]]]:
        # A backup holds what no login but the owner's may read: passwords' hashes, the audit's key.
        if self._database.own_rights is not None:
            return [(store.BACKUP, self._of_owner)]
        backup = [(store.BACKUP, self._back_up)]
        return backup + ([(store.VERIFY, self._verify)] if self._to_verify() else [])

    def _of_owner(self) -> str:
        """Says when the owner made the last backup; Refused where that is too long ago."""
        with self._database.engine.connect() as connection:
            last = store.last_backed_up(connection)
        if last is None or self._now - last > self._plan.max_age:
            raise Refused(
                tr(
                    "A backup is the owner's, who has made none within {length}.",
                    length=written_duration(self._plan.max_age),
                ),
                cure=tr("Whoever owns the registry runs every night: registry schedule backup"),
            )
        moment = f"{self._plan.local(last):%Y-%m-%d %H:%M %Z}"
        return tr("The owner's, made {moment}", moment=moment)

    def _day(self) -> date:
        """The day on which the run began, where the plan is."""
        return self._plan.local(self._now).date()

    def _feed(self) -> str:
        return self._work.feed(self._database, self._plan)

    def _derive(self) -> str:
        self._derived = self._work.derive(self._database)
        if self._derived.failed:
            raise Refused(
                " ".join(f"{name}: {said}" for name, said in self._derived.failed.items()),
                cure=tr("The other definitions are derived: {said}.", said=self._derived.said),
            )
        return self._derived.said

    def _worklist(self) -> str:
        self._items = self._work.worklist(self._database)
        return tr("{number:item|items}", number=len(self._items))

    def _report(self) -> str:
        report = store_report(
            self._database.engine,
            self._number,
            heading=self._heading(),
            derived=self._derived,
            items=self._items,
            channels=self._plan.channels,
        )
        written = write_reports(self._database.engine, self._plan)
        return f"{losses_in_words(report)} {', '.join(map(str, written))}"

    def _heading(self) -> dict[str, Any]:
        day = self._day()
        taken = store.names_of_reports(self._database.engine, day)
        return {
            "night_id": self._number,
            "name": free_name(self._plan.report_dir, day, taken),
            "day": day.isoformat(),
            "made_at": self._now.isoformat(timespec="seconds"),
        }

    def _tell(self) -> str:
        told = tell(self._database.engine, self._plan)
        return tr("{number} told", number=told)

    def _to_send(self) -> bool:
        with self._database.engine.connect() as connection:
            return self._work.sends(connection)

    def _send(self) -> str:
        with self._database.engine.begin() as connection:
            return self._work.send(connection)

    def _seal(self) -> str:
        self._sealed = self._work.seal(self._database)
        return "" if self._sealed is None else str(self._sealed["head"])

    def _back_up(self) -> str:
        self._backup = back_up_daily(
            self._database,
            self._plan.backup_dir,
            self._day(),
            keep=self._plan.keep,
            back_up=self._work.back_up,
        )
        return str(self._backup["file"])

    def _to_verify(self) -> bool:
        """Whether so many days have passed since a backup was proved."""
        every = self._plan.verify_every
        if every is None:
            return False
        with self._database.engine.connect() as connection:
            last = store.last_verified(connection)
        if last is None:
            return True
        passed = self._day() - self._plan.local(last).date()
        # Where the clock went back nobody knows how long ago that was.
        return not timedelta(0) <= passed < every

    def _verify(self) -> str:
        if self._backup is None:
            raise Refused(tr("There is no backup of this run that could be tried."))
        self._backup["verified"] = self._work.prove(Path(self._backup["file"]))
        return str(self._backup["verified"])

    def _finish(self, steps: list[Step]) -> Night:
        """Records the ending, in the report's file as well."""
        steps = self._told(steps)
        good = all(step.state == GOOD for step in steps)
        ending = {
            "good": good,
            "seconds": round(time.monotonic() - self._begun, 1),
            "steps": [step.to_json() for step in steps],
            "seal": self._sealed,
            "backup": self._backup,
        }
        store.finish(
            self._database.engine, self._number, now=self._clock(), good=good, ending=ending
        )
        # Where it cannot be written the step has said so; it waits for the next run.
        _attempt("report", lambda: str(write_reports(self._database.engine, self._plan)))
        report = store.report_of(self._database.engine, self._number)
        return Night(self._number, good, steps, report)

    def _told(self, steps: list[Step]) -> list[Step]:
        """The steps, and beside a backup that is not what it should be a mail of it."""
        failed = [step for step in steps if step.name == store.VERIFY and step.state == FAILED]
        if not failed or self._plan.mail_dir is None:
            return steps
        told = failed[0].said
        return [*steps, _attempt("mail", lambda: write_alarm(self._now, told, self._plan))]


def _attempt(name: str, step: Callable[[], str]) -> Step:
    begun = time.monotonic()
    try:
        state, said = GOOD, step()
    except Exception as error:
        state, said = FAILED, complaint(error)
    return Step(name, state, said, round(time.monotonic() - begun, 2))


def complaint(error: Exception) -> str:
    """What went wrong, in one line and without a patient's data."""
    known = refused_by_database(error) if isinstance(error, DBAPIError) else error
    if isinstance(known, RegistryError):
        return " ".join(str(known).split())
    if isinstance(error, OSError):
        return f"{why(error) or type(error).__name__}: {error.filename or ''}".rstrip(": ")
    return tr("Unexpected error: {kind}", kind=type(error).__name__)
