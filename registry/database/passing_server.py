"""A server that lives as long as a block, in a folder that is gone after it, however it ended.

Its folder lies where temporary files do (TMPDIR), below one that only its owner can enter. The
block's end removes it; after a kill a watcher does, once the server has stopped; what a lost
computer left is taken away by the next one.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from registry.database.cluster import Layout
from registry.database.engine import Database, open_database
from registry.errors import Refused, cannot_write
from registry.settings import Settings
from registry.whole_file import part_beside
from registry.words import tr


@contextmanager
def passing_server(user: str) -> Iterator[Database]:
    """An empty embedded database. Raises Refused where no folder can be made for it."""
    with _folder() as home, _watched(home):
        with open_database(Settings(home, None, user)) as database:
            yield database
        # What comes now has nobody left to tell of it.
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def _folder() -> Iterator[Path]:
    parent = Path(tempfile.gettempdir()) / f"registry-{os.getuid()}"
    elsewhere = tr("Name another folder for temporary files: TMPDIR")
    try:
        parent.mkdir(mode=0o700, exist_ok=True)
        found = parent.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
            raise Refused(
                tr("{file} is somebody else's.", file=parent),
                cure=elsewhere,
            )
        parent.chmod(0o700)
        with part_beside(parent / "passing", tempfile.mkdtemp) as folder:
            yield folder
    except OSError as error:
        raise cannot_write(parent, error, elsewhere) from None


@contextmanager
def _watched(home: Path) -> Iterator[None]:
    """A process of its own, which removes the folder when this one ends without doing so."""
    script, lock = Path(__file__), Layout(home).server_lock
    with subprocess.Popen(
        [sys.executable, "-I", "-S", str(script.with_name("sweeper.py")), str(home), str(lock)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        start_new_session=True,
    ) as watcher:
        assert watcher.stdin is not None
        # The server's processes must not hold the pipe open.
        fcntl.fcntl(watcher.stdin.fileno(), fcntl.F_SETFD, fcntl.FD_CLOEXEC)
        yield
