"""`registry audit prove` and `check`: one child's rows, shown to whoever has a head."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from registry.cli.frame.completion import RequiredPatient
from registry.cli.frame.context import reading, remark
from registry.cli.frame.options import ForceOption
from registry.cli.frame.output import Format, FormatOption, print_json, print_rows
from registry.cli.frame.signatures import argument, option
from registry.errors import WrongUsage, read_from
from registry.words import tr

COLUMNS = ("seal", "at", "by", "table", "record", "operation", "values", "reason")


_HEAD = re.compile(r"[0-9a-f]{64}")


def head_of(written: str) -> str:
    """A head as it is typed or pasted, or as a file of `registry audit seal --to` has it.

    Raises WrongUsage for what is neither.
    """
    found = written.strip().lower()
    if not _HEAD.fullmatch(found):
        with suppress(OSError, ValueError), Path(written).open(encoding="utf-8") as file:
            found = file.read(200).strip().lower()
    if not _HEAD.fullmatch(found):
        raise WrongUsage(
            tr("{value} is no head.", value=written),
            cure=tr("Give the 64 digits of a seal's head, or the file of audit seal --to."),
        )
    return found


def prove_command(
    context: typer.Context,
    study_id: RequiredPatient,
    to: Annotated[Path, option("--to", "FILE", "The file of the proof, JSON.")],
    head: Annotated[
        str | None, option("--head", "HASH", "Of this seal, not of the last one.")
    ] = None,
    force: ForceOption = False,
) -> None:
    """Write a file that proves one child's rows of the audit, and shows nothing of another child.

    It holds the child's values: send it as you would send the records. `registry audit check` holds
    it to a head, without a registry.

    Example: registry audit prove P023 --to P023.proof.json
    """
    import json

    from registry.audit.proof import check_proof
    from registry.audit.proving import make_proof
    from registry.whole_file import require_free, write_whole

    require_free(to, force=force)
    with reading(context) as connection:
        made = make_proof(connection, study_id, head=head and head_of(head))
    text = json.dumps(made, ensure_ascii=False, indent=1) + "\n"
    # What was changed past the audit proves nothing: it says so here, not at the inspector's.
    proved = check_proof(text, made["head"])
    write_whole(to, lambda part: part.write_text(text, encoding="utf-8"))
    remark(
        "{file}: {rows:row|rows} of {patient} under the head {head}.",
        file=to,
        rows=len(proved.rows),
        patient=study_id,
        head=made["head"],
    )


def check_command(
    file: Annotated[Path, argument("FILE", "A file of registry audit prove.")],
    head: Annotated[str, option("--head", "HASH", "The head that was kept outside, or its file.")],
    form: FormatOption = Format.TABLE,
) -> None:
    """Hold a proof of one child's rows to a head that was kept outside; needs no registry.

    Shows the rows that stand under it. They stood so when it was sealed; that there is no other
    row of the child is not shown by it.

    Example: registry audit check P023.proof.json --head head.txt
    """
    from registry.audit.proof import check_proof

    wanted = head_of(head)
    try:
        with read_from(file):
            text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        text = ""
    proved = check_proof(text, wanted)
    if form is Format.JSON:
        print_json(proved.to_json())
        return
    print_rows(proved.to_json()["rows"], form, COLUMNS)
    remark(
        "{rows:row|rows} of {patient} stand under the head, sealed {moment}.",
        rows=len(proved.rows),
        patient=proved.patient_id,
        moment=proved.sealed_at.isoformat(timespec="seconds"),
    )
