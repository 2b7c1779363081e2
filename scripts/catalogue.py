"""Writes what the migrations make into the file that the catalogue of a database is held to."""

from __future__ import annotations

import tempfile
from pathlib import Path

from registry.audit.catalogue import EXPECTED, catalogue
from registry.database import migrate
from registry.database.engine import open_database
from registry.settings import Settings


def main() -> None:
    """In a home of its own."""
    with (
        tempfile.TemporaryDirectory(prefix="registry-catalogue-") as folder,
        open_database(Settings(Path(folder) / "home", None, "catalogue")) as database,
    ):
        migrate.upgrade(database)
        with database.engine.connect() as connection:
            lines = catalogue(connection)
    EXPECTED.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
