"""The options that have a command read a freeze, or the registry as it stood at a moment."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from inspect import Parameter, signature
from typing import Annotated, Any

import typer

from registry.cli.frame.completion import complete_freeze
from registry.cli.frame.context import run_of
from registry.cli.frame.signatures import option, with_parameters
from registry.errors import WrongUsage
from registry.words import tr

FreezeOption = Annotated[
    str | None,
    option(
        "--freeze",
        "NAME",
        "Read this freeze, not the registry as it is.",
        autocompletion=complete_freeze,
    ),
]
AsOfOption = Annotated[
    str | None,
    option(
        "--as-of", "MOMENT", "Read the registry as it stood at a moment, or at the end of a day."
    ),
]

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def moment_of(written: str | None, *, day_begins: bool = False) -> datetime | None:
    """A moment as it is typed: by the local clock where it has no offset; a day is its end, or
    its beginning.

    Raises WrongUsage for what is none, and for one that has not come.
    """
    if written is None:
        return None
    now = datetime.now(UTC)
    try:
        if _DAY.fullmatch(written):
            day = date.fromisoformat(written)
            if day_begins:
                return _past(datetime.combine(day, time.min).astimezone(), now)
            end = datetime.combine(day, time.max).astimezone()
            return min(end, now.astimezone()) if day == now.astimezone().date() else _past(end, now)
        return _past(datetime.fromisoformat(written).astimezone(), now)
    except (ValueError, OverflowError):
        raise WrongUsage(
            tr("{value} is no moment.", value=written),
            cure=tr("Write 2026-03-01, or 2026-03-01T14:30, or with an offset, +08:00."),
        ) from None


def _past(moment: datetime, now: datetime) -> datetime:
    if moment > now:
        raise WrongUsage(tr("{moment} has not come.", moment=moment.isoformat(timespec="seconds")))
    return moment


def read_at(command: Callable[..., None]) -> Callable[..., None]:
    """The command with `--freeze` and `--as-of`: its database is then the freeze."""
    own = list(signature(command, eval_str=True).parameters.values())

    def over(
        context: typer.Context,
        *arguments: Any,
        freeze: str | None = None,
        as_of: str | None = None,
        **options: Any,
    ) -> None:
        if freeze is not None and as_of is not None:
            raise WrongUsage(
                tr("A freeze is of one moment."), cure=tr("Give --freeze or --as-of, not both.")
            )
        if freeze is not None or as_of is not None:
            context.obj = run_of(context)._replace(freeze=freeze, as_of=moment_of(as_of))
        command(context, *arguments, **options)

    over.__doc__, over.__name__ = command.__doc__, command.__name__
    added = [
        Parameter(name, Parameter.KEYWORD_ONLY, annotation=kind, default=None)
        for name, kind in (("freeze", FreezeOption), ("as_of", AsOfOption))
    ]
    return with_parameters(over, [*own, *added])


def day_of(name: str, written: str | None) -> date | None:
    """A day as it is typed after the option of this name. Raises WrongUsage for what is none."""
    try:
        return None if written is None else date.fromisoformat(written)
    except ValueError:
        raise WrongUsage(
            tr("{option} {written} is no day.", option=name, written=written),
            cure=tr("Write it as YYYY-MM-DD."),
        ) from None
