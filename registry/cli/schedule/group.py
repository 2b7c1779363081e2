"""`registry schedule`: the nightly run, what starts it, and how it went."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from registry.cli.frame.context import UserOption, opened, run_of, warn
from registry.cli.frame.output import Format, FormatOption, print_json, print_rows
from registry.cli.schedule.options import (
    AtOption,
    ConfigOption,
    ZoneOption,
    call_of,
    option,
    plan_of,
    with_night_options,
    with_nightly_options,
)
from registry.errors import WrongUsage
from registry.settings import Settings
from registry.words import tr

if TYPE_CHECKING:
    from threading import Event

    from sqlalchemy import Connection

    from registry.database.archive import Description
    from registry.database.engine import Database
    from registry.schedule.changes import Item
    from registry.schedule.night import Night, Work
    from registry.schedule.plan import Plan

app = typer.Typer(help="Run every night: derive, report what changed, tell of losses, back up.")

STEP_COLUMNS = ("name", "state", "said", "seconds")


@app.command("run")
@with_nightly_options
def run_command(
    context: typer.Context,
    *,
    config: ConfigOption = None,
    user: UserOption = None,
    **_options: Any,
) -> None:
    """Run every night until Ctrl-C; a run that was missed is caught up once, at the start.

    Example: registry schedule run --at 02:00 --backup-dir /srv/backups
    """
    from threading import Event

    from registry.schedule.loop import run_daily

    settings = run_of(context).settings(user)
    plan = plan_of(context, settings, config)
    ended = Event()
    warn(_next_run(plan))
    run_daily(plan.trigger, lambda: carry_out(settings, plan, ended, _say), ended)


@app.command("once")
@with_night_options
def once_command(
    context: typer.Context,
    *,
    config: ConfigOption = None,
    user: UserOption = None,
    form: FormatOption = Format.TABLE,
    **_options: Any,
) -> None:
    """Do one night's work now, as systemd and cron do; exit status 1 when a step failed.

    Example: registry schedule once --keep 30
    """
    from threading import Event

    from registry.schedule.night import run_night

    settings = run_of(context).settings(user)
    plan = plan_of(context, settings, config)
    with _reached(settings, plan, warn, Event().wait) as database:
        night = run_night(
            database,
            plan,
            work_of_night(settings.user, settings.identity_url),
            user=settings.user,
            clock=_now,
        )
    assert night is not None
    _print_night(night, plan, form)
    for step in night.steps:
        if step.state != "good":
            warn(f"{step.name}: {step.said}")
    if not night.good:
        raise typer.Exit(1)


@app.command("status")
def status_command(
    context: typer.Context,
    max_age: Annotated[
        str | None,
        option("--max-age", "TIME", "How old the last good run may be.  [26h]"),
    ] = None,
    at: AtOption = None,
    timezone: ZoneOption = None,
    config: ConfigOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Show the last runs and the next; exit status 1 when the last good one is too long ago.

    Example: registry schedule status --max-age 26h
    """
    from registry.schedule.due import written_duration
    from registry.schedule.store import is_running, last_runs, last_verified

    settings = run_of(context).settings()
    plan = plan_of(context, settings, config)
    with opened(settings) as database, database.engine.connect() as connection:
        good, last = last_runs(connection)
        running = is_running(connection)
        verified = last_verified(connection)
    now = _now()
    overdue = good is None or now - good["started_at"] > plan.max_age
    if form is Format.JSON:
        print_json(
            {
                "overdue": overdue,
                "max_age": written_duration(plan.max_age),
                "running": running,
                "last_good": good,
                "last_verified": verified,
                "last": last,
                "next_due": plan.local(plan.trigger.get_next_fire_time(None, now)),
            }
        )
    elif form is Format.CSV:
        print_rows(last["steps"] if last else [], form, STEP_COLUMNS)
    else:
        _print_status(good, last, running, plan)
        if verified is not None:
            moment = f"{plan.local(verified):%Y-%m-%d %H:%M %Z}"
            typer.echo(tr("last backup proved: {moment}", moment=moment))
    if overdue:
        warn(
            tr(
                "No run has gone well within the last {length}.",
                length=written_duration(plan.max_age),
            )
        )
        raise typer.Exit(1)


@app.command("show")
@with_nightly_options
def show_command(
    context: typer.Context,
    systemd: Annotated[
        bool, typer.Option("--systemd", help="A service and a timer.  [unless --cron]")
    ] = False,
    cron: Annotated[bool, typer.Option("--cron", help="A line for crontab.")] = False,
    *,
    config: ConfigOption = None,
    user: UserOption = None,
    **_options: Any,
) -> None:
    """Print what starts `registry schedule once` every night, with the options given here.

    Example: registry schedule show --systemd --at 02:00
    """
    from registry.schedule.systemd import cron_line, systemd_units

    if systemd and cron:
        raise WrongUsage(tr("--systemd and --cron are two things."), cure=tr("Choose one."))
    settings = run_of(context).settings(user)
    plan = plan_of(context, settings, config)
    call = call_of(context, settings, config)
    typer.echo(cron_line(call, plan) if cron else systemd_units(call, plan))


def _now() -> datetime:
    return datetime.now(UTC)


def _say(message: str) -> None:
    """A message of a program that runs for long: with its moment."""
    warn(f"{datetime.now():%Y-%m-%d %H:%M:%S} {message}")


def _next_run(plan: Plan) -> str:
    moment = plan.local(plan.trigger.get_next_fire_time(None, _now()))
    return tr("The next run is at {moment}.", moment=f"{moment:%Y-%m-%d %H:%M %Z}")


@contextmanager
def _reached(
    settings: Settings,
    plan: Plan,
    say: Callable[[str], None],
    pause: Callable[[float], bool],
) -> Iterator[Database]:
    """The database, waited for, at the right migration."""
    from registry.database.migrate import require_head
    from registry.schedule.loop import reached

    with reached(settings, plan.keep_trying, say=say, pause=pause) as database:
        with database.engine.connect() as connection:
            require_head(connection)
        yield database


def carry_out(settings: Settings, plan: Plan, ended: Event, say: Callable[[str], None]) -> None:
    """The run that is due, if it has not gone well already; whatever happens is said."""
    from registry.schedule.night import complaint, run_night

    try:
        with _reached(settings, plan, say, ended.wait) as database:
            night = run_night(
                database,
                plan,
                work_of_night(settings.user, settings.identity_url),
                user=settings.user,
                clock=_now,
                due=plan.trigger.at_or_before(_now()),
                ended=ended.is_set,
            )
    except Exception as error:
        say(complaint(error))
    else:
        if night is not None:
            say(_summary(night))
    if not ended.is_set():
        say(_next_run(plan))


def _summary(night: Night) -> str:
    from registry.schedule.report import losses_in_words

    words = tr("Run {number}:", number=night.night_id)
    if night.report is not None:
        words += f" {losses_in_words(night.report)}"
    bad = [f"{step.name}: {step.said}" for step in night.steps if step.state != "good"]
    return " ".join([words, *bad]) if bad else f"{words} {tr('Every step went well.')}"


def work_of_night(user: str, identity_url: str | None = None) -> Work:
    """The parts of the program that a night calls on."""
    from registry.derivation.run import derive_each
    from registry.schedule.changes import Derived
    from registry.schedule.night import Work, complaint

    def fed(database: Database, plan: Plan) -> str:
        from registry.cli.feed import KEEP, counted
        from registry.feeds.reading import read_folder
        from registry.schedule.due import duration

        assert plan.feed_dir is not None
        done = read_folder(
            database.engine,
            plan.feed_dir,
            centre=plan.feed_centre,
            identity_url=identity_url,
            user=user,
            keep=duration(KEEP),
        )
        return counted(done)

    def derived(database: Database) -> Derived:
        result, failures = derive_each(database.engine, user=user)
        said = tr(
            "{examined:patient|patients} examined, {number:transition|transitions}",
            examined=result.examined,
            number=len(result.transitions),
        )
        return Derived(said, {name: complaint(error) for name, error in failures.items()})

    def proved(file: Path) -> str:
        from registry.cli.db.trial import tried
        from registry.errors import Refused

        proof = tried(file, user)
        if proof.problems:
            raise Refused(" ".join([f"{file}:", *proof.problems]))
        return proof.in_words

    return Work(
        feed=fed,
        derive=derived,
        quality=_quality,
        worklist=_worklist,
        sends=_sends,
        send=_send,
        seal=_seal,
        back_up=_back_up,
        prove=proved,
    )


def _sends(connection: Connection) -> bool:
    from registry.hub.send import sends_as

    return sends_as(connection) is not None


def _send(connection: Connection) -> str:
    """What `registry hub publish` does, once it has begun."""
    from registry.hub.send import bring

    sent = bring(connection)
    return tr("{number:record|records} changed", number=sent.changed)


def _back_up(database: Database, file: Path) -> Description:
    """What `registry db backup` does."""
    from registry.cli.db.trial import analysed
    from registry.database.backup import back_up

    return back_up(database, file, analyse=analysed)


def _seal(database: Database) -> dict[str, Any] | None:
    """What `registry audit seal` does."""
    from registry.audit.seals import last_seal, make_seal

    with database.engine.begin() as connection:
        seal = make_seal(connection) or last_seal(connection)
    return None if seal is None else {"seal": seal.seal, "head": seal.head, "rows": seal.rows}


def _quality(database: Database, on: date) -> str:
    """What `registry quality run` does, kept as the counts of a day."""
    from registry.quality.run import count_rules, open_queries, store_run

    with database.engine.begin() as connection:
        counts = count_rules(connection)
        asked = open_queries(connection, counts)
        store_run(connection, counts, on)
    return tr(
        "{failed} of {tried:check|checks} failed, {open:query|queries} open",
        open=asked,
        failed=sum(count.failed for count in counts),
        tried=sum(count.tried for count in counts),
    )


def _worklist(connection: Connection) -> Sequence[Item]:
    """What `registry worklist` lists without options."""
    from registry.schedule.changes import Item
    from registry.worklist.read import Filters, read_worklist

    return [Item(work.kind, work.item) for work in read_worklist(connection, Filters())]


def _print_night(night: Night, plan: Plan, form: Format) -> None:
    from registry.schedule.report import report_text

    if form is Format.JSON:
        print_json(night.to_json())
    elif form is Format.CSV or night.report is None:
        print_rows([step.to_json() for step in night.steps], form, STEP_COLUMNS)
    else:
        typer.echo(report_text(night.report, plan), nl=False)


def _print_status(
    good: dict[str, Any] | None, last: dict[str, Any] | None, running: bool, plan: Plan
) -> None:
    for words, run in ((tr("last good run"), good), (tr("last run"), last)):
        moment = tr("none") if run is None else f"{plan.local(run['started_at']):%Y-%m-%d %H:%M %Z}"
        typer.echo(f"{words}: {moment}")
    if running:
        typer.echo(tr("A run is at work."))
    elif last is not None and last["finished_at"] is None:
        typer.echo(tr("It did not come to its end."))
    if last is not None and last["steps"]:
        print_rows(last["steps"], Format.TABLE, STEP_COLUMNS)
    typer.echo(_next_run(plan))
