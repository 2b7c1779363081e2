"""`registry db backup` and `registry db restore`: the registry in one file, and back."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from registry.cli.frame.context import reached, remark, require_reason, run_of
from registry.cli.frame.options import ReasonOption, UserOption
from registry.cli.frame.output import Format, FormatOption, steps_shown
from registry.cli.frame.signatures import argument, flag, option
from registry.steps import step
from registry.words import tr


def backup_command(
    context: typer.Context,
    file: Annotated[Path, argument("FILE", "The file to make.")],
    force: Annotated[bool, flag("--force", "Replace the file if it is there.")] = False,
    with_identity: Annotated[
        bool, flag("--with-identity", "With names and hospital numbers.")
    ] = False,
    verify: Annotated[
        bool, flag("--verify", "Then restore it on trial, as registry db verify.")
    ] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """Save the registry in one file, as it is at this moment; who the children are is left out.

    Others may go on working meanwhile. The file holds patients' data: only you can read it; keep
    it as safe as the registry itself. A list of who was erased, without their ids, is written
    beside it as FILE.erasures.json: keep the newest one wherever backups are kept.

    Example: registry db backup registry.backup
    """
    from registry.cli.db.proved_backup import analysed, tell, tried
    from registry.database.backup import back_up

    settings = run_of(context).settings()
    begun = time.monotonic()
    with reached(settings) as database, steps_shown():
        made = back_up(database, file, force=force, with_identity=with_identity, analyse=analysed)
    remark(
        "Saved {patients:patient|patients}, {total:,|row|rows} of {number:table|tables} "
        "at revision {revision} in {file} ({size}, {seconds:.1f} s).",
        patients=made.patients,
        total=made.total,
        number=len(made.rows),
        revision=made.revision,
        file=file,
        size=_size(file.stat().st_size),
        seconds=time.monotonic() - begun,
    )
    if verify:
        tell(tried(file, settings.user), file, form)


def restore_command(
    context: typer.Context,
    file: Annotated[Path, argument("FILE", "A file of `registry db backup`.")],
    replace: Annotated[
        bool, flag("--replace", "Even if the registry holds patients: they go.")
    ] = False,
    erasures: Annotated[
        list[Path] | None,
        option(
            "--erasures",
            "FILE",
            "A list of who was erased since; those beside the backup are read anyway.",
        ),
    ] = None,
    reason: ReasonOption = None,
    user: UserOption = None,
) -> None:
    """Fill the registry from a backup, all or nothing, and bring it up to this program.

    The file is read through before anything is touched. A registry that holds patients is refused
    unless --replace, which needs a --reason; what its audit has since the backup is kept in a file
    beside the backup. Only the rows of a backup are taken; the program builds their tables itself.
    Whoever was erased since the backup is erased again before anybody can read it. In the end the
    registry is held to its audit, as by `registry audit verify`, and the seals to the head that the
    backup names; exit status 1 when something is wrong.

    Example: registry db restore registry.backup
    """
    if replace:
        require_reason(reason, tr("--replace ends what the registry holds, so it needs a reason."))
    from registry.audit.verify import verify
    from registry.cli.db.proved_backup import tell_audit
    from registry.database.analyst import analyst_role_exists
    from registry.database.archive import open_archive
    from registry.database.engine import open_database
    from registry.database.erasures import read_list
    from registry.database.migrate import head
    from registry.database.restore import restore
    from registry.database.roles import ANALYST_ROLE

    settings = run_of(context).settings(user)
    begun = time.monotonic()
    with ExitStack() as stack:
        stack.enter_context(steps_shown())
        step(tr("Reading the backup"))
        archive = stack.enter_context(open_archive(file))
        database = stack.enter_context(open_database(settings))
        restored = restore(
            database,
            archive,
            user=settings.user,
            reason=reason,
            replace=replace,
            erasures=[read_list(file) for file in erasures or ()],
        )
        with database.engine.connect() as connection:
            if not analyst_role_exists(connection):
                remark(
                    "`registry sql` needs the role {role}, which this login may "
                    "not create; `registry db upgrade` says how.",
                    role=ANALYST_ROLE,
                )
        verified = verify(database.engine, head=archive.description.seal)
    if restored.erased:
        remark(
            "{number:patient was|patients were} erased since the backup was made, and again now.",
            number=restored.erased,
        )
    if (kept := restored.kept) is not None:
        remark(
            "What the audit had since the backup is kept in {file} ({rows:,|row|rows}). It "
            "holds patients' data: only you can read it.",
            file=kept.file,
            rows=kept.rows,
        )
    found = archive.description
    upgraded = "" if found.revision == head() else tr(", brought up to {revision}", revision=head())
    remark(
        "Restored {patients:patient|patients}, {total:,|row|rows} of {number:table|tables} "
        "at revision {revision}{upgraded}, saved at {made_at} ({seconds:.1f} s).",
        patients=found.patients,
        total=found.total,
        number=len(found.rows),
        revision=found.revision,
        upgraded=upgraded,
        made_at=found.made_at,
        seconds=time.monotonic() - begun,
    )
    tell_audit(verified, found.seal)


def _size(number: int) -> str:
    for unit, bytes_ in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if number >= bytes_:
            return f"{number / bytes_:.1f} {unit}"
    return tr("{number:byte|bytes}", number=number)
