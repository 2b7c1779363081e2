"""`registry patient erase` and `erasures`: a child who leaves the registry, and who has."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from registry.cli.frame.context import opened, reading, remark, require_reason, run_of
from registry.cli.frame.options import ForceOption, ReasonOption, UserOption
from registry.cli.frame.output import Format, FormatOption, print_json, print_rows, steps_shown
from registry.cli.frame.signatures import argument, option
from registry.words import tr

if TYPE_CHECKING:
    from registry.audit.erasure import Certificate

COLUMNS = ("number", "erased_at", "erased_by", "reason", "values_removed", "seal_after")


def erase_command(
    context: typer.Context,
    patient: Annotated[str, argument("PATIENT", "Study id.")],
    certificate: Annotated[
        Path | None,
        option(
            "--certificate", "FILE", "Write a certificate: JSON by the ending .json, else text."
        ),
    ] = None,
    force: ForceOption = False,
    reason: ReasonOption = None,
    user: UserOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Remove every value of a patient for good, from tables, audit, queries, reports and freezes.

    There is no way back. What stays is that there were rows, hashes by which the seals of the audit
    still hold, and the study id as a hash by which it is refused when it comes again. Backups made
    before hold the child still; a restore erases it again. The reason stays: name nobody in it.
    Run again for the same patient, it certifies again what was done.

    Example: registry patient erase P001 --reason "consent withdrawn" --certificate P001.txt
    """
    reason = require_reason(
        reason, tr("What is erased cannot be brought back, so it needs a reason.")
    )
    from registry.audit.erasure import certificate_text, erase
    from registry.whole_file import require_free, write_whole

    if certificate is not None:
        require_free(certificate, force=force)
        # Before anything is done: afterwards there is no way back.
        write_whole(certificate, lambda part: None)
        certificate.unlink()
    settings = run_of(context).settings(user)
    with opened(settings) as database, steps_shown():
        done = erase(
            database,
            patient,
            user=settings.user,
            reason=reason,
            identity_url=settings.identity_url,
        )
    if certificate is not None:
        written = _json(done) if certificate.suffix == ".json" else certificate_text(done)
        write_whole(certificate, lambda part: part.write_text(written, encoding="utf-8"))
    if form is Format.JSON:
        print_json(done.to_json())
    elif form is Format.CSV:
        rows = [{"table": name, "values": number} for name, number in done.erasure.tables.items()]
        print_rows(rows, form, ("table", "values"))
    else:
        typer.echo(certificate_text(done), nl=False)
    _say(done)


def erasures_command(context: typer.Context, form: FormatOption = Format.TABLE) -> None:
    """List who was erased, by the registry's own number: when, by whom, why, between which seals.

    Example: registry patient erasures
    """
    from registry.audit.erasure import erasures

    with reading(context) as connection:
        found = [one.to_json() for one in erasures(connection)]
    print_rows(found, form, COLUMNS)


def _json(done: Certificate) -> str:
    import json
    from datetime import datetime

    document = done.to_json()
    return json.dumps(document, ensure_ascii=False, indent=2, default=datetime.isoformat) + "\n"


def _say(done: Certificate) -> None:
    """What the person still has to do, or to know."""
    if done.again:
        remark("{patient} was erased before; this certifies it again.", patient=done.patient_id)
    for file in done.reports:
        remark("{file} named the patient; the next night writes it anew.", file=file)
    if "derived.feed_result" in done.erasure.tables:
        remark(
            "Messages of laboratories that were read lie in the folder of the feed until they "
            "are removed; those of the child hold values: done, set-aside, refused."
        )
    if not done.files_clean:
        from registry.database.scrub import ADMINISTRATORS

        remark(
            "The server's statistics and its log may hold values until an administrator runs, "
            "in this database: {statements}",
            statements=" ".join(ADMINISTRATORS),
        )
