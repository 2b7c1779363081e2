"""What stands at a path: only regular files are read, whatever their names say."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from registry.errors import NotFound, Refused, why
from registry.words import note, spoken, tr

_KINDS = (
    (stat.S_ISDIR, note("a folder")),
    (stat.S_ISFIFO, note("a pipe")),
    (stat.S_ISSOCK, note("a socket")),
    (stat.S_ISCHR, note("a device")),
    (stat.S_ISBLK, note("a device")),
)
FOLDER = _KINDS[0][1]
_NOWHERE = note("a link to nothing")
_LOOP = note("a loop of links")


def cannot_read(error: OSError) -> Refused:
    """What to say of a file that the system does not let us read."""
    return Refused(
        tr("The file {file} cannot be read: {reason}.", file=error.filename, reason=why(error))
    )


def other_than_file(path: Path) -> str | None:
    """What stands there instead of a regular file, in words; None where it is one.

    Raises NotFound where nothing is there and Refused where the system does not let us look.
    """
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        if path.is_symlink():
            return _NOWHERE
        raise NotFound(tr("There is no file or folder {path}.", path=path)) from None
    except OSError as error:
        if error.errno == errno.ELOOP:
            return _LOOP
        raise cannot_read(error) from None
    return next((words for is_kind, words in _KINDS if is_kind(mode)), None)


def check_regular(path: Path, *, largest: int | None = None) -> None:
    """Raises NotFound and Refused for what is no regular file, or larger than `largest` bytes."""
    other = other_than_file(path)
    if other is not None:
        raise Refused(
            tr("{file} is {what}; only files are read.", file=path, what=spoken(other)),
            cure=tr("Copy what it holds into a file."),
        )
    if largest is not None and path.stat().st_size > largest:
        raise Refused(
            tr("{file} is larger than {size} MB.", file=path, size=largest >> 20),
            cure=tr("Save it in parts, or as CSV UTF-8, which may have any size."),
        )


def identity(path: Path) -> tuple[int, int, int, int]:
    """What is the same for one file under several names, and another when it was written anew."""
    found = os.stat(path)
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
