"""`registry synth`: a synthetic registry in the import format."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

from registry.cli.frame.context import remark
from registry.cli.frame.output import Format, FormatOption, on_terminal, print_rows
from registry.cli.frame.signatures import option
from registry.cli.frame.terminal import clear_line, rewrite_line
from registry.errors import WrongUsage
from registry.words import tr

TODAY = "today"
# Nobody asks for an earlier registry, and children of year 1 would be born before the calendar.
FIRST_YEAR = 1900


def synth_command(
    patients: Annotated[int, option("--patients", "N", "How many patients.", min=1)],
    seed: Annotated[int, option("--seed", "N", "Same seed, same bytes.")],
    out: Annotated[Path, option("--out", "DIR", "Folder to write to.")],
    ending: Annotated[
        str | None,
        option(
            "--ending",
            "DATE",
            "Children of the year up to this day, or today; without it of the study's years.",
        ),
    ] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Write a synthetic registry as import files; no row describes a real child.

    Example: registry synth --patients 100 --seed 1 --out synthetic
    """
    from registry.synth import write_registry

    def show(done: int) -> None:
        rewrite_line(tr("{done:,} of {patients:,|patient|patients}", done=done, patients=patients))

    rows = write_registry(
        patients,
        seed,
        out,
        progress=show if on_terminal() else None,
        ending=None if ending is None else _day(ending),
    )
    clear_line()
    print_rows([{"file": f"{name}.csv", "rows": count} for name, count in rows.items()], form)
    remark("Written to {folder}. Import it with: registry import {folder}", folder=out)


def _day(written: str) -> date:
    if written == TODAY:
        return date.today()
    try:
        day = date.fromisoformat(written)
    except ValueError:
        raise WrongUsage(
            tr("--ending {written} is not a day.", written=written),
            cure=tr("Write it as YYYY-MM-DD, or as today."),
        ) from None
    if day > date.today():
        raise WrongUsage(
            tr("--ending {day} lies in the future, and no import takes such dates.", day=day)
        )
    if day.year < FIRST_YEAR:
        raise WrongUsage(
            tr("--ending {day} lies before {year}.", day=day, year=FIRST_YEAR),
            cure=tr("Is the year written with four digits?"),
        )
    return day
