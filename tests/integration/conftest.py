"""What the tests of several commands start from."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry.database import backup
from registry.database.engine import Database


@pytest.fixture(scope="session")
def saved(shared_study: Database, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of the study."""
    file = tmp_path_factory.mktemp("saved") / "study.backup"
    backup.back_up(shared_study, file)
    return file
