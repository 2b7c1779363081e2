"""Nightly backups: named by their day, the old ones removed, nobody else's file touched."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from registry.database import archive
from registry.database.engine import Database
from registry.errors import DatabaseUnavailable, Refused
from registry.schedule.rotation import back_up_daily
from registry.whole_file import part_beside
from tests.conftest import Databases
from tests.integration.backups import on_empty

DAY = date(2026, 3, 10)
# What a backup begins and ends with.
LIKE_ONE = b"PGDMP data\nsha256 " + b"0" * 64 + b"\n"


def made(folder: Path, *days: str) -> None:
    folder.mkdir(exist_ok=True)
    for day in days:
        (folder / f"registry-{day}.backup").write_bytes(LIKE_ONE)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_old_days_go_once_a_new_backup_is_good(registry: Database, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    made(folder, "2026-03-06", "2026-03-07", "2026-03-07-2", "2026-03-08", "2026-03-09")
    foreign = [
        "registry-2026-03-01.backup.old",
        "my-registry-2026-03-01.backup",
        "registry-2026-03-01.dump",
        "registry-before-the-upgrade.backup",
    ]
    for name in foreign:
        (folder / name).write_bytes(LIKE_ONE)
    # The name of a backup, and something else in it; a link to a backup elsewhere.
    (folder / "registry-2026-03-02.backup").write_text("a list of what is in the safe")
    (tmp_path / "kept").write_bytes(LIKE_ONE)
    (folder / "registry-2026-03-03.backup").symlink_to(tmp_path / "kept")
    (folder / "registry-2026-03-04.backup").mkdir()
    foreign += [f"registry-2026-03-0{number}.backup" for number in (2, 3, 4)]
    done = back_up_daily(registry, folder, DAY, keep=3)
    assert done["removed"] == [
        "registry-2026-03-07-2.backup",
        "registry-2026-03-07.backup",
        "registry-2026-03-06.backup",
    ]
    kept = [f"registry-2026-03-{day}.backup" for day in ("08", "09", "10")]
    assert names(folder) == sorted([*foreign, *kept])
    with archive.open_archive(Path(done["file"])) as opened:
        assert opened.description.patients == done["patients"] == 0


def test_a_second_backup_of_a_day_replaces_none(registry: Database, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    made(folder, "2026-03-10", "2026-03-09")
    done = back_up_daily(registry, folder, DAY, keep=1)
    assert Path(done["file"]).name == "registry-2026-03-10-2.backup"
    assert names(folder) == ["registry-2026-03-10-2.backup", "registry-2026-03-10.backup"]


def test_what_a_killed_backup_left_goes_with_the_next(registry: Database, tmp_path: Path) -> None:
    """That of one who is still at it stays."""
    (tmp_path / ".registry-0123abcd.part.backup").write_bytes(b"PGDMP")
    with part_beside(tmp_path / "other.backup") as alive:
        back_up_daily(registry, tmp_path, DAY, keep=1)
        assert names(tmp_path) == sorted([alive.name, "registry-2026-03-10.backup"])
    assert names(tmp_path) == ["registry-2026-03-10.backup"]


def test_a_backup_that_fails_removes_nothing(databases: Databases, tmp_path: Path) -> None:
    made(tmp_path, "2026-03-06", "2026-03-07")
    with on_empty(databases) as nothing:
        with pytest.raises(DatabaseUnavailable, match="no registry has been made"):
            back_up_daily(nothing, tmp_path, DAY, keep=1)
        with pytest.raises(Refused, match="cannot be written"):
            back_up_daily(nothing, tmp_path / "registry-2026-03-06.backup", DAY, keep=1)
    assert names(tmp_path) == ["registry-2026-03-06.backup", "registry-2026-03-07.backup"]
