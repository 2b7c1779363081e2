"""The options of `registry schedule`, the plan that they make, and the command they stand on."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from registry.cli.frame.signatures import option, with_parameters
from registry.settings import Settings, operating_system_user

if TYPE_CHECKING:
    from registry.schedule.plan import Plan
    from registry.schedule.systemd import Call


ConfigOption = Annotated[
    Path | None,
    option(
        "--config",
        "FILE",
        "TOML with these options, without their dashes; an option given here wins.",
        envvar="REGISTRY_SCHEDULE",
    ),
]
AtOption = Annotated[str | None, option("--at", "HH:MM", "When to run every day.  [02:00]")]
ZoneOption = Annotated[str | None, option("--timezone", "NAME", "Whose clock.  [this computer's]")]
ReportDirOption = Annotated[
    Path | None, option("--report-dir", "DIR", "Where reports go.  [reports in the home]")
]
BackupDirOption = Annotated[
    Path | None,
    option("--backup-dir", "DIR", "Where backups go, of this registry alone.  [backups in it]"),
]
KeepOption = Annotated[int | None, option("--keep", "N", "Days of backups to keep.  [14]")]
VerifyEveryOption = Annotated[
    str | None,
    option("--verify-every", "TIME", "Every how long a backup is tried; never: not at all.  [7d]"),
]
OnLossOption = Annotated[
    str | None,
    option("--on-loss", "COMMAND", "Called on new losses, with the report as JSON on its input."),
]
OnLossTimeoutOption = Annotated[
    str | None, option("--on-loss-timeout", "TIME", "How long it may take.  [1m]")
]
MailToOption = Annotated[
    str | None, option("--mail-to", "ADDRESS", "Who gets mail on new losses; several by commas.")
]
MailFromOption = Annotated[
    str | None, option("--mail-from", "ADDRESS", "Who it is from.  [registry@this computer]")
]
MailDirOption = Annotated[
    Path | None, option("--mail-dir", "DIR", "Where mail is put, as .eml, for a mail program.")
]
FeedDirOption = Annotated[
    Path | None, option("--feed-dir", "DIR", "Read results of laboratories there: registry feed.")
]
FeedCentreOption = Annotated[
    str | None, option("--feed-centre", "CODE", "Which hospital gave their numbers.")
]
KeepTryingOption = Annotated[
    str | None, option("--keep-trying", "TIME", "How long to try a database that is away.  [1h]")
]

# What a night is told, by parameter: it stands on the command line of `once` as it was given here.
_NIGHT: dict[str, Any] = {
    "report_dir": ReportDirOption,
    "backup_dir": BackupDirOption,
    "keep": KeepOption,
    "verify_every": VerifyEveryOption,
    "on_loss": OnLossOption,
    "on_loss_timeout": OnLossTimeoutOption,
    "mail_to": MailToOption,
    "mail_from": MailFromOption,
    "mail_dir": MailDirOption,
    "feed_dir": FeedDirOption,
    "feed_centre": FeedCentreOption,
    "keep_trying": KeepTryingOption,
}
_CLOCK: dict[str, Any] = {"at": AtOption, "timezone": ZoneOption}
_BACKUP = {
    name: _NIGHT[name]
    for name in (
        *("backup_dir", "keep", "verify_every", "mail_to", "mail_from", "mail_dir"),
        "keep_trying",
    )
}
_OF_PLAN = (*_NIGHT, *_CLOCK, "max_age")


def with_night_options(command: Callable[..., None]) -> Callable[..., None]:
    """The command with the options of a night, in the place of its `**_options`."""
    return _with_options(command, _NIGHT)


def with_backup_options(command: Callable[..., None]) -> Callable[..., None]:
    """The same with those of its backup alone."""
    return _with_options(command, _BACKUP)


def with_nightly_options(command: Callable[..., None]) -> Callable[..., None]:
    """The same with those that say when it is."""
    return _with_options(command, {**_CLOCK, **_NIGHT})


def _with_options(command: Callable[..., None], options: dict[str, Any]) -> Callable[..., None]:
    own = inspect.signature(command, eval_str=True).parameters.values()
    shared = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind)
        for name, kind in options.items()
    ]
    before = [one for one in own if one.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD]
    after = [one for one in own if one.kind is inspect.Parameter.KEYWORD_ONLY]
    return with_parameters(command, [*before, *shared, *after])


def plan_of(context: typer.Context, settings: Settings, config: Path | None) -> Plan:
    """The plan from this command's options and the file."""
    from registry.schedule.plan import read_plan

    given = {
        name.replace("_", "-"): context.params[name] for name in _OF_PLAN if name in context.params
    }
    return read_plan(given, config=config, home=settings.home)


def call_of(context: typer.Context, settings: Settings, config: Path | None) -> Call:
    """The command that `schedule show` is about: this program, its home, the options given."""
    from registry.database.engine import server_url, shown
    from registry.schedule.systemd import Call

    url = settings.database_url
    account = operating_system_user()
    who = [] if settings.user == account else ["--user", settings.user]
    where = [] if url else ["--home", str(settings.home)]
    given = {name: context.params[name] for name in _NIGHT}
    if config is not None:
        given = {"config": config.absolute(), **given}
    options = []
    for name, value in given.items():
        if value is not None:
            written = value.expanduser().absolute() if isinstance(value, Path) else value
            options += [f"--{name.replace('_', '-')}", str(written)]
    return Call(
        command=[*_program(), *where, *who, "schedule", "once", *options],
        user=account,
        url=None if url is None else shown(server_url(url)),
    )


def _program() -> list[str]:
    """This program by its absolute path."""
    script = Path(sys.executable).with_name("registry")
    return [str(script)] if script.exists() else [sys.executable, "-m", "registry"]
