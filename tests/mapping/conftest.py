"""What the study's own files import to, read once."""

from __future__ import annotations

import pytest

from registry.database.engine import Database

from .cohort import Contents, all_contents


@pytest.fixture(scope="session")
def canonical(shared_study: Database) -> Contents:
    """Every clinical table after an import of the study's files."""
    with shared_study.engine.connect() as connection:
        return all_contents(connection)
