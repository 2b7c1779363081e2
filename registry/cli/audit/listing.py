"""`registry audit list` and `show`: the rows of the audit, for an inspector."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from registry.cli.frame.context import reading, remark, warn
from registry.cli.frame.options import ForceOption, PatientOption
from registry.cli.frame.output import Format, FormatOption, print_json, print_rows, print_stream
from registry.cli.frame.past import moment_of
from registry.cli.frame.signatures import argument, option
from registry.words import tr

if TYPE_CHECKING:
    from sqlalchemy import Connection

LISTED = (
    *("change_id", "changed_at", "changed_by", "command", "table_name", "patient_id"),
    *("operation", "values", "reason"),
)
SHOWN = ("table_name", "patient_id", "record_id", "operation", "values")
# More is no page for a reader.
MOST_ON_A_PAGE = 5000


class Operation(StrEnum):
    """What was done to a row."""

    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"


ToOption = Annotated[Path | None, option("--to", "FILE", "Write a page, .html, that can be read.")]


def list_command(
    context: typer.Context,
    patient: PatientOption = None,
    table: Annotated[
        str | None, option("--table", "TABLE", "One table, as infusion or definition.")
    ] = None,
    person: Annotated[str | None, option("--person", "NAME", "Who made it: name or login.")] = None,
    command: Annotated[
        str | None, option("--command", "TEXT", "The command, or how it begins.")
    ] = None,
    since: Annotated[
        str | None, option("--since", "MOMENT", "From a moment, or the start of a day.")
    ] = None,
    until: Annotated[
        str | None, option("--until", "MOMENT", "To a moment, or the end of a day.")
    ] = None,
    reason: Annotated[str | None, option("--reason", "TEXT", "What the reason holds.")] = None,
    operation: Annotated[
        Operation | None, typer.Option("--operation", help="What was done.")
    ] = None,
    change: Annotated[int | None, option("--change", "NUMBER", "One change.")] = None,
    last: Annotated[
        int | None, option("--last", "NUMBER", "Only so many, the newest.", min=1)
    ] = None,
    to: ToOption = None,
    force: ForceOption = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """List the rows of the audit: who changed what, when, by which command and why.

    Records, reference data, answers to queries, erasures and time stamps alike, in the order in
    which they were committed. Options that are given all hold.

    Example: registry audit list --patient P023 --operation update
    """
    from registry.audit.rows import COLUMNS, Filter, rows, values_told

    asked = Filter(
        patient=patient,
        table=table,
        person=person,
        command=command,
        since=moment_of(since, day_begins=True),
        until=moment_of(until),
        reason=reason,
        operation=operation,
        change=change,
    )
    with reading(context) as connection:
        found = rows(connection, asked, last=last)
        if to is not None:
            _write(connection, to, (row._mapping for row in found), asked.told(), force=force)
        elif form is Format.TABLE:
            told = ({**row._mapping, "values": values_told(row._mapping)} for row in found)
            print_stream(([row[name] for name in LISTED] for row in told), form, LISTED)
        else:
            print_stream(found, form, COLUMNS)


def show_command(
    context: typer.Context,
    number: Annotated[int, argument("CHANGE", "Its number in the list.")],
    to: ToOption = None,
    force: ForceOption = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """Show one change: who, when, by which command and why, the seal over it, and its rows.

    Example: registry audit show 2 --format json
    """
    from registry.audit.rows import change, values_told

    with reading(context) as connection:
        found = change(connection, number)
        head = {name: value for name, value in found.items() if name != "rows"}
        rows = [{**row, "values": values_told(row)} for row in found["rows"]]
        if to is not None:
            _write(connection, to, ({**head, **row} for row in rows), {"change": number}, force)
            return
    if form is Format.JSON:
        print_json(found)
        return
    if form is Format.TABLE:
        width = max(map(len, head))
        for name, value in head.items():
            typer.echo(f"{name:<{width}}  {'' if value is None else value}".rstrip())
        typer.echo()
    print_rows(rows, form, SHOWN)


def _write(
    connection: Connection,
    to: Path,
    rows: Iterable[Any],
    asked: dict[str, Any],
    force: bool = False,
) -> None:
    """The page; what is more than a page holds is left out, and said."""
    from registry import __version__
    from registry.audit.rows import values_told
    from registry.audit.seals import last_seal
    from registry.report.audit_page import audit_page
    from registry.whole_file import require_free, write_whole

    require_free(to, force=force)
    told: Iterator[dict[str, Any]] = ({**row, "told": values_told(row)} for row in rows)
    shown = list(islice(told, MOST_ON_A_PAGE))
    is_all = next(told, None) is None
    seal = last_seal(connection)
    facts = {
        tr("Made"): datetime.now(UTC).isoformat(timespec="seconds"),
        tr("Last seal"): tr("none") if seal is None else f"{seal.seal}, {seal.head}",
        tr("Program"): f"crohn-registry {__version__}",
    }
    if not is_all:
        left_out = tr("only the first {number:,} are shown", number=MOST_ON_A_PAGE)
        asked = {**asked, tr("rows"): left_out}
        warn(left_out)
    html = audit_page(shown, asked, facts)
    write_whole(to, lambda part: part.write_text(html, encoding="utf-8"))
    remark("Written: {file}", file=to)
