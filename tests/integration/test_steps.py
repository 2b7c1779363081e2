"""Long work tells its steps, and how many of each kind there are."""

from __future__ import annotations

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


@pytest.mark.parametrize(
    ("asked", "last"),
    [
        ("audit verify", "4/4 Comparing the views"),
        ("analyse impute --covariates bmi_z_low,trough --imputations 2", "2/2 Imputing"),
        ("analyse risk --covariates bmi_z --resamples 50", "50/50 Computing the samples"),
    ],
)
def test_a_terminal_sees_what_is_done_and_of_how_many(
    shared_study: Database,
    program: Program,
    monkeypatch: pytest.MonkeyPatch,
    asked: str,
    last: str,
) -> None:
    monkeypatch.setattr(output, "on_terminal", lambda: True)
    assert last in program(shared_study, *asked.split()).err
