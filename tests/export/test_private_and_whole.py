"""What is written is for its owner alone, replaces nothing unasked, and is whole or not there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from registry.database.engine import Database
from registry.whole_file import part_beside, write_folder, write_whole
from tests.conftest import place
from tests.programs import Program

WRITERS = [
    ("export", "cohort_flow", "--to", "flow.csv"),
    ("export", "cohort_flow", "--to", "flow.xlsx"),
    ("export", "cohort_flow", "--to", "flow.parquet"),
    ("export", "cohort_flow", "--to", "flow.dta"),
    ("worklist", "list", "--to", "worklist.ics"),
    ("worklist", "list", "--to", "worklist.xlsx"),
    ("export", "--redcap", "redcap"),
    ("export", "--records", "records"),
]


def modes(path: Path) -> set[int]:
    """The permissions of a file, or of all in a folder, without those of the folder."""
    files = [path] if path.is_file() else list(path.iterdir())
    return {file.stat().st_mode & 0o777 for file in files}


@pytest.mark.parametrize("words", WRITERS, ids=" ".join)
def test_only_its_owner_reads_it_and_nothing_is_replaced_unasked(
    shared_study: Database, program: Program, tmp_path: Path, words: tuple[str, ...]
) -> None:
    *command, name = words
    target = tmp_path / "new" / name
    (tmp_path / "new").mkdir()
    assert program(shared_study, *command, str(target)).status == 0
    assert modes(target) == {0o600}
    assert target.is_file() or target.stat().st_mode & 0o777 == 0o700
    again = program(shared_study, *command, str(target))
    assert f"{target} is there already" in again.refused(1)
    assert "--force" in again.err
    # What others could read cannot be read by them any more.
    for file in [target] if target.is_file() else target.iterdir():
        file.chmod(0o644)
    assert program(shared_study, *command, str(target), "--force").status == 0
    assert modes(target) == {0o600}
    assert [one.name for one in (tmp_path / "new").iterdir()] == [name]


def test_a_killed_export_of_all_leaves_nothing_that_looks_whole(
    shared_study: Database, program: Program, tmp_path: Path
) -> None:
    target = tmp_path / "all"
    command = [sys.executable, "-m", "registry", *place(shared_study), "export", "--all"]
    child = subprocess.Popen([*command, str(target)])
    while not list(tmp_path.glob(".all-*.part/*.csv")):
        assert child.poll() is None
        time.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert not target.exists()
    assert list(tmp_path.glob(".all-*.part"))
    assert program(shared_study, "export", "--all", str(target)).status == 0
    assert [one.name for one in tmp_path.iterdir()] == ["all"]
    assert "codebook.csv" in os.listdir(target)


def test_a_folder_that_is_replaced_is_never_whole_in_between(tmp_path: Path) -> None:
    """The file by which a reader knows that all are there goes first; what is not ours stays."""
    target = tmp_path / "all"
    target.mkdir()
    for name in ("codebook.csv", "a.csv", "own.txt"):
        (target / name).write_text("old")

    def write(part: Path) -> int:
        for name in ("codebook.csv", "a.csv", "b.csv"):
            (part / name).write_text("new")
        (target / "b.csv").mkdir()
        return 3

    with pytest.raises(Exception, match="cannot be written"):
        write_folder(target, write, last="codebook.csv", force=True)
    assert sorted(os.listdir(target)) == ["a.csv", "b.csv", "own.txt"]
    (target / "b.csv").rmdir()


def test_what_a_killed_process_left_is_taken_away_and_nothing_else(tmp_path: Path) -> None:
    left = tmp_path / ".all-01234567.part"
    left.mkdir()
    (left / "a.csv").touch()
    (tmp_path / ".report-abcdefgh.part.html").touch()
    (tmp_path / ".a person's.part").touch()
    (tmp_path / ".part-of.txt").touch()
    with part_beside(tmp_path / "other.csv") as alive:
        write_whole(tmp_path / "new.csv", lambda part: part.write_text("x"))
        assert {one.name for one in tmp_path.iterdir()} == {
            "new.csv", alive.name, ".a person's.part", ".part-of.txt",
        }  # fmt: skip
    assert not alive.exists()
