"""`registry audit`: its seals, and whether the registry is as its audit has it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from registry.cli.audit.listing import list_command, show_command
from registry.cli.audit.proofs import check_command, head_of, prove_command
from registry.cli.audit.stamps import CaOption, stamp_command, stamps_command
from registry.cli.frame.context import opened, reading, remark, run_of
from registry.cli.frame.output import (
    Format,
    FormatOption,
    print_json,
    print_one,
    print_rows,
    steps_shown,
)
from registry.cli.frame.signatures import option
from registry.errors import NotFound
from registry.words import tr

if TYPE_CHECKING:
    from registry.audit.finding import Finding

COLUMNS = ("kind", "table", "patient_id", "audit_id", "name")
SEAL_COLUMNS = ("seal", "sealed_at", "sealed_by", "rows", "head")
app = typer.Typer(help="Read the audit, seal it, prove it, and hold the registry to it.")


@app.command("seal")
def seal_command(
    context: typer.Context,
    to: Annotated[
        Path | None, option("--to", "FILE", "Write the head, one line, to this file.")
    ] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Seal what was changed since the last seal; the last seal's hash, the head, is printed.

    A seal covers every row of the audit and the seal before it. Keep the head where nobody who can
    write to the registry can: `registry audit verify --head` finds by it that history was
    rewritten, even all of it. The nightly run seals too.

    Example: registry audit seal --to head.txt
    """
    from registry.audit.seals import last_seal, make_seal

    with opened(run_of(context).settings()) as database, database.engine.begin() as connection:
        made = make_seal(connection)
        seal = made or last_seal(connection)
    if seal is None:
        raise NotFound(tr("There is nothing to seal yet."))
    if to is not None:
        from registry.audit.stamps import line_of
        from registry.whole_file import write_whole

        line = line_of(seal.head)
        write_whole(to, lambda part: part.write_text(line, encoding="utf-8"))
    print_one(seal.to_json(), form, SEAL_COLUMNS)
    if made is None:
        remark("Nothing was changed since the last seal.")


@app.command("verify")
def verify_command(
    context: typer.Context,
    head: Annotated[
        str | None,
        option("--head", "HASH", "A head kept elsewhere, or its file; it must still be there."),
    ] = None,
    ca: CaOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Find whatever was changed past the audit; exit status 1 when there is something.

    The records and reference data must be what the audit's rows come to, the statuses what the
    rules give, the sealed rows what the seals have, time stamps those of their heads, and triggers,
    functions, constraints and views what this program makes.

    Example: registry audit verify
    """
    from registry.audit.stamps import roots_of
    from registry.audit.verify import verify

    roots = None if ca is None else roots_of(ca)
    with opened(run_of(context).settings()) as database, steps_shown():
        verified = verify(database.engine, head=head and head_of(head), roots=roots)
    if form is Format.JSON:
        print_json(verified.to_json())
    else:
        rows = [finding.to_json() for finding in verified.findings]
        if rows or form is Format.CSV:
            print_rows(rows, form, COLUMNS)
    if not verified.ok:
        remark("Not as the audit has it: {number}.", number=len(verified.findings))
        raise typer.Exit(1)
    remark("Everything is as the audit has it.")


@app.command("seals")
def seals_command(context: typer.Context, form: FormatOption = Format.TABLE) -> None:
    """List the seals, each with its head.

    Example: registry audit seals
    """
    from registry.audit.seals import seals

    with reading(context) as connection:
        found = [seal.to_json() for seal in seals(connection)]
    print_rows(found, form, SEAL_COLUMNS)


app.command("list")(list_command)
app.command("show")(show_command)
app.command("stamp")(stamp_command)
app.command("stamps")(stamps_command)
app.command("prove")(prove_command)
app.command("check")(check_command)


def told(findings: list[Finding]) -> str:
    """The findings about the catalogue in one line."""
    return ", ".join(
        " ".join(filter(None, (finding.kind, finding.table, finding.name))) for finding in findings
    )
