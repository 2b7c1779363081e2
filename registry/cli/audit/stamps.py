"""`registry audit stamp` and `stamps`: an authority outside says when a head was there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from registry.cli.frame.context import opened, reading, remark, run_of
from registry.cli.frame.options import ReasonOption, UserOption
from registry.cli.frame.output import Format, FormatOption, print_one, print_rows
from registry.cli.frame.signatures import option
from registry.errors import NotFound
from registry.words import tr

if TYPE_CHECKING:
    from registry.audit.stamps import Stamp

COLUMNS = ("stamp", "seal", "stamped_at", "authority", "by", "head")

CaOption = Annotated[
    Path | None, option("--ca", "FILE", "Trust these root certificates (PEM), not the machine's.")
]


def stamp_command(
    context: typer.Context,
    tsa: Annotated[str, option("--tsa", "URL", "Address of the authority (RFC 3161).")],
    ca: CaOption = None,
    to: Annotated[
        Path | None, option("--to", "FOLDER", "Write the head and its stamp there.")
    ] = None,
    reason: ReasonOption = None,
    user: UserOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Seal, and have a time stamp authority sign when the head was there.

    The authority gets a hash of the head and nothing else. Its answer is checked, then kept: `audit
    verify` holds it to the seal. Nothing else here needs a network.

    Example: registry audit stamp --tsa http://127.0.0.1:8318/ --ca roots.pem --to stamps
    """
    from registry.audit.seals import last_seal, make_seal
    from registry.audit.stamps import ask, keep, roots_of
    from registry.records.change import declare_change

    settings = run_of(context).settings(user)
    with opened(settings) as database:
        roots = roots_of(ca)
        with database.engine.begin() as connection:
            seal = make_seal(connection) or last_seal(connection)
        if seal is None:
            raise NotFound(tr("There is nothing to seal yet."))
        answer = ask(tsa, seal, roots)
        with database.engine.begin() as connection:
            why = reason or f"time stamp of seal {seal.seal}"
            declare_change(connection, user=settings.user, command="audit stamp", reason=why)
            made = keep(connection, seal, tsa, answer)
    if to is not None:
        _write([made], to)
    print_one(made.to_json(), form, COLUMNS)


def stamps_command(
    context: typer.Context,
    to: Annotated[
        Path | None, option("--to", "FOLDER", "Write each head and its stamp there.")
    ] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """List the time stamps of the seals.

    A head and its stamp in files are held to each other without this program: openssl ts -verify
    -data head-1.txt -in head-1.tsr -CAfile roots.pem.

    Example: registry audit stamps
    """
    from registry.audit.stamps import stamps

    with reading(context) as connection:
        found = stamps(connection)
    if to is not None:
        _write(found, to)
    print_rows([one.to_json() for one in found], form, COLUMNS)


def _write(found: list[Stamp], folder: Path) -> None:
    """`head-N.txt` with the line that was stamped, `head-N.tsr` with the answer; N of the stamp."""
    from registry.audit.stamps import line_of
    from registry.whole_file import write_whole

    def write(name: str, content: bytes) -> None:
        file = folder / name
        write_whole(file, lambda part: part.write_bytes(content), make_folder=True)
        remark("Written: {file}", file=file)

    for one in found:
        write(f"head-{one.stamp}.txt", line_of(one.head or "").encode())
        write(f"head-{one.stamp}.tsr", one.answer)
