"""The guide for laboratories' results does what it shows."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import Databases
from tests.docs.pages import PROJECT, Page, held


def test_the_guide_for_laboratories(
    databases: Databases, migrated_template: str, tmp_path: Path
) -> None:
    held(Page(PROJECT / "docs" / "feeds.md", tmp_path, databases.create(migrated_template)))
