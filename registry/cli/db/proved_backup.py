"""What `db backup`, `db verify`, `db restore` and the night tell of a backup that was tried."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from registry.cli.analyse.analyses import BY_NAME
from registry.cli.analyse.data import Data
from registry.cli.frame.context import remark, run_of, warn
from registry.cli.frame.output import Format, FormatOption, print_json, print_rows, steps_shown
from registry.cli.frame.signatures import argument

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from registry.audit.proved_backup import Proof
    from registry.audit.verify import Verification

# Every registry has one, also one without a child.
ANALYSIS = "flow"
COLUMNS = ("backup", "found")


def analysed(connection: Connection) -> dict[str, Any]:
    """The patient flow of the default definition at the connection's moment, as JSON has it."""
    from registry.records.registry_setting import default_definition
    from registry.views.build import rules_hash

    definition = default_definition(connection)
    document = BY_NAME[ANALYSIS].reported(Data(lambda: (connection, definition)))
    return {
        "name": ANALYSIS,
        "definition": definition,
        "rules": rules_hash(),
        "result": json.loads(json.dumps(document, default=str)),
    }


def verify_command(
    context: typer.Context,
    file: Annotated[Path, argument("FILE", "A file of `registry db backup`.")],
    form: FormatOption = Format.TABLE,
) -> None:
    """Prove a backup by restoring it: exit status 1 when it does not hold what it says.

    A server of its own is started for it among the temporary files (TMPDIR) and removed in the end;
    the registry is not touched, and need not be there. Every table must hold the rows, by number
    and hash, that the registry held when the backup was made; the audit must be sound and its seals
    hold the head of then; the patient flow must give the same numbers.

    Example: registry db verify registry.backup
    """
    tell(tried(file, run_of(context).settings().user), file, form)


def tried(file: Path, user: str) -> Proof:
    """The backup, restored on trial."""
    from registry.audit.proved_backup import prove

    with steps_shown():
        return prove(file, analysed, user=user)


def tell(proof: Proof, file: Path, form: Format) -> None:
    """Prints what was found; raises Exit with 1 where something is wrong."""
    if form is Format.JSON:
        print_json({"file": str(file)} | proof.to_json())
    else:
        print_rows(_rows(proof), form, COLUMNS)
    for problem in proof.problems:
        warn(problem)
    if proof.problems:
        raise typer.Exit(1)
    remark("{file} is proved: restored on trial, it gives the same.", file=file)


def _rows(proof: Proof) -> list[dict[str, Any]]:
    said = proof.description
    found = {
        "made_at": said.made_at,
        "program": said.program,
        "revision": said.revision,
        "patients": said.patients,
        "rows": said.total,
        "tables the same": len(said.rows),
        "head of the seals": said.seal,
        "audit": "sound" if proof.audit.ok else len(proof.audit.findings),
        "erased again": proof.erased or None,
        "flow": proof.counted,
    }
    return [{"backup": what, "found": value} for what, value in found.items() if value is not None]


def tell_audit(verified: Verification, head: str | None) -> None:
    """Says after a restore whether the registry is as its audit has it; Exit with 1 where not."""
    if head is not None and all(one.kind != "head_unknown" for one in verified.findings):
        remark("The seals hold the head that the backup names: {head}", head=head)
    if verified.ok:
        remark("Everything is as the audit has it.")
        return
    remark(
        "Restored, but not as the audit has it: {number}. See: registry audit verify",
        number=len(verified.findings),
    )
    raise typer.Exit(1)
