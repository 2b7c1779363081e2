"""Keeps the embedded server running for as long as any command needs it, and stops it after.

    keeper.py CLIENTS_LOCK SOCKET TEMPORARY SERVER_LOCK_FD LAUNCH UID GID REACH PROGRAM ARGUMENT...

Run as a script by its path, with the standard library only, detached from the command that started
it. Every command holds a shared lock on the file CLIENTS_LOCK for its life, which the system
releases even when the command is killed; the keeper stops the server once it gets the lock for
itself, and holds it until it ends, so that a command that comes meanwhile waits and then starts
anew. The server inherits the open file SERVER_LOCK_FD with the lock on it, so that the lock tells
whether any process of the server lives, even when the keeper was killed. SOCKET is the server's;
with TEMPORARY 1 its folder lies outside of the home, to be removed in the end.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import socket
import struct
import subprocess
import sys
import time

POLL_SECONDS = 0.02
# Of a server that has been there for long nobody notices that it goes a little later, and to look
# fifty times a second takes a hundredth of a core for as long as somebody is served.
POLL_SHARE, POLL_SECONDS_AT_MOST = 0.01, 0.25
# What to try in turn, and for how long: the first is PostgreSQL's fast shutdown, the second leaves
# the recovery to the next start, which loses nothing that was committed.
STOPPING = ((signal.SIGINT, 60.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0))
ANSWER_SECONDS = 1.0
# What a server says that lets nobody in now, because it starts, recovers or stops.
CANNOT_CONNECT_NOW = b"C57P03\0"
STARTUP = struct.pack("!i", 196608) + b"user\0registry\0\0"


def main(arguments: list[str]) -> int:
    """Exit status 0 when the server ended well."""
    clients_lock, where, temporary, server_lock, launch, *program = arguments
    os.umask(0o077)
    asked_to_end: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda received, _frame: asked_to_end.append(received))
    clients = os.open(clients_lock, os.O_RDWR)
    command = [sys.executable, "-I", "-S", launch, str(os.getpid()), *program]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=[int(server_lock)]) as server:
        started = time.monotonic()
        while server.poll() is None and not asked_to_end and not _nobody_left(clients):
            share = POLL_SHARE * (time.monotonic() - started)
            time.sleep(min(max(share, POLL_SECONDS), POLL_SECONDS_AT_MOST))
        _stop(server, where)
    if temporary == "1":
        with contextlib.suppress(OSError):
            os.rmdir(os.path.dirname(where))
    return 0 if server.returncode == 0 else 1


def _nobody_left(clients: int) -> bool:
    try:
        fcntl.flock(clients, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _stop(server: subprocess.Popen[bytes], where: str) -> None:
    # In the recovery after a process of it was killed it does not take a fast shutdown.
    for number, seconds in STOPPING[1:] if _lets_nobody_in(where) else STOPPING:
        if server.poll() is not None:
            return
        server.send_signal(number)
        deadline = time.monotonic() + seconds
        # Not `wait`, whose steps grow to more than a server takes to stop.
        while server.poll() is None and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS / 2)


def _lets_nobody_in(where: str) -> bool:
    """Whether the server answers that nobody can connect now."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(ANSWER_SECONDS)
        connection.connect(where)
        connection.sendall(struct.pack("!i", len(STARTUP) + 4) + STARTUP)
        answer = connection.recv(4096)
        return answer.startswith(b"E") and CANNOT_CONNECT_NOW in answer
    return False


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except OSError as problem:
        sys.exit(f"the keeper of the server: {problem}")
