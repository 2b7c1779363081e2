"""What can go wrong, and the exit status each kind ends with.

The message of an error is for the person at the terminal: what is wrong, where, and the cure. It
names a patient by study id at most. `registry.cli` is the only place that turns one into an exit.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from registry.words import spoken, tr

# What systems say of a file or a place, for the translators.
SYSTEM_WORDS = (
    *("No such file or directory", "File exists", "Is a directory", "Not a directory"),
    *("Permission denied", "Operation not permitted", "Read-only file system"),
    *("No space left on device", "Disk quota exceeded", "File too large", "Input/output error"),
    *("File name too long", "Too many levels of symbolic links", "Too many open files"),
    *("Device or resource busy", "Directory not empty", "Invalid argument", "Exec format error"),
    *("No such device or address", "Cannot allocate memory", "Transport endpoint is not connected"),
)


class RegistryError(Exception):
    """Root of every error that a user can meet and mend."""

    exit_status = 1

    def __init__(self, problem: str, *, cure: str | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.cure = cure

    def __str__(self) -> str:
        return self.problem if self.cure is None else f"{self.problem}\n{self.cure}"


class Refused(RegistryError):
    """Bad data, or a rule of the registry stands against it."""

    exit_status = 1


class NotFound(RegistryError):
    """A patient, definition, view or file that is not there."""

    exit_status = 1


class WrongUsage(RegistryError):
    """Options that do not fit together."""

    exit_status = 2


class DatabaseUnavailable(RegistryError):
    """The database cannot be reached, is too old, lacks a right or is at another migration."""

    exit_status = 3


class CannotEstimate(RegistryError):
    """An analysis that these data cannot carry: no events, separation, an empty group."""

    exit_status = 4


def there_are(names: Iterable[str]) -> str:
    """The cure where a name is not known: those that are."""
    return tr("There are: {names}.", names=", ".join(names) or "-")


def why(error: OSError) -> str:
    """What the system has against it, in the person's language as far as its words are known."""
    return spoken(error.strerror or str(error))


@contextmanager
def read_from(file: object) -> Iterator[None]:
    """Raises NotFound where no file is there to be read, Refused where it cannot be."""
    try:
        yield
    except FileNotFoundError:
        raise NotFound(tr("There is no file {file}.", file=file)) from None
    except OSError as error:
        raise Refused(
            tr("{file} cannot be read: {reason}.", file=file, reason=why(error))
        ) from None


def read_text(file: Path) -> str:
    """The text of a file in UTF-8. Raises NotFound without it, Refused where it cannot be read."""
    with read_from(file):
        content = file.read_bytes()
    return text_of(content, file)


def text_of(content: bytes, name: object) -> str:
    """What was read of a file, as text. Raises Refused where it is not in UTF-8."""
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError:
        raise Refused(
            tr("{file} is not in UTF-8.", file=name), cure=tr("Save it in UTF-8 and try again.")
        ) from None


def cannot_write(file: object, error: OSError, cure: str | None = None) -> Refused:
    """What to say of a file that the system does not let us write."""
    if cure is None and error.errno in (errno.ENOSPC, errno.EDQUOT):
        cure = tr("Make room there.")
    elif cure is None and error.errno not in (errno.EFBIG, errno.EIO):
        cure = tr("Name a place where you may write.")
    return Refused(
        tr("{file} cannot be written: {reason}.", file=file, reason=why(error)), cure=cure
    )


def other_ending(file: Path, endings: Iterable[str]) -> WrongUsage:
    """What to say of a file whose ending is none of these."""
    return WrongUsage(
        tr("{file} does not tell a format by its ending.", file=file.name),
        cure=tr("End it in {endings}.", endings=", ".join(endings)),
    )
