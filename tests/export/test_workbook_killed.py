"""What a process leaves that is killed while it writes a workbook."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from registry.drawing.sheet import write_workbook
from registry.whole_file import write_whole

WRITES_AND_IS_KILLED = """
import os, signal, sys
from pathlib import Path
from registry.drawing.workbook import workbook
from registry.whole_file import write_whole

def write(part):
    with workbook(part) as book:
        sheet = book.create_sheet("patients")
        for number in range(20_000):
            sheet.append([f"P{number}", "a child's value"])
        os.kill(os.getpid(), signal.SIGKILL)

write_whole(Path(sys.argv[1]), write)
"""


def test_nothing_stays_in_the_systems_folder_and_the_next_takes_the_rest_away(
    tmp_path: Path,
) -> None:
    folder, systems = tmp_path / "out", tmp_path / "tmp"
    folder.mkdir()
    systems.mkdir()
    target = folder / "patients.xlsx"
    killed = subprocess.run(
        [sys.executable, "-c", WRITES_AND_IS_KILLED, str(target)],
        env=os.environ | {"TMPDIR": str(systems)},
        timeout=60,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    assert list(systems.iterdir()) == []
    assert b"a child's value" in b"".join(
        file.read_bytes() for file in folder.rglob("*") if file.is_file()
    )
    write_whole(target, lambda part: write_workbook(part, {"patients": (["id"], [["P1"]])}))
    assert [file.name for file in folder.iterdir()] == ["patients.xlsx"]
