"""A backup restored on trial: what is the same, what is not; nothing is left of the trial."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from registry.audit.proved_backup import found_in
from registry.cli.db.proved_backup import analysed
from registry.database import archive, backup, passing_server
from registry.database.engine import Database
from tests.conftest import Databases, opened_for_test
from tests.integration.backups import NEW_PATIENT, ask, on_empty, refill
from tests.programs import Program

WAIT_SECONDS = 60.0


@pytest.fixture(scope="module")
def saved(
    databases: Databases, study_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A backup of the study, sealed."""
    file = tmp_path_factory.mktemp("saved") / "study.backup"
    with opened_for_test(databases.create(study_template)) as sealed:
        ask(sealed, "insert into audit.seal default values")
        backup.back_up(sealed, file, analyse=analysed)
    return file


def rewritten(saved: Path, file: Path, **changes: Any) -> Path:
    """The backup with another description, closed anew as whoever can write it would."""
    with archive.open_archive(saved) as opened:
        description = opened.description
    whole = saved.read_bytes()
    file.write_bytes(whole[: whole.rindex(b"\nregistry backup ")])
    with file.open("r+b") as written:
        archive.finish(written, replace(description, **changes))
    return file


def test_all_that_is_compared_is_of_one_moment_while_others_write(
    study: Database,
    program: Program,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    file = tmp_path / "file"
    ask(study, "insert into audit.seal default values")

    def meanwhile(connection: Connection) -> dict[str, Any]:
        ask(study, NEW_PATIENT.format("LATER"))
        ask(study, "delete from derived.lor_status where event")
        ask(study, "insert into audit.seal default values")
        return analysed(connection)

    made = backup.back_up(study, file, analyse=meanwhile)
    assert made.patients == 85
    proved = program(study, "db", "verify", str(file), "--format", "json")
    assert proved.status == 0, proved.err
    document = proved.document
    # The study's own numbers: not those of the registry as it is by now.
    result = document["analysis"]["result"]
    assert (result["started"], result["eligible"], result["events"]) == (85, 69, 18)
    assert (document["ok"], document["problems"], document["audit"]["findings"]) == (True, [], [])
    assert document["tables"]["clinical.patient"] == 85
    seals = [head for (head,) in ask(study, "select hash from audit.seal order by seal_number")]
    assert (len(seals), document["seal"]) == (2, seals[0])
    assert file.exists()
    assert [path.name for path in tmp_path.glob("registry-*/*")] == []
    assert "is proved: restored on trial" in proved.err


def test_whoever_is_killed_leaves_nothing_of_the_trial(saved: Path, tmp_path: Path) -> None:
    folders = tmp_path / "tmp"
    folders.mkdir()

    def left() -> list[Path]:
        return list(folders.glob("registry-*/.*"))

    trial = subprocess.Popen(
        [sys.executable, "-m", "registry", "db", "verify", str(saved)],
        env={"TMPDIR": str(folders), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: any(folder.joinpath("postgres.log").exists() for folder in left()))
    finally:
        trial.send_signal(signal.SIGKILL)
        trial.wait()
    wait_until(lambda: not left())


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


def test_a_folder_of_another_is_not_entered(
    saved: Path, tmp_path: Path, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever can write among the temporary files cannot have the trial write elsewhere."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / f"registry-{passing_server.os.getuid()}").symlink_to(tmp_path / "elsewhere")
    assert "somebody else's" in program(tmp_path, "db", "verify", str(saved)).refused(1)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def changed(saved: Path, file: Path, how: str) -> Path:
    """A file that is not what it should be."""
    whole = saved.read_bytes()
    match how:
        case "truncated":
            file.write_bytes(whole[: len(whole) // 2])
        case "flipped bit":
            file.write_bytes(whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:])
        case "no manifest":
            body = whole[: whole.rindex(b"\nregistry backup ")]
            file.write_bytes(body + f"\nsha256 {hashlib.sha256(body).hexdigest()}\n".encode())
        case "newer migration":
            rewritten(saved, file, revision="9999")
        case "other program":
            rewritten(saved, file, schemas=("clinical", "unheard_of"))
        case "other rows":
            rewritten(saved, file, hashes={"clinical.patient": "1"})
    return file


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("truncated", "is cut short, or another program's dump."),
        ("flipped bit", "is damaged: its checksum is not that of its data."),
        ("no manifest", "does not say what it holds: its description is missing."),
        ("newer migration", "The backup is at revision 9999, which this program does not know."),
        ("other program", "was made by a newer program."),
    ],
)
def test_each_wrong_file_is_refused_in_a_sentence_before_a_server_starts(
    saved: Path,
    tmp_path: Path,
    program: Program,
    monkeypatch: pytest.MonkeyPatch,
    how: str,
    words: str,
) -> None:
    monkeypatch.setattr(passing_server, "open_database", None)
    file = changed(saved, tmp_path / "file", how)
    for verb in ("verify", "restore"):
        refused = program(tmp_path / "home", "db", verb, str(file)).refused(1)
        [said] = [line for line in refused.splitlines() if line.startswith("Error: ")]
        assert words in said


def test_what_a_restored_registry_does_not_hold_is_said(databases: Databases, saved: Path) -> None:
    with archive.open_archive(saved) as opened:
        description = opened.description
    assert description.analysis is not None
    with on_empty(databases) as restored:
        refill(restored, saved)
        proof = found_in(restored, description, 0, analysed)
        assert (proof.problems, proof.to_json()["ok"]) == ([], True)
        # Of rules that this program does not have nothing is compared.
        others = description.analysis | {"rules": "others"}
        assert (
            found_in(restored, replace(description, analysis=others), 0, analysed).counted is None
        )
        ask(restored, "alter table clinical.infusion disable trigger user")
        ask(restored, "update clinical.infusion set dose_mg = dose_mg + 1 where record_id = 1")
        ask(restored, "delete from derived.lor_status where event")
        wrong = found_in(restored, replace(description, seal="0" * 64), 0, analysed)
    kinds = {finding.kind for finding in wrong.audit.findings}
    assert {"row_changed", "head_unknown"} <= kinds
    assert len(wrong.problems) == 2
    assert "The analysis flow gives other numbers" in wrong.problems[1]


def test_a_restore_ends_with_the_audit(
    databases: Databases, study: Database, saved: Path, tmp_path: Path, program: Program
) -> None:
    with archive.open_archive(saved) as opened:
        head = opened.description.seal
    with on_empty(databases) as restored:
        done = program(restored, "db", "restore", str(saved))
        assert done.status == 0, done.err
        assert f"The seals hold the head that the backup names: {head}" in done.err
        assert done.err.rstrip().endswith("Everything is as the audit has it.")
    # Somebody with the owner's rights changed a record past the audit, before the backup.
    with study.engine.begin() as connection:
        for statement in (
            "alter table clinical.infusion disable trigger user",
            "update clinical.infusion set dose_mg = dose_mg + 1 where record_id = 1",
            "alter table clinical.infusion enable trigger user",
        ):
            connection.execute(text(statement))
    backup.back_up(study, tmp_path / "changed")
    with on_empty(databases) as restored:
        done = program(restored, "db", "restore", str(tmp_path / "changed"))
        assert done.status == 1
        assert "Restored 85 patients, " in done.err
        assert "Restored, but not as the audit has it: " in done.err
