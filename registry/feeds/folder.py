"""The folder that an interface engine writes to: what is in it, and where it goes when it is read.

What is read is moved to `done`, `set-aside` or `refused` beside it, after its results are stored:
whoever is killed in between reads the file once more, and finds each of its results known.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from registry.errors import NotFound, Refused, why
from registry.words import tr

DONE, ASIDE, AWAY = "done", "set-aside", "refused"
# A file that was changed less than so many seconds ago may still be written.
SETTLED = 10
LARGEST_MB = 50
# As programs name what they have not finished.
_UNFINISHED = (".tmp", ".part", ".filepart", ".swp", ".lock")
_LOCK = ".registry-feed.lock"


@dataclass(frozen=True)
class Found:
    """A file with what is in it; None where it is larger than any message. `again`: set aside
    before."""

    path: Path
    content: bytes | None
    again: bool

    @property
    def name(self) -> str:
        """What is kept of its name, which may hold a child's number."""
        return hashlib.sha256(os.fsencode(self.path.name)).hexdigest()[:12]


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keeps others from reading the folder meanwhile. Raises NotFound without, Refused at once
    where another reads it."""
    if not folder.is_dir():
        raise NotFound(tr("There is no folder {folder}.", folder=folder))
    try:
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise Refused(
            tr("{folder} cannot be written to: {why}.", folder=folder, why=why(error)),
            cure=tr("Files that were read are moved there; give this account the right to."),
        ) from None
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(tr("Another command reads {folder}.", folder=folder)) from None
        yield
    finally:
        os.close(lock)


def files(folder: Path) -> tuple[list[Found], int]:
    """The files to read, those set aside before first, and how many may still be written."""
    found, unsettled = [], 0
    for place in (folder / ASIDE, folder):
        if not place.is_dir():
            continue
        for path in sorted(place.iterdir()):
            unfinished = path.name.startswith(".") or path.name.endswith(_UNFINISHED)
            if unfinished or not path.is_file() or path.is_symlink():
                continue
            content = _settled(path)
            if content is None:
                unsettled += 1
            else:
                found.append(Found(path, content or None, place != folder))
    return found, unsettled


def _settled(path: Path) -> bytes | None:
    """What is in a file, nothing of a too large one; None where somebody may still be writing."""
    before = path.stat()
    if 0 <= time.time() - before.st_mtime < SETTLED or before.st_size == 0:
        return None
    if before.st_size > LARGEST_MB * 1_000_000:
        return b""
    content = path.read_bytes()
    after = path.stat()
    same = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    return content if same and len(content) == after.st_size else None


def move(folder: Path, found: Found, where: str) -> None:
    """Puts a file that was read where it belongs, under a name that nothing else has there."""
    target = folder / where
    if found.path.parent == target:
        return
    target.mkdir(mode=0o700, exist_ok=True)
    place, number = target / found.path.name, 1
    while place.exists():
        number += 1
        place = target / f"{found.path.stem}-{number}{found.path.suffix}"
    os.rename(found.path, place)


def forget(folder: Path, keep: timedelta) -> int:
    """Removes files that were read longer ago; how many."""
    before, gone = time.time() - keep.total_seconds(), 0
    for where in (DONE, ASIDE, AWAY):
        for path in (folder / where).glob("*"):
            if path.is_file() and path.stat().st_ctime < before:
                path.unlink()
                gone += 1
    return gone
