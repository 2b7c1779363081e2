"""Every check of a validation, carried out here as on a hospital's machine."""

from __future__ import annotations

from html import escape
from pathlib import Path

import docx
import pytest
from sqlalchemy import text

from registry.database.engine import Database
from registry.report.validation import write_validation
from registry.validation.checks import CHECKS, Bench, carried_out
from tests.conftest import COHORT
from tests.programs import Outcome, Program


def test_every_check_holds(registry: Database, program: Program, tmp_path: Path) -> None:
    def by_hand(statement: str) -> None:
        with registry.engine.begin() as connection:
            connection.execute(text(statement))

    bench = Bench(
        run=lambda *command: program(registry, *command),
        by_hand=by_hand,
        folder=tmp_path,
        cohort=COHORT,
        patients=5,
    )
    found = [carried_out(check, bench) for check in CHECKS]
    assert [one for one in found if not one["passed"]] == []
    assert all(one["requirement"].endswith(".") for one in found)
    assert len({one["check"] for one in found}) == len(CHECKS)

    # The page and the Word document tell each of them, and what fails as failed.
    found[0]["passed"] = False
    page, word = tmp_path / "v.html", tmp_path / "v.docx"
    write_validation(found, {"Machine": "here"}, page, word)
    told = page.read_text(encoding="utf-8")
    assert all(escape(one["requirement"]) in told for one in found)
    assert f"{len(found) - 1} of {len(found)} requirements hold" in told
    cells = [row.cells[-1].text for table in docx.Document(str(word)).tables for row in table.rows]
    assert (cells.count("FAILS"), cells.count("holds")) == (1, len(found) - 1)


def test_what_cannot_be_carried_out_fails(tmp_path: Path) -> None:
    def run(*_: str) -> Outcome:
        return Outcome(3, "", "Error: There is no registry.")

    bench = Bench(run, lambda _: None, tmp_path, COHORT, 1)
    found = [carried_out(check, bench) for check in CHECKS if check.part == "Operation"]
    assert not any(one["passed"] for one in found)


def test_the_command_writes_what_was_found(
    program: Program, registry: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With one check alone; all of them, in processes of their own, take minutes."""
    [first, *_] = CHECKS
    monkeypatch.setattr("registry.validation.checks.CHECKS", [first])
    to = tmp_path / "validation"
    done = program(registry, "validate", "--to", str(to), "--format", "json")
    assert [(one["check"], one["passed"]) for one in done.document] == [(first.name, True)]
    assert {one.name for one in to.iterdir()} == {
        "validation.html", "validation.docx", "validation.json"
    }  # fmt: skip
    again = program(registry, "validate", "--to", str(to))
    assert again.status == 1
    assert "--force" in again.err
