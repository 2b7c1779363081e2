"""The night by a login of registry_derivation, and the backup that it leaves to the owner."""

from __future__ import annotations

from pathlib import Path

from registry.database.engine import Database
from registry.database.roles import DERIVATION_ROLE
from tests.programs import Outcome, Program
from tests.roles.conftest import Login


def test_the_night_derives_as_its_login_and_asks_for_the_owners_backup(
    two_centres: Database, login_of: Login, program: Program, tmp_path: Path
) -> None:
    url = login_of(DERIVATION_ROLE)
    reports, backups = ("--report-dir", str(tmp_path / "r")), ("--backup-dir", str(tmp_path / "b"))

    def night() -> Outcome:
        return program(url, "schedule", "once", *reports, *backups, "--format", "json")

    def steps(outcome: Outcome) -> dict[str, tuple[str, str]]:
        return {one["name"]: (one["state"], one["said"]) for one in outcome.document["steps"]}

    first = night()
    assert first.status == 1
    found = steps(first)
    [failed] = [name for name, (state, _) in found.items() if state != "good"]
    assert failed == "backup"
    assert "registry schedule backup" in found["backup"][1]
    assert len(first.document["new_losses"]) > 0
    assert not (tmp_path / "b").exists()
    assert "No run has gone well" in program(url, "schedule", "status").err

    backup = ("schedule", "backup", *backups, "--verify-every", "never", "--format", "json")
    said = program(url, *backup).refused(1)
    assert "Roles that may: registry_owner." in said
    made = program(two_centres, *backup)
    assert (made.status, list(steps(made))) == (0, ["backup"]), made
    [file] = (tmp_path / "b").iterdir()
    # The backup alone is no night.
    assert program(two_centres, "schedule", "status").status == 1

    second = night()
    assert second.status == 0, second
    assert steps(second)["backup"][1].startswith("The owner's, made ")
    assert [file] == list((tmp_path / "b").iterdir())
    assert program(url, "schedule", "status").status == 0
    # It makes none by that: what it said of the owner's is not counted as one.
    assert steps(night())["backup"] == steps(second)["backup"]
