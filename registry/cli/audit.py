"""`registry audit`: whether the registry is as its audit has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from registry.cli.frame.context import opened, run_of, warn
from registry.cli.frame.output import Format, FormatOption, print_json, print_rows
from registry.words import tr

if TYPE_CHECKING:
    from registry.audit.finding import Finding

COLUMNS = ("kind", "table", "patient_id", "audit_id", "name")
app = typer.Typer(help="Hold the registry to its audit.")


@app.command("verify")
def verify_command(context: typer.Context, form: FormatOption = Format.TABLE) -> None:
    """Find whatever was changed past the audit; exit status 1 when there is something.

    The records and reference data must be what the audit's rows come to, the statuses what the
    rules give, and triggers, functions, constraints and views what this program makes.

    Example: registry audit verify
    """
    from registry.audit.verify import verify

    with opened(run_of(context).settings()) as database:
        verified = verify(database.engine)
    if form is Format.JSON:
        print_json(verified.to_json())
    else:
        rows = [finding.to_json() for finding in verified.findings]
        if rows or form is Format.CSV:
            print_rows(rows, form, COLUMNS)
    if not verified.ok:
        warn(tr("Not as the audit has it: {number}.", number=len(verified.findings)))
        raise typer.Exit(1)
    warn(tr("Everything is as the audit has it."))


def told(findings: list[Finding]) -> str:
    """The findings about the catalogue in one line."""
    return ", ".join(
        " ".join(filter(None, (finding.kind, finding.table, finding.name))) for finding in findings
    )
