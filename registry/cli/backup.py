"""`registry db backup` and `registry db restore`: the registry in one file, and back."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from registry.cli.context import ReasonOption, UserOption, run_of, warn
from registry.errors import WrongUsage


def backup_command(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to make.")],
    force: Annotated[
        bool, typer.Option("--force", help="Replace the file if it is there.")
    ] = False,
) -> None:
    """Save the registry in one file, as it is at this moment.

    Others may go on working meanwhile. The file holds patients' data: only you can read it; keep
    it as safe as the registry itself.

    Example: registry db backup registry.backup
    """
    from registry.database.backup import back_up
    from registry.database.engine import open_database

    begun = time.monotonic()
    with open_database(run_of(context).settings()) as database:
        made = back_up(database, file, force=force)
    warn(
        f"Saved {made.patients} patients, {made.total:,} rows of {len(made.rows)} tables at "
        f"revision {made.revision} in {file} ({_size(file.stat().st_size)}, "
        f"{time.monotonic() - begun:.1f} s)."
    )


def restore_command(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file of `registry db backup`.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Even if the registry holds patients: they go.")
    ] = False,
    reason: ReasonOption = None,
    user: UserOption = None,
) -> None:
    """Fill the registry from a backup, all or nothing, and bring it up to this program.

    The file is read through before anything is touched. A registry that holds patients is refused
    unless --replace, which needs a --reason. Restore only what you trust: a backup is a program
    that runs in the database.

    Example: registry db restore registry.backup
    """
    if replace and not (reason and reason.strip()):
        raise WrongUsage(
            "--replace ends what the registry holds, so it needs a reason.",
            cure='Add --reason "why".',
        )
    from registry.database.archive import open_archive
    from registry.database.engine import ANALYST_ROLE, open_database
    from registry.database.migrate import head
    from registry.database.restore import restore
    from registry.views.build import analyst_role_exists

    settings = run_of(context).settings(user)
    begun = time.monotonic()
    with open_archive(file) as archive, open_database(settings) as database:
        restore(database, archive, user=settings.user, reason=reason, replace=replace)
        with database.engine.connect() as connection:
            if not analyst_role_exists(connection):
                warn(
                    f"`registry sql` needs the role {ANALYST_ROLE}, which this login may not "
                    "create; `registry db upgrade` says how."
                )
    found = archive.description
    upgraded = "" if found.revision == head() else f", brought up to {head()}"
    warn(
        f"Restored {found.patients} patients, {found.total:,} rows of {len(found.rows)} tables at "
        f"revision {found.revision}{upgraded}, saved at {found.made_at} "
        f"({time.monotonic() - begun:.1f} s)."
    )


def _size(number: int) -> str:
    for unit, bytes_ in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if number >= bytes_:
            return f"{number / bytes_:.1f} {unit}"
    return f"{number} bytes"
