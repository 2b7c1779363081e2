"""A restore: a backup in place of what the registry holds, in one transaction with its views.

The program makes the tables itself, as they were at the backup's revision, and takes the rows alone
from the backup. The fall of the old records, the new ones, their migration and the views are one
commit: whoever is killed or refused on the way leaves the registry as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import psycopg
from alembic import command
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from registry import __version__
from registry.database import frozen, migrate
from registry.database.archive import IDENTITY, SCHEMAS, Archive, Description
from registry.database.content import Content, content_of, table_names
from registry.database.engine import Database, first_line, refused_by_database, without_time_limits
from registry.database.erasures import Erasures, apply, erasures_of, lists_beside
from registry.database.kept_identities import bring_identities_back, move_identities_aside
from registry.database.loading import load_rows
from registry.database.locks import LONGEST_WAIT, Lock, make_locks, take
from registry.database.partitions import schemas
from registry.database.programs import ProgramFailed
from registry.database.replaced_audit import Kept, keep, move_aside
from registry.database.scrub import scrub
from registry.errors import Refused, RegistryError
from registry.steps import step
from registry.words import tr

OPTIONS = ["--section=data", "--no-owner", "--no-privileges"]


@dataclass(frozen=True)
class Restored:
    """What the audit of a registry that was replaced had since the backup, and who was erased."""

    kept: Kept | None
    erased: int


def restore(
    database: Database,
    archive: Archive,
    *,
    user: str,
    reason: str | None,
    replace: bool = False,
    erasures: Sequence[Erasures] = (),
) -> Restored:
    """Makes the database hold what the backup holds, at this program's revision.

    What the audit of a registry that is replaced has since the backup is kept in a file beside it,
    which the restored audit names with its hash; it is returned, None where there is nothing.
    Whoever was erased since, by the registry that is replaced, by a list beside the backup or by
    `erasures`, is erased again before anybody can read the restored one.
    Raises Refused when it holds something already, unless `replace`, when it is somebody else's,
    or when the server does not take the backup; nothing is changed then.
    """
    kept = None
    lists = [*erasures, *lists_beside(archive.path)]
    try:
        with ExitStack() as failed:
            with ExitStack() as part, database.engine.begin() as connection:
                replaced = _require_place(connection, replace)
                identities = move_identities_aside(connection)
                if replaced:
                    lists += filter(None, [erasures_of(connection)])
                    move_aside(connection)
                _rebuild(connection, database, archive.description)
                # The dump's rows of the program's own schemas.
                where = (*SCHEMAS, IDENTITY, *schemas(archive.description.partitions))
                with archive.reading(*OPTIONS, *(f"--schema={one}" for one in where)) as script:
                    schemas_held = _schemas(archive.description)
                    load_rows(connection, script, schemas_held, archive.description.total)
                _require_complete(connection, archive.description)
                command.upgrade(
                    migrate.configuration(
                        connection=connection,
                        embedded=database.embedded,
                        partitions=archive.description.partitions,
                    ),
                    "head",
                )
                if identities is not None:
                    with_them = IDENTITY in archive.description.schemas
                    bring_identities_back(connection, identities, with_them)
                if replaced:
                    kept = keep(connection, archive.path, part)
                _record(connection, archive.description, user, reason, kept)
                erased = apply(connection, lists, user=user)
                _analyze(connection)
                if kept is not None:
                    failed.callback(kept.file.unlink, missing_ok=True)
                    kept.publish()
            failed.pop_all()
    except ProgramFailed as failure:
        raise Refused(
            tr("The backup cannot be read: {failure}.", failure=failure),
            cure=tr("Nothing was changed. Use another one."),
        ) from None
    except (psycopg.Error, DBAPIError) as error:
        raise _refusal(error) from None
    if erased:
        scrub(database)
    return Restored(kept, erased)


def _require_place(connection: Connection, replace: bool) -> bool:
    """Makes sure that a registry or nothing is there, and keeps others out of it.

    Whether a registry is there that has an audit to keep.
    """
    without_time_limits(connection)
    connection.execute(text(f"set local lock_timeout = '{LONGEST_WAIT}'"))
    # Like every migration, so that none runs meanwhile, nor a backup.
    make_locks(connection)
    take(connection, Lock.UPGRADE)
    current = migrate.status(connection).current
    if current is None:
        migrate.refuse_others_schemas(connection)
        return False
    if current not in migrate.known_revisions():
        migrate.require_head(connection)
    # The lock comes first: what others commit until then is seen, and nothing comes after.
    connection.execute(
        text(
            "lock table reference.patient_number, clinical.patient, reference.change_set "
            "in access exclusive mode"
        )
    )
    patients, changes = connection.execute(
        text(
            "select (select count(*) from clinical.patient), "
            "(select count(*) from reference.change_set where command <> 'db upgrade') "
            "+ (select count(*) from reference.patient_number)"
        )
    ).one()
    if (patients or changes) and not replace:
        held = (
            tr("{number:patient|patients}", number=patients)
            if patients
            else tr("changes, if no patients")
        )
        raise Refused(
            tr("The registry already holds {held}; a restore would replace all of it.", held=held),
            cure=tr("Save it (registry db backup FILE), then say so: --replace --reason TEXT"),
        )
    return bool(patients or changes)


def _rebuild(connection: Connection, database: Database, description: Description) -> None:
    """Drops what is there and makes the tables of the backup's revision, without the views."""
    for passing in (False, True):
        # Freezes of what was there; those of the backup are made again from its audit.
        for place in frozen.places(connection, passing=passing):
            frozen.drop(connection, place)
    connection.execute(text(f"drop schema if exists {', '.join(migrate.SCHEMAS)} cascade"))
    connection.execute(text("drop table if exists alembic_version"))
    configuration = migrate.configuration(
        connection=connection, embedded=database.embedded, without_views=True
    )
    command.upgrade(configuration, description.revision)


def _schemas(description: Description) -> tuple[str, ...]:
    """Those that the backup holds."""
    return (*SCHEMAS, IDENTITY) if IDENTITY in description.schemas else SCHEMAS


def _require_complete(connection: Connection, description: Description) -> None:
    step(tr("Comparing the rows with what the backup says of them"))
    found, said = content_of(connection, _schemas(description)), description.content
    if not said.hashes:
        # Made by a program that only counted.
        found = Content(found.rows, {}, {})
    if differing := found.differing(said):
        raise Refused(
            tr(
                "The backup does not hold what it says it does: {differing}.",
                differing=", ".join(differing),
            ),
            cure=tr("Nothing was changed. Use another one."),
        )


def _record(
    connection: Connection,
    description: Description,
    user: str,
    reason: str | None,
    kept: Kept | None,
) -> None:
    summary = (
        f"backup of {description.made_at}: {description.patients} patients, "
        f"{description.total} rows"
    )
    if kept is not None:
        summary += (
            f"; of the audit replaced, {kept.rows} rows since in {kept.file.name}, "
            f"SHA-256 {kept.sha256}"
        )
    connection.execute(
        text(
            "insert into reference.change_set "
            "(made_by, command, reason, summary, program_version) "
            "values (:user, 'db restore', :reason, :summary, :version)"
        ),
        {"user": user, "reason": reason, "summary": summary, "version": __version__},
    )


def _analyze(connection: Connection) -> None:
    """Lets the planner know of the new rows, before the first command asks for them.

    As after an import, without the few rows of reference data but the children's numbers: with
    those known, it derives the whole registry in nested loops, twenty times slower.
    """
    numbers = "reference.patient_number"
    names = [
        name
        for name in table_names(connection, SCHEMAS)
        if name == numbers or not name.startswith("reference.")
    ]
    step(tr("Counting the rows for the planner"))
    connection.execute(text(f"analyze {', '.join(names)}"))


def _refusal(error: psycopg.Error | DBAPIError) -> RegistryError:
    known = refused_by_database(error)
    if known is not None:
        return known
    origin = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(origin, "sqlstate", None) or tr("no code")
    # An error of class 22 quotes the value, which may be a patient's.
    words = tr("a value that it does not take") if state.startswith("22") else first_line(origin)
    return Refused(
        tr("The server refused the backup ({state}): {words}", state=state, words=words),
        cure=tr(
            "Nothing was changed. A server of the version that the backup comes from, "
            "or a newer one, takes it."
        ),
    )
