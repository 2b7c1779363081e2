"""Nightly backups: one file a run, named by its day; old days go once a new backup is good."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from registry.database.archive import Description, looks_like_backup
from registry.database.backup import back_up
from registry.database.engine import Database
from registry.database.erasures import ENDING
from registry.errors import cannot_write
from registry.words import tr

BackUp = Callable[[Database, Path], Description]
_NAME = re.compile(r"registry-(\d{4}-\d{2}-\d{2})(?:-\d+)?\.backup")


def back_up_daily(
    database: Database, folder: Path, day: date, *, keep: int, back_up: BackUp = back_up
) -> dict[str, Any]:
    """Makes the backup of a day in the folder, then removes all but the last `keep` days there.

    A second backup of a day gets a number; it replaces none. Only whole backups with a name of
    this kind are removed. Raises Refused where the folder cannot be written to.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(
            folder, error, tr("Name a folder that you may write to, with room in it.")
        ) from None
    file = _free(folder, day)
    made = back_up(database, file)
    removed = [path.name for path in _old(folder, keep) if path != file]
    for name in removed:
        (folder / name).unlink(missing_ok=True)
        (folder / (name + ENDING)).unlink(missing_ok=True)
    return {
        "file": str(file),
        "bytes": file.stat().st_size,
        "patients": made.patients,
        "removed": removed,
    }


def _free(folder: Path, day: date) -> Path:
    file, number = folder / f"registry-{day}.backup", 1
    while file.exists() or file.is_symlink():
        number += 1
        file = folder / f"registry-{day}-{number}.backup"
    return file


def _old(folder: Path, keep: int) -> list[Path]:
    days: dict[str, list[Path]] = {}
    for path in folder.iterdir():
        name = _NAME.fullmatch(path.name)
        if name is not None and not path.is_symlink() and looks_like_backup(path):
            days.setdefault(name[1], []).append(path)
    return [path for day in sorted(days, reverse=True)[keep:] for path in sorted(days[day])]
