"""No damaged file ends in a fault of the program: it is read, complained of, or refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Connection

from .fuzzing import faults

SAMPLES = sorted(
    path
    for path in (Path(__file__).parent / "odd_files").rglob("*.*")
    if path.suffix not in (".py", ".pyc", ".toml")
)
FILES = 400


@pytest.mark.parametrize("part", range(4))
def test_no_damaged_file_is_a_fault(connection: Connection, tmp_path: Path, part: int) -> None:
    seeds = range(part * FILES // 4, (part + 1) * FILES // 4)
    counted, found = faults(connection, seeds, SAMPLES, tmp_path / "files")
    assert found == {}
    # Neither all whole nor all refused, or nothing would be tried.
    assert min(counted.get(said, 0) for said in ("read", "complaints", "refused")) > 0
