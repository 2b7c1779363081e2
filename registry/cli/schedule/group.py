"""`registry schedule`: the nightly run, what starts it, and how it went."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from registry.cli.frame.context import opened, remark, run_of, warn
from registry.cli.frame.options import UserOption
from registry.cli.frame.output import Format, FormatOption, print_json, print_rows
from registry.cli.frame.roles_of_commands import hold_to_roles
from registry.cli.frame.signatures import flag, option
from registry.cli.schedule.options import (
    AtOption,
    ConfigOption,
    ZoneOption,
    call_of,
    plan_of,
    with_backup_options,
    with_night_options,
    with_nightly_options,
)
from registry.cli.schedule.work import work_of_night
from registry.errors import WrongUsage
from registry.settings import Settings
from registry.words import tr

if TYPE_CHECKING:
    from threading import Event

    from registry.database.engine import Database
    from registry.schedule.night import Night
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
    _end(night)


@app.command("backup")
@with_backup_options
def backup_command(
    context: typer.Context,
    *,
    config: ConfigOption = None,
    user: UserOption = None,
    form: FormatOption = Format.TABLE,
    **_options: Any,
) -> None:
    """Make the night's backup alone, as the owner, where another login runs the night.

    Old ones go and the new one is proved as in a night; the night says when it was made.

    Example: registry schedule backup --keep 30
    """
    from threading import Event

    from registry.schedule.night import run_backup

    settings = run_of(context).settings(user)
    plan = plan_of(context, settings, config)
    with _reached(settings, plan, warn, Event().wait) as database:
        run = run_backup(
            database, plan, work_of_night(settings.user), user=settings.user, clock=_now
        )
    _print_night(run, plan, form)
    _end(run)


@app.command("status")
def status_command(
    context: typer.Context,
    max_age: Annotated[
        str | None, option("--max-age", "TIME", "How old the last good run may be.  [26h]")
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
        remark(
            "No run has gone well within the last {length}.",
            length=written_duration(plan.max_age),
        )
        raise typer.Exit(1)


@app.command("show")
@with_nightly_options
def show_command(
    context: typer.Context,
    systemd: Annotated[bool, flag("--systemd", "A service and a timer.  [unless --cron]")] = False,
    cron: Annotated[bool, flag("--cron", "A line for crontab.")] = False,
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


def _end(night: Night) -> None:
    for step in night.steps:
        if step.state != "good":
            warn(f"{step.name}: {step.said}")
    if not night.good:
        raise typer.Exit(1)


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
    """The database, waited for, with the rights of who works, at the right migration."""
    from registry.database.login import as_login
    from registry.database.migrate import require_head
    from registry.schedule.loop import reached

    any_role = settings._replace(role=None, centres=())
    with (
        reached(any_role, plan.keep_trying, say=say, pause=pause) as served,
        as_login(served, settings.role, settings.centres) as entered,
    ):
        if entered.roles is not None:
            hold_to_roles(entered.roles)
        with entered.database.engine.connect() as connection:
            require_head(connection)
        yield entered.database


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
