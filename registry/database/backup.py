"""A backup: all records in one file, as they are at one moment, while others go on working."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, text

from registry import __version__
from registry.database import archive, migrate
from registry.database.archive import IDENTITY, SCHEMAS, Description
from registry.database.content import content_of
from registry.database.engine import Database, without_time_limits
from registry.database.erasures import Erasures, erasures_of, write_list
from registry.database.identities import are_apart
from registry.database.locks import LONGEST_WAIT, Lock, make_locks, take
from registry.database.partitions import number_of
from registry.database.partitions import schemas as partition_schemas
from registry.database.programs import (
    Program,
    ProgramFailed,
    connection_settings,
    find_program,
    running,
)
from registry.errors import Refused, cannot_write
from registry.steps import step
from registry.whole_file import part_beside
from registry.words import tr

# PostgreSQL's programs say it in the system's words too.
_NO_ROOM = os.strerror(errno.ENOSPC)


def back_up(
    database: Database,
    target: Path,
    *,
    force: bool = False,
    with_identity: bool = False,
    analyse: Callable[[Connection], dict[str, Any] | None] = lambda _: None,
) -> Description:
    """Writes the registry to `target`, readable for its owner only; says what is in it.

    The list of who was erased, if anybody was, is written beside it. Who the children are is left
    out but `with_identity`. `analyse` is asked for one analysis of the moment that is saved, for
    the description.

    Until the backup is complete and checked nothing stands under that name, and nothing that stood
    there is lost. Raises Refused when something is there, unless it is a file and `force`, and
    where nothing can be written; DatabaseUnavailable where there is no registry to save.
    """
    target = target.absolute()
    _require_free(target, force)
    schemas = (*SCHEMAS, IDENTITY) if with_identity else SCHEMAS
    with database.engine.connect() as connection:
        major = connection.execute(text("show server_version_num")).scalar_one()
        pg_dump = find_program("pg_dump", int(major) // 10_000, tr("The server is"))
        with _part_file(target) as part:
            step(tr("Counting what is to be saved"), 1, 3)
            description, erasures = _dump(database, connection, pg_dump, part, schemas, analyse)
            step(tr("Reading the backup again"), 3, 3)
            archive.finish(part, description)
            os.fsync(part.fileno())
            with archive.open_archive(Path(part.name)):
                pass  # a backup that nobody can read is none
            _publish(Path(part.name), target, force)
        if erasures is not None and erasures.erased:
            write_list(erasures, target)
    return description


def _require_free(target: Path, force: bool) -> None:
    if not os.path.lexists(target):
        return
    if not target.is_file():
        raise Refused(
            tr("{file} is no file.", file=target), cure=tr("Name a file that is to be made.")
        )
    if not force:
        raise Refused(
            tr("{target} is already there.", target=target),
            cure=tr("Name another file, or replace this one: --force"),
        )


@contextlib.contextmanager
def _part_file(target: Path) -> Iterator[IO[bytes]]:
    """A new file beside the target, for its owner only (0600); gone in the end unless renamed."""
    try:
        with part_beside(target) as path, path.open("r+b") as part:
            yield part
    except OSError as error:
        raise cannot_write(target, error) from None


def _dump(
    database: Database,
    connection: Connection,
    pg_dump: Program,
    part: IO[bytes],
    wanted: tuple[str, ...],
    analyse: Callable[[Connection], dict[str, Any] | None],
) -> tuple[Description, Erasures | None]:
    make_locks(connection)
    connection.commit()
    connection.execution_options(isolation_level="REPEATABLE READ")
    # Before anything that takes the snapshot: no migration may run between that and pg_dump's
    # own locks.
    connection.execute(text(f"set local lock_timeout = '{LONGEST_WAIT}'"))
    take(connection, Lock.UPGRADE, shared=True)
    without_time_limits(connection)
    status = migrate.status(connection)
    revision = status.current
    if revision is None or revision not in migrate.known_revisions():
        migrate.require_head(connection)
    assert revision is not None
    if IDENTITY in wanted and are_apart(connection):
        raise Refused(
            tr("The identities are kept in another database, and no backup of this one has them."),
            cure=tr("Save that database by itself, and this one without --with-identity."),
        )
    snapshot = connection.execute(text("select pg_export_snapshot()")).scalar_one()
    description = Description(
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        program=__version__,
        pg_dump=pg_dump.major,
        revision=revision,
        schemas=_schemas(connection, wanted),
        seal=_head(connection),
        analysis=analyse(connection) if status.at_head else None,
        partitions=number_of(connection),
        **asdict(content_of(connection, wanted)),
    )
    erasures = erasures_of(connection)
    step(tr("Saving {rows:,|row|rows}", rows=description.total), 2, 3)
    environment, conninfo = connection_settings(database)
    arguments = ["--format=custom", "--no-password", "--no-owner", "--no-privileges"]
    arguments += [f"--snapshot={snapshot}", f"--lock-wait-timeout={LONGEST_WAIT}"]
    # The rows of a partition are written as those of the whole table.
    where = (*description.schemas, *partition_schemas(description.partitions))
    arguments += ["--load-via-partition-root", *(f"--schema={schema}" for schema in where)]
    arguments += [*_version_table(connection), f"--dbname={conninfo}"]
    try:
        with running(pg_dump, arguments, stdout=part, environment=environment):
            pass
    except ProgramFailed as failure:
        # Where the server is gone this raises, and that is the better reason.
        connection.execute(text("select 1"))
        if _NO_ROOM in str(failure):
            raise OSError(errno.ENOSPC, _NO_ROOM) from None
        raise Refused(
            tr("pg_dump could not make the backup: {failure}.", failure=failure)
        ) from None
    connection.rollback()
    return description, erasures


def _head(connection: Connection) -> str | None:
    """The last seal's hash; None where there is none, or the registry is older than seals."""
    if connection.execute(text("select to_regclass('audit.seal')")).scalar_one() is None:
        return None
    return connection.execute(
        text("select hash from audit.seal order by seal_number desc limit 1")
    ).scalar_one_or_none()


def _schemas(connection: Connection, wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the program's schemas that the database has at its revision."""
    found = connection.execute(
        text("select nspname from pg_namespace where nspname = any(:schemas) order by 1"),
        {"schemas": list(wanted)},
    ).scalars()
    return tuple(found)


def _version_table(connection: Connection) -> list[str]:
    """The options by which pg_dump takes Alembic's table and nothing that stands beside it.

    A restore reads the revision from the description; the table is for one by hand. pg_dump leaves
    out all schemas when it is told a table, so here it is told what to leave out.
    """
    rows = connection.execute(
        text(
            "select quote_ident(n.nspname), quote_ident(c.relname), "
            "c.oid = to_regclass('alembic_version') "
            "from pg_class v join pg_namespace n on n.oid = v.relnamespace "
            "join pg_class c on c.relnamespace = n.oid "
            "where v.oid = to_regclass('alembic_version') "
            "and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')"
        )
    ).all()
    return [f"--schema={rows[0][0]}"] + [
        f"--exclude-table={schema}.{table}" for schema, table, wanted in rows if not wanted
    ]


def _publish(part: Path, target: Path, force: bool) -> None:
    if force:
        part.replace(target)
    else:
        try:
            os.link(part, target)  # unlike a rename it never replaces what has come meanwhile
        except FileExistsError:
            _require_free(target, force)
        except OSError:  # a file system without links
            _require_free(target, force)
            part.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    with contextlib.suppress(OSError):  # some file systems cannot, and need not
        os.fsync(folder)
    os.close(folder)
