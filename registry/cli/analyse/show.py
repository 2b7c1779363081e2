"""What the commands of `registry analyse` share: an up-to-date connection, and showing results."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from registry.cli.frame.context import opened, run_of, warn
from registry.cli.frame.output import Format, print_json, print_rows
from registry.errors import WrongUsage
from registry.words import tr

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.figure import Figure
    from sqlalchemy import Connection

FigureOption = Annotated[
    Path | None,
    typer.Option("--figure", metavar="STEM", help="Also draw STEM.png and STEM.svg."),
]


@contextmanager
def up_to_date(context: typer.Context, definition: str | None) -> Iterator[tuple[Connection, str]]:
    """A connection on which nothing waits for a derivation, and the definition to hold to."""
    from registry.derivation.run import bring_up_to_date
    from registry.records.definitions import definition_or_default

    settings = run_of(context).settings()
    with opened(settings) as database:
        with database.engine.connect() as connection:
            held_to = definition_or_default(connection, definition)
        result = bring_up_to_date(database.engine, user=settings.user)
        if result is not None and result.examined:
            warn(
                tr(
                    "Derived {number:changed patient|changed patients} first.",
                    number=result.examined,
                )
            )
        with database.engine.connect() as connection:
            yield connection, held_to


def show(document: dict[str, Any], name: str, form: Format) -> None:
    """Prints one result; `name` is that of its functions in registry.report."""
    from registry.report import rows, text

    match form:
        case Format.JSON:
            print_json(document)
        case Format.CSV:
            print_rows(getattr(rows, name)(document), form)
        case Format.TABLE:
            typer.echo(getattr(text, name)(document))


def draw(make: Callable[[], Figure], stem: Path) -> None:
    """Draws a figure and saves it as STEM.png and STEM.svg."""
    from registry.drawing.plot import save

    drawn = save(make(), stem)
    warn(tr("Drawn: {files}", files=", ".join(str(path) for path in drawn)))


def months(written: str) -> list[float]:
    """The months of `--at 12,24,36`."""
    try:
        return [float(part) for part in written.split(",") if part.strip()]
    except ValueError:
        raise WrongUsage(
            tr("--at {written} is not a list of months.", written=written),
            cure=tr("Write it as --at 12,24,36"),
        ) from None
