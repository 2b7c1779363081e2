"""Brings a database to the schema of this program and says where it stands."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Connection, text

from registry.database.engine import Database, no_role
from registry.database.locks import LONGEST_WAIT, Lock, make_locks, take
from registry.database.roles import MANAGER_ROLE, OWNER_ROLE, needs
from registry.errors import DatabaseUnavailable, Refused
from registry.steps import each
from registry.words import tr

# Every command asks for the revision and few migrate: what migrates is loaded only for that.
if TYPE_CHECKING:
    from alembic.config import Config

SCHEMAS = (
    "clinical",
    "reference",
    "derived",
    "audit",
    "rules",
    "present",
    "analytics",
    "analytics_deidentified",
    "inspection",
    "own_rules",
    "own_present",
    "own_analytics",
    "own_inspection",
    "identity",
)


class MigrationStatus(NamedTuple):
    """Where a database stands against this program."""

    current: str | None
    head: str

    @property
    def at_head(self) -> bool:
        """Whether nothing is left to migrate."""
        return self.current == self.head


def migrations_folder() -> Path:
    """The migrations: beside the package in a checkout, inside it when installed."""
    package = Path(__file__).parents[1]
    installed = package / "_migrations"
    return installed if installed.is_dir() else package.parent / "migrations"


def configuration(**attributes: Any) -> Config:
    """Alembic's configuration; `attributes` reach migrations/env.py."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(migrations_folder()))
    config.set_main_option("version_path_separator", "os")
    config.attributes.update(attributes)
    return config


def head() -> str:
    """The revision that this program is written for: that of the last migration's file."""
    return max(known_revisions())


def status(connection: Connection) -> MigrationStatus:
    """The database's revision beside this program's."""
    made = connection.scalar(
        text(
            "select to_regclass('alembic_version') is not null "
            "and has_table_privilege(to_regclass('alembic_version'), 'select')"
        )
    )
    current = connection.scalar(text("select version_num from alembic_version")) if made else None
    return MigrationStatus(current, head())


def server_version(connection: Connection) -> str:
    """The server's version, as it names itself."""
    return str(connection.execute(text("show server_version")).scalar_one())


def table_sizes(connection: Connection) -> list[dict[str, Any]]:
    """Rows of every clinical table, counted."""
    names = connection.execute(
        text(
            "select table_name from information_schema.tables "
            "where table_schema = 'clinical' order by 1"
        )
    ).scalars()
    return [
        {
            "table": name,
            "rows": connection.execute(text(f"select count(*) from clinical.{name}")).scalar_one(),
        }
        for name in names.all()
    ]


def told(current: str | None, to: str | None) -> Iterator[str]:
    """The revisions from one to the other, each told as a step when its turn comes."""
    ahead = [one for one in sorted(known_revisions()) if (current or "") < one <= (to or "")]
    return each(ahead, lambda one: tr("Bringing the tables to revision {revision}", revision=one))


def upgrade(database: Database, revision: str = "head", *, partitions: int | None = None) -> None:
    """Migrates to a revision and rebuilds the views, in one transaction.

    The large tables come to lie in so many `partitions`, or are whole with 1; None leaves them as
    they are. Raises DatabaseUnavailable when a newer program has made the registry, or when what
    is there under the registry's names is another's.
    """
    from alembic import command

    from registry.database.analyst import prepare_embedded
    from registry.database.statistics import analyse_unseen

    if database.embedded:
        prepare_embedded(database)
    with database.engine.begin() as connection:
        _wait_for_others(connection)
        current = status(connection).current
        if current is None:
            refuse_others_schemas(connection)
        elif current not in known_revisions():
            raise _unknown(current)
        command.upgrade(
            configuration(connection=connection, embedded=database.embedded, partitions=partitions),
            revision,
        )
        # An older program left that to the server; the views join by these tables.
        analyse_unseen(connection)


def downgrade(database: Database, revision: str) -> None:
    """Takes the schema back to a revision, in one transaction."""
    from alembic import command

    with database.engine.begin() as connection:
        _wait_for_others(connection)
        command.downgrade(
            configuration(connection=connection, embedded=database.embedded, whole=True), revision
        )


def is_readers(connection: Connection) -> bool:
    """Whether this login only reads the views, and the revision is no concern of its."""
    return bool(
        connection.execute(
            text(
                "select exists (select from pg_namespace where nspname = 'analytics' "
                "and has_schema_privilege(oid, 'usage')) and not exists (select from pg_namespace "
                "where nspname = 'clinical' and has_schema_privilege(oid, 'usage'))"
            )
        ).scalar_one()
    )


def require_head(connection: Connection) -> None:
    """Raises DatabaseUnavailable unless the database is at this program's revision."""
    found = status(connection)
    if found.at_head:
        return
    if found.current is None and is_readers(connection):
        raise Refused(
            tr("This login reads the views of analysts alone: registry sql."),
            cure=needs([MANAGER_ROLE, OWNER_ROLE]),
        )
    if found.current is None and _is_made(connection):
        raise no_role()
    if found.current is None:
        raise DatabaseUnavailable(
            tr("The database is empty: no registry has been made in it."),
            cure=tr("Make one: registry db upgrade"),
        )
    if found.current in known_revisions():
        raise DatabaseUnavailable(
            tr(
                "The database is at revision {current}, this program needs {head}.",
                current=found.current,
                head=found.head,
            ),
            cure=tr("Bring it up to date: registry db upgrade"),
        )
    raise _unknown(found.current)


def _is_made(connection: Connection) -> bool:
    """Whether there is a registry, also one that this login may not look into."""
    return bool(
        connection.execute(
            text(
                "select exists (select from pg_class where relname = 'alembic_version' "
                "and relkind = 'r' and relnamespace::regnamespace::text = 'public')"
            )
        ).scalar_one()
    )


def known_revisions() -> set[str]:
    """Every revision that this program can bring up to date: its file's name begins with it."""
    files = os.listdir(migrations_folder() / "versions")
    return {name.partition("_")[0] for name in files if name[0].isdigit() and name.endswith(".py")}


def refuse_others_schemas(connection: Connection) -> None:
    """So that nobody's own schema of the same name is taken for the registry's and rebuilt.

    Raises DatabaseUnavailable with their names.
    """
    others = connection.execute(
        text("select nspname from pg_namespace where nspname = any(:names) order by 1"),
        {"names": list(SCHEMAS)},
    ).scalars()
    if names := ", ".join(others):
        raise DatabaseUnavailable(
            tr(
                "The database holds schemas that are not of a registry but bear the names of "
                "its own: {names}.",
                names=names,
            ),
            cure=tr("Give the registry a database of its own."),
        )


def _wait_for_others(connection: Connection) -> None:
    """Two upgrades at once: the second waits, then finds nothing to do."""
    make_locks(connection)
    take(connection, Lock.UPGRADE)
    # For the tables themselves, which a command or an analyst may hold for long.
    connection.execute(text(f"set local lock_timeout = '{LONGEST_WAIT}'"))


def _unknown(revision: str) -> DatabaseUnavailable:
    return DatabaseUnavailable(
        tr(
            "The database is at revision {revision}, which this program does not know.",
            revision=revision,
        ),
        cure=tr("It was made by a newer program: install that one."),
    )
