"""The embedded PostgreSQL server: started by the first command, stopped after the last one.

A command holds an `EmbeddedServer` for its life. Three locked files in the home say who lives; the
system releases a lock when its holder ends, even by SIGKILL:

- `clients.lock`: shared by every command; the keeper takes it for itself to stop the server.
- `keeper.lock`: by the one keeper (`keeper.py`), and before it by the command that starts it.
- `server.lock`: by the keeper and every process of the server.

The server gets SIGINT when its keeper dies (Linux); elsewhere the next command stops it. A program
that a command starts (psql, pg_dump) holds no lock: the command must wait for it, not become it.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

from registry.database import cluster
from registry.database.account import launcher, server_account
from registry.database.cluster import Layout
from registry.errors import DatabaseUnavailable, why
from registry.words import tr

_KEEPER = Path(__file__).with_name("keeper.py")
_STEP_SECONDS = 0.01
# Recovery after a crash of the computer may take minutes; a server that cannot start ends at once.
_START_SECONDS = 300.0
# Longer than the keeper gives the server.
_STOP_SECONDS = 90.0
_ORPHAN_GRACE_SECONDS = 5.0
# Twice, because the first keeper may have been killed.
_STARTS = 2

# Kept so that the exit of a keeper is collected, and it does not stay as a zombie of this process.
_keepers: list[subprocess.Popen[bytes]] = []


class EmbeddedServer:
    """A hold on the running server, which stays at least until `close` or the process's end."""

    def __init__(self, layout: Layout, socket_folder: Path, clients: int) -> None:
        self._layout = layout
        self._socket_folder = socket_folder
        self._clients: int | None = clients

    @property
    def bin_directory(self) -> Path:
        """The folder of PostgreSQL's programs (psql, pg_dump, pg_restore)."""
        return bin_directory()

    def url(self, *, user: str = "registry", database: str = "registry") -> str:
        """The SQLAlchemy URL by which `user` reaches `database`; no password is asked."""
        folder = quote(str(self._socket_folder), safe="/")
        return (
            f"postgresql+psycopg://{quote(user, safe='')}@/{quote(database, safe='')}"
            f"?host={folder}&port={cluster.PORT}"
        )

    def close(self) -> None:
        """Lets go. After the last command it returns when the server has stopped.

        That takes about 0.1 s, and then nothing writes to the home any more; it gives up waiting
        after 90 s. Other commands are not waited for.
        """
        if self._clients is None:
            return
        clients, self._clients = self._clients, None
        try:
            fcntl.flock(clients, fcntl.LOCK_UN)
            deadline = time.monotonic() + _STOP_SECONDS
            while (
                time.monotonic() < deadline
                and not _others_hold(clients)
                and is_running(self._layout.home)
            ):
                time.sleep(_STEP_SECONDS)
        finally:
            os.close(clients)
            _collect_keepers()

    def __enter__(self) -> EmbeddedServer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def bin_directory() -> Path:
    """The folder of PostgreSQL's programs. Raises DatabaseUnavailable where they are missing."""
    return cluster.bin_directory()


def is_running(home: Path) -> bool:
    """Whether a server of this home lives, be it starting or stopping.

    Raises DatabaseUnavailable when the home may not be read.
    """
    layout = Layout(home.expanduser().absolute())
    try:
        server = os.open(layout.server_lock, os.O_RDWR)
        try:
            return not _try_lock(server, fcntl.LOCK_SH)
        finally:
            os.close(server)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise _unavailable(layout, error) from error


def start(home: Path) -> EmbeddedServer:
    """Joins the server whose data live in `home`; starts it first, and makes the data, if need be.

    Raises DatabaseUnavailable with the cure when that is impossible.
    """
    return _joined(home, _ensure_running)


def begin(home: Path) -> EmbeddedServer:
    """The same without waiting for the server, for who loads meanwhile what speaks to it.

    Whether it comes up is found by the `start` that is to follow.
    """
    return _joined(home, lambda layout: _see_to_keeper(layout, []))


def _joined(home: Path, see_to_it: Callable[[Layout], None]) -> EmbeddedServer:
    layout = Layout(home.expanduser().absolute())
    try:
        cluster.make_home(layout)
        clients = cluster.open_private(layout, layout.clients_lock, os.O_RDWR)
        try:
            # Waits while a keeper stops the server; once shared, no keeper can.
            if not _lock(clients, fcntl.LOCK_SH, _STOP_SECONDS):
                raise _hangs(layout, tr("does not end"))
            see_to_it(layout)
            return EmbeddedServer(layout, layout.socket_folder, clients)
        except BaseException:
            os.close(clients)
            raise
    except OSError as error:
        raise _unavailable(layout, error) from error


def _ensure_running(layout: Layout) -> None:
    log_offsets: list[int] = []
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        _see_to_keeper(layout, log_offsets)
        if _answers(layout.socket_folder):
            return
        time.sleep(_STEP_SECONDS)
    raise _hangs(layout, tr("does not answer"))


def _see_to_keeper(layout: Layout, log_offsets: list[int]) -> None:
    """Starts a keeper where none is at work, and adds where its log begins to those of before."""
    keeper = cluster.open_private(layout, layout.keeper_lock, os.O_RDWR)
    try:
        if _try_lock(keeper, fcntl.LOCK_EX):
            if len(log_offsets) == _STARTS:
                output = cluster.log_since(layout, log_offsets[-1])
                raise cluster.failure(layout, tr("The database server does not start"), output)
            log_offsets.append(_start_keeper(layout, keeper))
    finally:
        os.close(keeper)


def _answers(socket_folder: Path) -> bool:
    # Nobody who only has the server begin to start is to wait for it.
    from psycopg import pq
    from psycopg.conninfo import make_conninfo

    where = make_conninfo(
        host=str(socket_folder), hostaddr="", port=cluster.PORT, user="registry", connect_timeout=5
    )
    answer = pq.PGconn.ping(where.encode())
    if answer == pq.Ping.NO_ATTEMPT:
        raise DatabaseUnavailable(
            tr("The environment misleads the connection to the database."),
            cure=tr("Unset PGSERVICE and other variables whose names begin with PG."),
        )
    return answer == pq.Ping.OK


def _start_keeper(layout: Layout, keeper: int) -> int:
    """Starts the server below a new keeper, which inherits the locks; says where its log begins."""
    server = cluster.open_private(layout, layout.server_lock, os.O_RDWR)
    try:
        _wait_for_orphan(layout, server)
        account = server_account(layout.home, layout.data)
        cluster.make_data_folder(layout, account)
        cluster.remove_stale_pid_file(layout)
        cluster.make_socket_folder(layout, account)
        log = cluster.open_log(layout)
        try:
            log_offset = os.fstat(log).st_size
            command = [sys.executable, "-I", "-S", str(_KEEPER), str(layout.clients_lock)]
            command += [str(layout.socket), "1" if layout.run.is_symlink() else "0", str(server)]
            command += [*launcher(account), *cluster.postgres_command(layout)]
            _collect_keepers()
            _keepers.append(
                subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd="/",
                    env=cluster.environment(),
                    pass_fds=(keeper, server),
                    start_new_session=True,
                )
            )
        finally:
            os.close(log)
    finally:
        os.close(server)
    return log_offset


def _wait_for_orphan(layout: Layout, server: int) -> None:
    """Takes the server's lock, after a server whose keeper was killed has stopped."""
    if _lock(server, fcntl.LOCK_EX, _ORPHAN_GRACE_SECONDS):
        return
    # The lock says that the server lives, so that the process id is its own.
    pid = cluster.postmaster_pid(layout)
    if pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)
    if not _lock(server, fcntl.LOCK_EX, _STOP_SECONDS):
        raise _hangs(layout, tr("does not end"))


def _try_lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _lock(descriptor: int, kind: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not _try_lock(descriptor, kind):
        if time.monotonic() >= deadline:
            return False
        time.sleep(_STEP_SECONDS)
    return True


def _others_hold(clients: int) -> bool:
    """Whether other commands share the lock; False when it is free or a keeper has it."""
    alone = _try_lock(clients, fcntl.LOCK_EX)
    others = not alone and _try_lock(clients, fcntl.LOCK_SH)
    fcntl.flock(clients, fcntl.LOCK_UN)
    return others


def _collect_keepers() -> None:
    _keepers[:] = [keeper for keeper in _keepers if keeper.poll() is None]


def _hangs(layout: Layout, problem: str) -> DatabaseUnavailable:
    pid = cluster.postmaster_pid(layout)
    end = (
        ""
        if pid is None
        else " " + tr("End process {pid} (kill -QUIT {pid}), then try again.", pid=pid)
    )
    return DatabaseUnavailable(
        tr("The database server of {home} {problem}.", home=layout.home, problem=problem),
        cure=tr(
            "Another computer or container may be using the same folder.{end} {log} may tell more.",
            end=end,
            log=layout.log,
        ),
    )


def _unavailable(layout: Layout, error: OSError) -> DatabaseUnavailable:
    where = error.filename or layout.home
    reason = why(error)
    others = {"other_home": cluster.other_home(), "other_server": cluster.other_server()}
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        cure = tr("Make room on the disk, then try again.")
    elif error.errno in (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS):
        reason = tr("no file can be locked there ({reason})", reason=reason)
        cure = tr("{other_home} on a disk of this computer, {other_server}.", **others)
    elif os.geteuid() == 0 and error.errno in (errno.EPERM, errno.EINVAL):
        cure = tr(
            "PostgreSQL does not run as root, and root may not hand the folder to another account "
            "here. Run as an ordinary user, {other_server}.",
            other_server=cluster.other_server(),
        )
    else:
        cure = tr("{other_home} that you may write to, {other_server}.", **others)
    return DatabaseUnavailable(
        tr("The database cannot be kept in {where}: {reason}.", where=where, reason=reason),
        cure=cure,
    )
