"""Files and folders that are there whole or not at all, and for their owner only.

Whatever is written stands beside its place, under a name with `.part`, until it is whole. A process
that is killed leaves it there; the next one that writes to the same folder takes it away, unless
somebody is at it: the writer holds a lock, which ends with its process however that ends.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from registry.errors import Refused, cannot_write
from registry.words import tr

Written = TypeVar("Written")

PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700
_UNFINISHED = re.compile(r"\.[^/]+-[a-z0-9_]{8}\.part(?:\.\w+)?")


def require_free(*paths: Path, force: bool) -> None:
    """Raises Refused where a file, or a folder with anything in it, is there already."""
    for path in paths:
        taken = any(path.iterdir()) if path.is_dir() else os.path.lexists(path)
        if taken and not force:
            raise Refused(
                tr("{file} is there already.", file=path),
                cure=tr("Name another file, or replace this one: --force"),
            )


def write_whole(path: Path, write: Callable[[Path], Any], *, make_folder: bool = False) -> None:
    """Lets `write` fill a file beside the target, which takes its place when it is whole.

    Only its owner can read it. Raises Refused where it cannot be written.
    """
    with _refusals(path):
        if make_folder:
            make_private(path.parent)
        with part_beside(path) as part:
            write(part)
            # Some writers put a file of their own in its place.
            part.chmod(PRIVATE_FILE)
            os.replace(part, path)


def write_folder(
    folder: Path, write: Callable[[Path], Written], *, last: str, force: bool = False
) -> Written:
    """Lets `write` fill a folder beside the target, which takes its place when it is whole.

    In a folder that holds something the new files replace those of their names, with `force`, and
    are refused without; `last` is the one by which a reader knows that all are there: it goes first
    and comes last. Returns what `write` returns; raises Refused where it cannot be written.
    """
    with _refusals(folder):
        require_free(folder, force=force)
        make_private(folder.parent)
        with part_beside(folder, tempfile.mkdtemp) as part:
            written = write(part)
            for file in part.iterdir():
                file.chmod(PRIVATE_FILE)
            if not folder.exists() or not any(folder.iterdir()):
                os.replace(part, folder)
                return written
            (folder / last).unlink(missing_ok=True)
            for file in sorted(part.iterdir(), key=lambda one: one.name == last):
                os.replace(file, folder / file.name)
            return written


def make_private(folder: Path) -> None:
    """Makes a folder for its owner only, and those above it, unless it is there."""
    if not folder.is_dir():
        make_private(folder.parent)
        try:
            folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        except FileExistsError:
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), folder) from None


@contextmanager
def _refusals(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise cannot_write(path, error) from None


@contextmanager
def part_beside(target: Path, make: Callable[..., Any] = tempfile.mkstemp) -> Iterator[Path]:
    """A new file or folder beside the target, for its owner only; gone after the block.

    What processes that were killed left there is taken away first. Raises OSError.
    """
    folder = target.absolute().parent
    for left in folder.iterdir():
        if _UNFINISHED.fullmatch(left.name):
            _take_away_if_left(left)
    made = make(prefix=f".{target.stem}-", suffix=f".part{target.suffix}", dir=folder)
    part = Path(made if isinstance(made, str) else made[1])
    held = os.open(part, os.O_RDONLY) if isinstance(made, str) else made[0]
    try:
        _lock(held)
        yield part
    finally:
        os.close(held)
        _remove(part)


def _take_away_if_left(part: Path) -> None:
    """Removes what a killed process left: nobody holds it."""
    with suppress(OSError):
        held = os.open(part, os.O_RDONLY | os.O_NOFOLLOW)
        try:
            if _lock(held):
                _remove(part)
        finally:
            os.close(held)


def _lock(held: int) -> bool:
    """Takes the lock of an open file or folder; False where another holds it, or none can be."""
    try:
        import fcntl
    except ImportError:  # Windows
        return False
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _remove(part: Path) -> None:
    if part.is_dir():
        shutil.rmtree(part, ignore_errors=True)
    else:
        part.unlink(missing_ok=True)
