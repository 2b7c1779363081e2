"""Removes a folder once the process that holds this one's standard input has ended.

    sweeper.py FOLDER SERVER_LOCK

Run as a script by its path, with the standard library only. A server that still runs in the folder
holds the file SERVER_LOCK locked until it has stopped.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
import time
from contextlib import suppress

_TRIES = 100
_PAUSE_SECONDS = 0.2


def main(folder: str, lock: str) -> None:
    """Waits for the end of the input, then for the server's, and removes the folder."""
    while os.read(0, 4096):
        pass
    with suppress(OSError):
        server = os.open(lock, os.O_RDWR)
        fcntl.flock(server, fcntl.LOCK_EX)
    # A program that was making the data may be at it still.
    for _ in range(_TRIES):
        shutil.rmtree(folder, ignore_errors=True)
        if not os.path.lexists(folder):
            return
        time.sleep(_PAUSE_SECONDS)


if __name__ == "__main__":
    main(*sys.argv[1:])
