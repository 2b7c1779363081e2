"""A child who was erased, as freezes tell it."""

from __future__ import annotations

from registry.database.engine import Database
from tests.programs import Program


def test_every_freeze_that_held_the_child_says_so(program: Program, study: Database) -> None:
    for name in ("kept", "dropped"):
        assert program(study, "freeze", "create", name).status == 0
    assert program(study, "freeze", "drop", "dropped", "--reason", "published").status == 0
    assert program(study, "patient", "erase", "P003", "--reason", "family asked").status == 0
    assert program(study, "freeze", "create", "after").status == 0
    notes = {
        one["name"]: one["note"]
        for one in program(study, "freeze", "list", "--format", "json").document
    }
    assert notes["after"] is None
    for name in ("kept", "dropped"):
        assert notes[name].count("a child was erased on ") == 1
