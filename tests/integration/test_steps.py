"""Long work tells its steps, and how many of each kind there are."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest

from registry.cli.frame import output
from registry.database.backup import back_up
from registry.database.engine import Database
from registry.derivation.run import derive
from registry.freezes import store
from registry.importing.run import import_files
from registry.models import ENTITIES
from registry.records.change import declare_change
from registry.steps import heard_by
from tests.programs import Program


def test_import_derivation_freeze_and_backup_tell_their_steps(
    study: Database, cohort: Path, tmp_path: Path
) -> None:
    heard: list[tuple[str, int, int]] = []
    with heard_by(lambda *told: heard.append(told)):
        with study.engine.connect() as connection:
            declare_change(connection, user="me", command="import", reason=None)
            found = import_files(connection, [cohort])
            connection.rollback()
        derive(study.engine, user="me", full=True)
        store.create(study.engine, "steps", as_of=None, user="me", reason="a test")
        back_up(study, tmp_path / "backup")
    assert not found.errors
    kinds: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    for said, number, of in heard:
        kinds[said.split()[0]].append((number, of))
    files = len(list(cohort.glob("*.csv")))
    for kind in ("Checking", "Writing", "Copying", "Hashing"):
        of = kinds[kind][0][1]
        assert kinds[kind] == [(number, of) for number in range(1, of + 1)]
    assert kinds["Checking"][0][1] == kinds["Writing"][0][1] == files
    assert {number for number, _ in kinds["Reading"]} >= set(range(1, files + 1))
    assert kinds["Copying"][0][1] > len(ENTITIES)
    # By the derivation and again by the freeze.
    assert len(kinds["Deriving"]) == 2 * kinds["Deriving"][0][1]
    assert heard[-1] == ("Reading the backup again", 3, 3)


# The last of as many as there are.
ALL = r"\b(\d+)/\1 "
READING = {
    "audit verify": "4/4 Comparing the views",
    "analyse impute --covariates bmi_z_low,trough --imputations 2": "2/2 Imputing",
    "analyse risk --covariates bmi_z --resamples 50": "50/50 Computing the samples",
    "db backup {there}": "3/3 Reading the backup again",
    "export --all {there}": f"{ALL}Writing worklist",
    "export --records {there}": f"{ALL}Writing ",
    "export --redcap {there}": f"{ALL}Writing ",
    "export fhir --to {there}": "Writing tdm_levels",
    # One query, of which nobody knows how much is left.
    "worklist list": "Looking for the work of all children",
}
WRITING = {
    "db upgrade": "2/2 Building the views",
    "db partition 2": "6/6 Copying audit.record_change",
    "db restore {backup} --replace --reason back": f"{ALL}Loading the rows",
    "patient erase P001 --reason wish": f"{ALL}Writing ",
    "freeze create kept --reason paper": f"{ALL}Hashing ",
}


@pytest.mark.parametrize("asked", [*READING, *WRITING])
def test_a_terminal_sees_what_is_done_and_of_how_many(
    request: pytest.FixtureRequest,
    program: Program,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    asked: str,
) -> None:
    where = request.getfixturevalue("shared_study" if asked in READING else "study")
    backup = tmp_path / "backup"
    if "{backup}" in asked:
        assert program(where, "db", "backup", str(backup)).err.count("\r") == 0
    monkeypatch.setattr(output, "on_terminal", lambda: True)
    done = program(where, *asked.format(there=tmp_path / "there", backup=backup).split())
    assert done.status == 0, done
    assert re.search((READING | WRITING)[asked], done.err)
    # What is said at the end stands on a line of its own.
    assert not done.err.rpartition("\r")[2].startswith(" ")
