"""Backups and restores: places that are refused, and what a restore that replaces keeps."""

from __future__ import annotations

import hashlib
import json
import stat
from pathlib import Path

import pytest
from sqlalchemy import text

from registry.audit.verify import verify
from registry.database import archive, backup, restore
from registry.database.engine import Database
from registry.errors import DatabaseUnavailable
from tests.conftest import Databases
from tests.integration.backups import NEW_PATIENT, ask, contents, on_empty, refill, refusal, same
from tests.programs import run_here


def test_a_registry_with_patients_is_replaced_only_when_told(
    registry: Database, shared_study: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved = tmp_path / "study.backup"
    backup.back_up(shared_study, saved)
    ask(registry, NEW_PATIENT.format("MINE"))
    before = contents(registry)
    status, _, complaint = run_here(capsys, registry, "db", "restore", str(saved))
    assert status == 1
    assert "holds 1 patient;" in complaint
    assert "--replace --reason" in complaint
    assert run_here(capsys, registry, "db", "restore", str(saved), "--replace")[0] == 2
    assert (
        run_here(capsys, registry, "db", "restore", str(saved), "--replace", "--reason", " ")[0]
        == 2
    )
    assert contents(registry) == before
    told = run_here(
        capsys, registry, "db", "restore", str(saved), "--replace", "--reason", "disk failed"
    )
    assert told[:2] == (0, "")
    same(shared_study, registry)


def test_the_audit_since_the_backup_is_kept_beside_it(
    study: Database, saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "study.backup"
    file.write_bytes(saved.read_bytes())
    ask(study, "update clinical.infusion set product = 'later' where dose_mg > 150")
    ask(study, "update reference.drug set drug_class = 'other' where code = 'EEN'")
    lost = ask(
        study,
        "select change_id, audit_id, new_values ->> 'product' from audit.record_change "
        "where new_values ->> 'product' = 'later' order by audit_id",
    )
    [(number, patient)] = ask(
        study,
        "select patient_id, study_id from reference.patient_number where patient_id in (select "
        "patient_id from clinical.infusion where product = 'later') order by 1 limit 1",
    )
    told = run_here(
        capsys, study, "db", "restore", str(file), "--replace", "--reason", "disk failed"
    )
    assert told.status == 0
    [kept] = [path for path in tmp_path.iterdir() if path != file]
    assert str(kept) in told.err
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    lines = [json.loads(line) for line in kept.read_text(encoding="utf-8").splitlines()]
    of_table = {
        table: [line["row"] for line in lines if line["table"] == table]
        for table in ("reference.change_set", "audit.record_change", "audit.reference_change")
    }
    assert [
        (row["change_id"], row["audit_id"], row["new_values"]["product"])
        for row in of_table["audit.record_change"]
    ] == [tuple(row) for row in lost]
    assert [row["new_values"]["drug_class"] for row in of_table["audit.reference_change"]] == [
        "other"
    ]
    assert len(of_table["reference.change_set"]) == 2
    assert {
        row["study_id"] for row in of_table["audit.record_change"] if row["patient_id"] == number
    } == {patient}
    [(summary,)] = ask(
        study, "select summary from reference.change_set where command = 'db restore'"
    )
    assert f"{len(lines)} rows since in {kept.name}" in summary
    assert hashlib.sha256(kept.read_bytes()).hexdigest() in summary
    assert ask(study, "select from pg_namespace where nspname = 'replaced'") == []
    assert verify(study.engine).findings == []


def test_nothing_is_kept_of_a_restore_that_is_refused_in_the_end(
    study: Database, saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "study.backup"
    file.write_bytes(saved.read_bytes())
    ask(study, "update clinical.infusion set product = 'later'")
    before = contents(study)

    def broken(*_: object) -> None:
        raise ValueError("a failure in the end")

    monkeypatch.setattr(restore, "_analyze", broken)
    with pytest.raises(ValueError, match="in the end"):
        refill(study, file, replace=True, reason="x")
    assert list(tmp_path.iterdir()) == [file]
    assert contents(study) == before


def test_a_registry_with_changes_but_no_patients(registry: Database, saved: Path) -> None:
    ask(
        registry,
        "insert into reference.change_set (made_by, command, summary) values ('a', 'b', 'c')",
    )
    assert "changes" in str(refusal(refill, registry, saved))


def test_a_database_of_something_else(databases: Databases, saved: Path, tmp_path: Path) -> None:
    with on_empty(databases) as other:
        assert isinstance(refusal(backup.back_up, other, tmp_path / "file"), DatabaseUnavailable)
        ask(other, "create schema clinical")
        assert "own: clinical." in str(refusal(refill, other, saved))
        ask(other, "create table alembic_version as select 'other' as version_num")
        assert "does not know" in str(refusal(refill, other, saved))
        assert "does not know" in str(refusal(backup.back_up, other, tmp_path / "file"))
    assert not list(tmp_path.iterdir())


def test_while_another_writes(
    registry: Database, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restore, "LONGEST_WAIT", "100ms")
    with registry.engine.begin() as connection:
        connection.execute(text(NEW_PATIENT.format("P1")))
        assert "Someone else" in str(refusal(refill, registry, saved))
    # What the other has committed is seen.
    assert "holds 1 patient;" in str(refusal(refill, registry, saved))


def test_the_target_of_a_backup(shared_study: Database, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    assert "--force" in str(refusal(backup.back_up, shared_study, file))
    assert file.read_text() == "mine"
    assert "no file" in str(refusal(backup.back_up, shared_study, tmp_path, force=True))
    assert "no file" in str(refusal(backup.back_up, shared_study, Path("/dev/null"), force=True))
    missing = refusal(backup.back_up, shared_study, tmp_path / "none" / "file")
    assert "cannot be written" in str(missing)
    backup.back_up(shared_study, file, force=True)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with archive.open_archive(file) as opened:
        assert opened.description.patients == 85
    assert list(tmp_path.iterdir()) == [file]
