"""What a nightly run is told: options of the command line, else a TOML file, else the defaults."""

from __future__ import annotations

import re
import shlex
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from registry.errors import NotFound, Refused, WrongUsage, read_from, there_are
from registry.parsing.toml import parse_toml
from registry.schedule.due import Daily, clock_time, duration
from registry.words import tr

# Printable, in ASCII and without what means something in a header.
_ADDRESS = re.compile(r"[!#$%&'*+/=?^`{|}~.\w-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", re.ASCII)


@dataclass(frozen=True)
class Plan:
    """When to run, where to write, whom to tell, what to keep.

    `zone` None is the computer's own time zone. `keep` counts days with a backup. `keep_trying` is
    how long a database that cannot be reached is tried again; `feed_dir` where laboratories put
    results, whose numbers `feed_centre` gave; `verify_every` how many days may pass
    until a backup is restored on trial again, None for never.
    """

    report_dir: Path
    backup_dir: Path
    at: time = time(2)
    zone: ZoneInfo | None = None
    keep: int = 14
    verify_every: timedelta | None = timedelta(days=7)
    on_loss: tuple[str, ...] = ()
    on_loss_timeout: timedelta = timedelta(minutes=1)
    mail_to: tuple[str, ...] = ()
    mail_from: str = field(default_factory=lambda: f"registry@{socket.gethostname()}")
    mail_dir: Path | None = None
    feed_dir: Path | None = None
    feed_centre: str | None = None
    keep_trying: timedelta = timedelta(hours=1)
    max_age: timedelta = timedelta(hours=26)

    @property
    def trigger(self) -> Daily:
        """When the runs are due."""
        return Daily(self.at, self.zone)

    @property
    def channels(self) -> list[str]:
        """By which ways new losses are told: command, mail."""
        command = ["command"] if self.on_loss else []
        return command + (["mail"] if self.mail_dir else [])

    def local(self, moment: datetime) -> datetime:
        """The moment by the clock of the plan's time zone."""
        return moment.astimezone(self.zone)


def read_plan(given: Mapping[str, Any], *, config: Path | None, home: Path) -> Plan:
    """The plan from the options given (None: not given), the file and the defaults, in this order.

    Paths in the file are relative to its folder. Raises WrongUsage with the name of what is wrong,
    NotFound without the file.
    """
    values = {} if config is None else _read(_from_file(config), config.parent)
    values |= _read({name: value for name, value in given.items() if value is not None}, Path())
    plan = replace(Plan(report_dir=home / "reports", backup_dir=home / "backups"), **values)
    if bool(plan.mail_to) != bool(plan.mail_dir):
        raise WrongUsage(
            tr("Mail needs both who it is to and a folder to put it in."),
            cure="--mail-to ADDRESS --mail-dir DIR",
        )
    return plan


def _from_file(config: Path) -> dict[str, Any]:
    try:
        with read_from(config):
            written = config.read_text(encoding="utf-8")
    except Refused as error:
        raise NotFound(error.problem) from None
    except UnicodeDecodeError:
        raise WrongUsage(tr("{file} is not in UTF-8.", file=config)) from None
    try:
        return parse_toml(written, str(config))
    except Refused as error:
        raise WrongUsage(error.problem, cure=error.cure) from None


def _read(given: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    values = {}
    for name, value in given.items():
        if name not in _READERS:
            raise WrongUsage(
                tr("There is no setting {name}.", name=repr(name)), cure=there_are(_READERS)
            )
        try:
            values[_FIELDS.get(name, name.replace("-", "_"))] = _READERS[name](value, folder)
        except WrongUsage as error:
            raise WrongUsage(f"{name}: {error.problem}", cure=error.cure) from None
    return values


def _text(value: Any) -> str:
    if isinstance(value, str) and value.strip() and value.isprintable():
        return value
    raise WrongUsage(tr("A text is wanted."))


def _at(value: Any, _folder: Path) -> time:
    return value.replace(microsecond=0) if isinstance(value, time) else clock_time(_text(value))


def _zone(value: Any, _folder: Path) -> ZoneInfo:
    try:
        return ZoneInfo(_text(value))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise WrongUsage(
            tr("There is no time zone {name}.", name=repr(value)),
            cure=tr("Name it as in Europe/Berlin or Asia/Shanghai."),
        ) from None


def _folder(value: Any, folder: Path) -> Path:
    path = value if isinstance(value, Path) else Path(_text(value))
    return (folder / path.expanduser()).absolute()


def _count(value: Any, _folder: Path) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    raise WrongUsage(tr("A whole number above 0 is wanted."))


def _length(value: Any, _folder: Path) -> timedelta:
    return duration(_text(value))


def _length_or_never(value: Any, _folder: Path) -> timedelta | None:
    return None if value == NEVER else duration(_text(value))


def _command(value: Any, _folder: Path) -> tuple[str, ...]:
    if isinstance(value, list):
        words = [_text(word) for word in value]
    else:
        try:
            words = shlex.split(_text(value))
        except ValueError:
            raise WrongUsage(tr("A quotation in the command has no end.")) from None
    if not words:
        raise WrongUsage(tr("A text is wanted."))
    return tuple(words)


def _address(value: Any, _folder: Path) -> str:
    address = _text(value)
    if not _ADDRESS.fullmatch(address):
        raise WrongUsage(
            tr("{given} is no address of mail.", given=repr(address)),
            cure=tr("Write it plainly: name@hospital.example"),
        )
    return address


def _addresses(value: Any, folder: Path) -> tuple[str, ...]:
    given: Sequence[Any] = value if isinstance(value, list) else _text(value).split(",")
    return tuple(_address(one.strip() if isinstance(one, str) else one, folder) for one in given)


NEVER = "never"
_FIELDS = {"timezone": "zone"}
_READERS: dict[str, Callable[[Any, Path], Any]] = {
    "at": _at,
    "timezone": _zone,
    "report-dir": _folder,
    "backup-dir": _folder,
    "keep": _count,
    "verify-every": _length_or_never,
    "on-loss": _command,
    "on-loss-timeout": _length,
    "mail-to": _addresses,
    "mail-from": _address,
    "mail-dir": _folder,
    "feed-dir": _folder,
    "feed-centre": lambda value, _folder: _text(value),
    "keep-trying": _length,
    "max-age": _length,
}
