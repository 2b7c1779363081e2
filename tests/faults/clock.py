"""A clock of the server that can be set back while it runs, as a computer's can.

A small library, compiled here, answers the server's processes for the system when they ask what
time it is; how far back it is stands in a file that all of them see.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from unittest.mock import patch

from registry.database import cluster

_SOURCE = r"""
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const long none = 0;
static const volatile long *seconds;

static long back(void) {
    if (!seconds) {
        const char *name = getenv("FAULTS_CLOCK");
        int file = name ? open(name, O_RDONLY) : -1;
        void *found = file < 0 ? MAP_FAILED
            : mmap(0, sizeof none, PROT_READ, MAP_SHARED, file, 0);
        seconds = found == MAP_FAILED ? &none : found;
        if (file >= 0) close(file);
    }
    return *seconds;
}
int clock_gettime(clockid_t clock, struct timespec *now) {
    int failed = syscall(SYS_clock_gettime, clock, now);
    if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec -= back();
    return failed;
}
int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec found;
    clock_gettime(CLOCK_REALTIME, &found);
    now->tv_sec = found.tv_sec;
    now->tv_usec = found.tv_nsec / 1000;
    return 0;
}
time_t time(time_t *now) {
    struct timespec found;
    clock_gettime(CLOCK_REALTIME, &found);
    if (now) *now = found.tv_sec;
    return found.tv_sec;
}
"""


class Clock:
    """How far back the clock of servers is that are started while it is worn."""

    def __init__(self, folder: Path) -> None:
        self._file, library = folder / "clock", folder / "clock.so"
        self.set_back(0)
        source = folder / "clock.c"
        source.write_text(_SOURCE)
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, source], check=True)
        as_ever = cluster.environment
        worn = {"LD_PRELOAD": str(library), "FAULTS_CLOCK": str(self._file)}
        self._worn = patch.object(cluster, "environment", lambda: as_ever() | worn)
        self._worn.start()

    @staticmethod
    def can_be() -> bool:
        """Whether there is a compiler."""
        return shutil.which("cc") is not None

    def set_back(self, seconds: int) -> None:
        """From now on it is so much earlier than it is; 0 is the truth."""
        with self._file.open("r+b" if self._file.exists() else "wb") as file:
            file.write(seconds.to_bytes(8, "little", signed=True))

    def close(self) -> None:
        """Servers that start from here on ask the system."""
        self._worn.stop()
