"""A small disk of its own, and filling it to the last byte."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LARGEST, _SMALLEST = 1 << 26, 1 << 12
_FILLER = "of others"


@contextmanager
def small_disk(place: Path, megabytes: int) -> Iterator[bool]:
    """Mounts it at an empty folder; False where that is not allowed, and the folder stays as is."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "none", str(place)]
    mounted = subprocess.run(command, check=False, capture_output=True).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", str(place)], check=False)


def fill(place: Path, spare: int) -> None:
    """Takes all of the disk but so many bytes, in a file beside those that took some before."""
    size = _LARGEST
    name = f"{_FILLER} {len(list(place.glob(f'{_FILLER}*')))}"
    with (place / name).open("wb", buffering=0) as file:
        while size >= _SMALLEST:
            try:
                file.write(bytes(size))
            except OSError:
                size //= 2
        file.truncate(max(0, file.tell() - spare))


def empty(place: Path) -> None:
    """Makes room again."""
    for file in place.glob(f"{_FILLER}*"):
        file.unlink()
