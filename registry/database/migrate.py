"""Brings a database to the schema of this program and says where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from registry.database.engine import Database
from registry.errors import DatabaseUnavailable

# Any number will do, as long as nothing else takes the same one.
UPGRADE_LOCK = 7_202_344_001


@dataclass(frozen=True)
class MigrationStatus:
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
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()))
    config.set_main_option("version_path_separator", "os")
    config.attributes.update(attributes)
    return config


def head() -> str:
    """The revision that this program is written for."""
    revision = ScriptDirectory.from_config(configuration()).get_current_head()
    assert revision is not None
    return revision


def status(connection: Connection) -> MigrationStatus:
    """The database's revision beside this program's."""
    return MigrationStatus(MigrationContext.configure(connection).get_current_revision(), head())


def upgrade(database: Database, revision: str = "head") -> None:
    """Migrates to a revision and rebuilds the views, in one transaction."""
    with database.engine.begin() as connection:
        command.upgrade(configuration(connection=connection, embedded=database.embedded), revision)


def downgrade(database: Database, revision: str) -> None:
    """Takes the schema back to a revision, in one transaction."""
    with database.engine.begin() as connection:
        command.downgrade(
            configuration(connection=connection, embedded=database.embedded), revision
        )


def require_head(connection: Connection) -> None:
    """Raises DatabaseUnavailable unless the database is at this program's revision."""
    found = status(connection)
    if found.at_head:
        return
    if found.current is None:
        raise DatabaseUnavailable(
            "The database is empty: no registry has been made in it.",
            cure="Make one: registry db upgrade",
        )
    known = {script.revision for script in _scripts().walk_revisions()}
    if found.current in known:
        raise DatabaseUnavailable(
            f"The database is at revision {found.current}, this program needs {found.head}.",
            cure="Bring it up to date: registry db upgrade",
        )
    raise DatabaseUnavailable(
        f"The database is at revision {found.current}, which this program does not know.",
        cure="It was made by a newer program: install that one.",
    )


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(configuration())
