"""`registry export`: a view of the analysts as a file, or the records as others take them."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from registry.cli.files.neighbours import NEIGHBOURS, export_neighbour
from registry.cli.frame.completion import complete_view
from registry.cli.frame.context import opened, reading, remark, run_of, warn_of_withdrawn
from registry.cli.frame.disclosure import DisclosureOption, refuse_listing
from registry.cli.frame.options import ForceOption
from registry.cli.frame.output import steps_shown
from registry.cli.frame.past import read_at
from registry.cli.frame.signatures import argument, flag, option
from registry.disclosure.audience import Audience
from registry.errors import WrongUsage
from registry.whole_file import require_free
from registry.words import spoken, tr


class FileFormat(StrEnum):
    """The formats of an exported view, by their endings."""

    CSV = "csv"
    PARQUET = "parquet"
    XLSX = "xlsx"
    DTA = "dta"
    SAV = "sav"
    XPT = "xpt"


def _complete_what(context: typer.Context, incomplete: str) -> list[str | tuple[str, str]]:
    standards = [
        (name, spoken(standard.holds))
        for name, standard in NEIGHBOURS.items()
        if name.startswith(incomplete)
    ]
    return [*standards, *complete_view(context, incomplete)]


@read_at
def export_command(
    context: typer.Context,
    view: Annotated[
        str | None,
        argument(
            "VIEW",
            "A view of schema analytics, a table, or a standard: " + ", ".join(NEIGHBOURS),
            autocompletion=_complete_what,
        ),
    ] = None,
    to: Annotated[
        Path | None,
        option(
            "--to",
            "FILE",
            "Ending .csv, .parquet, .xlsx, .dta (Stata), .sav (SPSS) or .xpt (SAS); a folder "
            "for a standard.",
        ),
    ] = None,
    everything: Annotated[
        Path | None, option("--all", "DIR", "Every view, with a codebook of their columns.")
    ] = None,
    records: Annotated[
        Path | None, option("--records", "DIR", "Every table, as files that import reads.")
    ] = None,
    form: Annotated[
        FileFormat | None,
        typer.Option("--format", help="Of the files of --all and --records; csv."),
    ] = None,
    redcap: Annotated[
        Path | None, option("--redcap", "DIR", "All records, as a REDCap project.")
    ] = None,
    codes: Annotated[
        Path | None, option("--codes", "FILE", "Codes of a standard that amend the program's.")
    ] = None,
    vocabulary: Annotated[
        Path | None,
        option(
            "--vocabulary",
            "FILE",
            "CONCEPT.csv of Athena, which the codes of a standard are checked against.",
        ),
    ] = None,
    unchecked: Annotated[
        bool, flag("--unchecked", "Write the codes that nobody has checked, too.")
    ] = False,
    disclosure: DisclosureOption = None,
    force: ForceOption = False,
) -> None:
    """Write a view to a file, with labels; changed patients are brought up to date first.

    With --all every view to a folder, with --records every table as import reads it, with --redcap
    all records as a REDCap project; in a standard, the records of the children whose families let
    them be used and passed on. Only you can read what is written.

    Example: registry export analysis_set --to analysis_set.csv
    """
    folders = [folder for folder in (everything, records, redcap) if folder is not None]
    if view in NEIGHBOURS and to is not None and not folders and form is None:
        require_free(to, force=force)
        export_neighbour(
            context,
            view,
            to,
            codes=codes,
            vocabulary=vocabulary,
            unchecked=unchecked,
            disclosure=disclosure,
            force=force,
        )
        return
    if view in NEIGHBOURS and to is None and not folders and form is None:
        raise WrongUsage(
            tr("In {standard} the records go to a folder, and none is named.", standard=view),
            cure=tr("Name it: registry export {standard} --to DIR", standard=view),
        )
    one = view is not None or to is not None
    if (
        one + len(folders) != 1
        or (form is not None and (one or redcap is not None))
        or codes is not None
        or vocabulary is not None
        or unchecked
        or view in NEIGHBOURS
    ):
        raise WrongUsage(
            tr("An export is of one view to one file, or of all views or records to a folder."),
            cure=tr(
                "Write VIEW --to FILE, or --all DIR or --records DIR with --format FORMAT, or "
                "--redcap DIR; or a standard, --to DIR, with --codes and --unchecked."
            ),
        )
    require_free(*folders, *([to] if to is not None else []), force=force)
    if redcap is not None:
        _export_redcap(context, redcap, disclosure, force)
        return
    if everything is not None:
        _export_all(context, everything, form or FileFormat.CSV, disclosure, force)
        return
    if records is not None:
        _export_records(context, records, form or FileFormat.CSV, disclosure, force)
        return
    if view is None or to is None:
        raise WrongUsage(tr("An export is of a view to a file."), cure=tr("Write VIEW --to FILE."))
    from registry.derivation.status import bring_up_to_date
    from registry.export.write import write_view

    settings = run_of(context).settings()
    with opened(settings) as database:
        bring_up_to_date(database.engine, user=settings.user)
        with database.engine.connect() as connection:
            refuse_listing(connection, disclosure)
            rows = write_view(connection, view, to)
            warn_of_withdrawn(connection)
    remark("{number:row|rows} written to {file}.", number=rows, file=to)


def _export_all(
    context: typer.Context, folder: Path, form: FileFormat, disclosure: Audience | None, force: bool
) -> None:
    from registry.derivation.status import bring_up_to_date
    from registry.export.write import write_all

    settings = run_of(context).settings()
    with opened(settings) as database, steps_shown():
        bring_up_to_date(database.engine, user=settings.user)
        # All files show the same moment.
        with database.engine.connect().execution_options(
            isolation_level="REPEATABLE READ"
        ) as connection:
            refuse_listing(connection, disclosure)
            rows = write_all(connection, folder, f".{form.value}", force=force)
            warn_of_withdrawn(connection)
    remark(
        "{views:view|views}, {rows:row|rows} and a codebook written to {folder}.",
        views=len(rows),
        rows=sum(rows.values()),
        folder=folder,
    )


def _export_records(
    context: typer.Context, folder: Path, form: FileFormat, disclosure: Audience | None, force: bool
) -> None:
    from registry.export.write import write_records

    with (
        opened(run_of(context).settings()) as database,
        database.engine.connect().execution_options(
            isolation_level="REPEATABLE READ"
        ) as connection,
        steps_shown(),
    ):
        refuse_listing(connection, disclosure)
        rows = write_records(connection, folder, f".{form.value}", force=force)
    remark(
        "{tables:table|tables}, {rows:row|rows} written to {folder}.",
        tables=len(rows),
        rows=sum(rows.values()),
        folder=folder,
    )


def _export_redcap(
    context: typer.Context, folder: Path, disclosure: Audience | None, force: bool
) -> None:
    from registry.export.redcap import write_redcap

    with reading(context) as connection, steps_shown():
        refuse_listing(connection, disclosure)
        rows = write_redcap(connection, folder, force=force)
    remark("{number:row|rows} written to {folder}.", number=rows, folder=folder)
