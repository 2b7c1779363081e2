"""The file of a backup: what pg_dump wrote, then a line that describes it, then a checksum.

pg_restore reads the dump and does not look at what follows, so that the file can also be restored
by hand. The last line is the SHA-256 of everything before it: a file that is cut short, damaged or
made by something else is known before anything is touched. The description holds a hash of every
table and of itself, so that a damaged file is found even when that last line was made anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from registry.database import migrate
from registry.database.content import Content
from registry.database.frozen import DEIDENTIFIED, OWN, OWN_VIEWS
from registry.database.programs import Program, ProgramFailed, find_program, running
from registry.errors import Refused, read_from, why
from registry.words import tr

# Where the records are. The views are not kept: a restore builds those of its own program.
VIEWS = {*OWN_VIEWS, DEIDENTIFIED, *(OWN.schema(schema) for schema in OWN_VIEWS)}
IDENTITY = "identity"
SCHEMAS = tuple(sorted(set(migrate.SCHEMAS) - VIEWS - {IDENTITY}))

_BEGINNING = b"PGDMP"
_DESCRIPTION = b"\nregistry backup "
_CHECKSUM = re.compile(rb"\nsha256 ([0-9a-f]{64})\n")
_CHECKSUM_BYTES = 73
# The key of a description under which its own hash stands.
_OWN_HASH = "sha256"
_DESCRIPTION_BYTES = 65_536
_BLOCK_BYTES = 1_048_576


def _cure() -> str:
    return tr("Nothing was touched. Use another backup.")


@dataclass(frozen=True)
class Description:
    """What a backup holds: when and by which versions it was made, the content of each table.

    `seal` is the head of the audit's seals, None where nothing was sealed; `analysis` what one
    analysis gave at the backup's moment, so that a restored copy can be asked for the same. A
    restore gives its tables the same `partitions`.
    """

    made_at: str
    program: str
    pg_dump: int
    revision: str
    schemas: tuple[str, ...]
    rows: dict[str, int]
    hashes: dict[str, str] = field(default_factory=dict)
    sequences: dict[str, int | None] = field(default_factory=dict)
    seal: str | None = None
    analysis: dict[str, Any] | None = None
    partitions: int = 1

    @property
    def content(self) -> Content:
        """What its tables and sequences hold."""
        return Content(self.rows, self.hashes, self.sequences)

    @property
    def patients(self) -> int:
        """How many patients."""
        return self.rows.get("clinical.patient", 0)

    @property
    def total(self) -> int:
        """Rows of all tables."""
        return sum(self.rows.values())


@dataclass(frozen=True)
class Archive:
    """A backup that has been read through and found whole, held open."""

    description: Description
    pg_restore: Program
    path: Path
    _file: IO[bytes]

    @contextmanager
    def reading(self, *options: str) -> Iterator[IO[bytes]]:
        """The dump as SQL; ProgramFailed in the end when pg_restore could not read it all."""
        os.lseek(self._file.fileno(), 0, os.SEEK_SET)
        arguments = ["--format=custom", "--file=-", *options]
        with running(
            self.pg_restore, arguments, stdin=self._file, stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            yield process.stdout


def finish(file: IO[bytes], description: Description) -> None:
    """Appends the description and the checksum to a file that holds a dump."""
    file.seek(0, os.SEEK_END)
    described = asdict(description)
    file.write(_DESCRIPTION + json.dumps(described | {_OWN_HASH: _hash_of(described)}).encode())
    file.flush()
    digest = _digest(file, file.tell())
    file.seek(0, os.SEEK_END)
    file.write(f"\nsha256 {digest}\n".encode())
    file.flush()


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Opens a backup and reads all of it.

    Raises NotFound without a file, and Refused when it is not the whole of a backup.
    """
    with read_from(path):
        # Unbuffered, because pg_restore reads from the same place of it.
        file = path.open("rb", buffering=0)
    with file:
        archive = _checked(path, file)
        try:
            with archive.reading() as sql:
                while sql.read(_BLOCK_BYTES):
                    pass
        except ProgramFailed as failure:
            raise Refused(
                tr("{file} cannot be read: {reason}.", file=path, reason=failure), cure=_cure()
            ) from None
        yield archive


def looks_like_backup(path: Path) -> bool:
    """Whether it is a file that begins and ends as a backup; what is between is not read."""
    try:
        with path.open("rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return False
            if file.read(len(_BEGINNING)) != _BEGINNING:
                return False
            return _checksum(file) is not None
    except OSError:
        return False


def _checksum(file: IO[bytes]) -> str | None:
    """The checksum that the file ends with, if it does."""
    file.seek(_end_of_data(file))
    found = _CHECKSUM.fullmatch(file.read())
    return None if found is None else found[1].decode()


def _end_of_data(file: IO[bytes]) -> int:
    return max(0, os.fstat(file.fileno()).st_size - _CHECKSUM_BYTES)


def _checked(path: Path, file: IO[bytes]) -> Archive:
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        raise Refused(tr("{file} is no file.", file=path), cure=_cure())
    try:
        if file.read(len(_BEGINNING)) != _BEGINNING:
            raise Refused(tr("{path} is no backup of a registry.", path=path), cure=_cure())
        end = _end_of_data(file)
        checksum = _checksum(file)
        if checksum is None:
            raise Refused(
                tr("{path} is cut short, or another program's dump.", path=path), cure=_cure()
            )
        if _digest(file, end) != checksum:
            raise Refused(
                tr("{path} is damaged: its checksum is not that of its data.", path=path),
                cure=_cure(),
            )
        file.seek(max(0, end - _DESCRIPTION_BYTES))
        _, mark, described = file.read(min(end, _DESCRIPTION_BYTES)).rpartition(_DESCRIPTION)
    except OSError as error:
        raise Refused(
            tr("{file} cannot be read: {reason}.", file=path, reason=why(error)), cure=_cure()
        ) from None
    if not mark:
        raise Refused(
            tr("{path} does not say what it holds: its description is missing.", path=path),
            cure=_cure(),
        )
    try:
        values = json.loads(described)
        own_hash = values.pop(_OWN_HASH, None)
        description = Description(**values | {"schemas": tuple(values["schemas"])})
    except (ValueError, KeyError, TypeError, AttributeError):
        description = None
    if description is not None and own_hash != _hash_of(values) and description.hashes:
        raise Refused(
            tr("{path} is damaged: its description was changed.", path=path), cure=_cure()
        )
    if description is None or not set(description.schemas) <= {*SCHEMAS, IDENTITY}:
        raise Refused(
            tr("{path} was made by a newer program.", path=path),
            cure=tr("Restore it with that one or a newer one."),
        )
    if description.revision not in migrate.known_revisions():
        raise Refused(
            tr(
                "The backup is at revision {revision}, which this program does not know.",
                revision=description.revision,
            ),
            cure=tr("It was made by a newer program: install that one."),
        )
    pg_restore = find_program(
        "pg_restore", description.pg_dump, tr("{path} was made by pg_dump", path=path)
    )
    return Archive(description, pg_restore, path, file)


def _hash_of(described: dict[str, Any]) -> str:
    """SHA-256 of a description, so that it is whole by itself, whoever closes the file anew."""
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()


def _digest(file: IO[bytes], length: int) -> str:
    """SHA-256 of the file's first bytes."""
    digest = hashlib.sha256()
    file.seek(0)
    while length > 0 and (block := file.read(min(length, _BLOCK_BYTES))):
        digest.update(block)
        length -= len(block)
    return digest.hexdigest()
