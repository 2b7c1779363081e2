"""The locks by which upgrades, writers and nights wait for each other.

Each is an empty table of a schema that nobody but the registry's owner may enter: a lock that every
login could take, as PostgreSQL's advisory ones are, would let a reader of the views stop a backup,
an import or the night for as long as they like. A lock ends with its transaction, however that
ends. The tables are made before the first migration, which takes one, and outlive a restore.
"""

from __future__ import annotations

from enum import StrEnum

from psycopg.errors import DuplicateSchema, UniqueViolation
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from registry.errors import DatabaseUnavailable
from registry.words import tr

SCHEMA = "locking"
LONGEST_WAIT = "30s"
"""How long an upgrade, a backup or a restore waits for what others hold before it gives up."""


class Lock(StrEnum):
    """What only one may do at a time; the name of the table that stands for it."""

    UPGRADE = "upgrade"
    WRITING = "writing"
    NIGHT = "night"
    FREEZE = "freeze"
    QUERY = "query"


def make_locks(connection: Connection) -> None:
    """Makes the tables where they are missing; of two that make them at once one waits.

    Raises DatabaseUnavailable where another's schema bears the name.
    """
    if _are_made(connection):
        return
    try:
        with connection.begin_nested():
            # A registry of before has some of them.
            if not _are_made(connection, Lock.UPGRADE):
                connection.execute(text(f"create schema {SCHEMA}"))
                connection.execute(
                    text(
                        f"comment on schema {SCHEMA} is 'Empty tables by whose locks upgrades, "
                        "writers and nights wait for each other'"
                    )
                )
            for lock in Lock:
                connection.execute(text(f"create table if not exists {SCHEMA}.{lock} ()"))
    except (IntegrityError, ProgrammingError) as error:
        if not isinstance(error.orig, UniqueViolation | DuplicateSchema):
            raise
        if not _are_made(connection):
            raise DatabaseUnavailable(
                tr("The database holds a schema {name} that is not the registry's.", name=SCHEMA),
                cure=tr("Give the registry a database of its own."),
            ) from None


def take(connection: Connection, lock: Lock, *, shared: bool = False, wait: bool = True) -> None:
    """Holds the lock until the transaction ends; `shared` ones only keep out those that are not.

    It takes no snapshot: as the first statement of a transaction of any kind, what others
    committed before it is seen. Without `wait` the server refuses (SQLSTATE 55P03) where it is
    held.
    """
    mode = "share" if shared else "exclusive"
    connection.execute(
        text(f"lock table {SCHEMA}.{lock} in {mode} mode{'' if wait else ' nowait'}")
    )


def is_taken(connection: Connection, lock: Lock) -> bool:
    """Whether somebody holds the lock for themselves."""
    return bool(
        connection.execute(
            text(
                "select exists (select from pg_locks where relation = to_regclass(:table) "
                "and mode = 'ExclusiveLock' and granted and database = "
                "(select oid from pg_database where datname = current_database()))"
            ),
            {"table": f"{SCHEMA}.{lock}"},
        ).scalar_one()
    )


def _are_made(connection: Connection, *locks: Lock) -> bool:
    """Whether the tables of these locks are there; of all without one."""
    return bool(
        connection.execute(
            text(
                "select bool_and(to_regclass(name) is not null) "
                "from unnest(cast(:tables as text[])) t (name)"
            ),
            {"tables": [f"{SCHEMA}.{lock}" for lock in locks or Lock]},
        ).scalar_one()
    )
