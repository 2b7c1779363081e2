"""A freeze is what the registry was: read by every command, closed to everyone, never half made."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from registry.database.engine import Database
from registry.database.frozen import SCHEMAS, Place
from tests.programs import Program

VOID = ("patient", "void", "P001", "--with-records", "--reason", "a try")
READ = {
    "flow": ("analyse", "flow"),
    "table1": ("analyse", "table1"),
    "table2": ("analyse", "table2", "--permute-below", "0"),
    "km": ("analyse", "km", "--by", "perianal"),
    "outcomes": ("analyse", "outcomes"),
    "status": ("status",),
    "explain": ("explain", "P003"),
    "patient": ("patient", "show", "P001"),
    "sql": ("sql", "select * from analytics.analysis_set order by definition, patient_id"),
    "worklist": ("sql", "select * from worklist order by patient_id, item"),
}
BASIS = {"freeze", "as_of", "sha256", "definition", "definition_hash", "rules_hash"}


def documents(program: Program, database: Database, *options: str) -> dict[str, Any]:
    """What every command says; without the basis, which names the freeze."""
    found = {}
    for name, line in READ.items():
        outcome = program(database, *line, *options, "--format", "json")
        found[name] = outcome.document if outcome.status == 0 else outcome.err
    return found


def test_read_as_it_was(program: Program, study: Database) -> None:
    before = documents(program, study)
    made = program(study, "freeze", "create", "before", "--reason", "a paper", "--format", "json")
    moment = datetime.now(UTC).isoformat()
    assert program(study, *VOID).status == 0

    after = documents(program, study)
    assert all(after[name] != before[name] for name in ("flow", "km", "status", "sql", "patient"))
    frozen = documents(program, study, "--freeze", "before")
    for name, document in frozen.items():
        if isinstance(document, dict):
            basis = document.pop("basis")
            assert set(basis) > BASIS
            assert basis["freeze"] == "before"
            assert basis["sha256"] == made.document["sha256"]
        assert document == before[name]

    again = program(study, "analyse", "flow", "--as-of", moment, "--format", "json").document
    assert again.pop("basis")["sha256"] == made.document["sha256"]
    assert again == before["flow"]
    # Made from the audit, it holds the same.
    replayed = program(study, "freeze", "create", "replayed", "--as-of", moment, "--format", "json")
    for key in ("sha256", "tables", "hashes"):
        assert replayed.document[key] == made.document[key]
    with study.engine.connect() as connection:
        left = connection.execute(
            text("select nspname from pg_namespace where nspname like '%as\\_of\\_%'")
        )
        assert left.all() == []


def test_exports_and_reports(program: Program, study: Database, tmp_path: Any) -> None:
    live, kept = tmp_path / "live.csv", tmp_path / "frozen.csv"
    assert program(study, "export", "analysis_set", "--to", str(live)).status == 0
    assert program(study, "freeze", "create", "before").status == 0
    assert program(study, *VOID).status == 0
    frozen = ("--freeze", "before")
    assert program(study, "export", "analysis_set", "--to", str(kept), *frozen).status == 0
    assert kept.read_bytes() == live.read_bytes()
    records = tmp_path / "records"
    assert program(study, "export", "--records", str(records), *frozen).status == 0
    assert "P001" in (records / "patients.csv").read_text()
    page = tmp_path / "report.html"
    assert program(study, "report", "--out", str(page), *frozen).status == 0
    sha256 = program(study, "freeze", "show", "before", "--format", "json").document["sha256"]
    assert "freeze before as of" in page.read_text()
    assert sha256 in page.read_text()


def test_kept_with_reasons_also_when_dropped(program: Program, study: Database) -> None:
    assert program(study, "freeze", "create", "one", "--reason", "a paper").status == 0
    made = program(study, "freeze", "show", "one", "--format", "json").document
    assert made["reason"] == "a paper"
    assert made["tables"]["clinical.patient"] == 85
    assert "reason" in program(study, "freeze", "drop", "one").refused(2)
    assert program(study, "freeze", "drop", "one", "--reason", "published").status == 0
    gone = program(study, "freeze", "show", "one", "--format", "json").document
    assert (gone["dropped"], gone["dropped_reason"]) == (True, "published")
    assert gone["sha256"] == made["sha256"]
    for place in SCHEMAS:
        with study.engine.connect() as connection:
            assert not connection.execute(
                text("select to_regnamespace(:schema)"), {"schema": Place("one").schema(place)}
            ).scalar_one()
    assert "published" in program(study, "status", "--freeze", "one").refused(1)
    assert "one" in program(study, "freeze", "create", "one").refused(1)
    assert "on" in program(study, "freeze", "create", "on").out
    assert "on" in program(study, "status", "--freeze", "onn").refused(1)
    assert program(study, "audit", "verify").status == 0


def test_closed_to_everyone(program: Program, study: Database) -> None:
    assert program(study, "freeze", "create", "one").status == 0
    place = Place("one")
    for statement in ("delete from {}", "update {} set patient_id = 1", "truncate {}"):
        for table in ("clinical.infusion", "reference.patient_number", "derived.lor_status"):
            with study.engine.connect() as connection, pytest.raises(DBAPIError, match="frozen"):
                connection.execute(text(statement.format(place.sql(table))))
    refused = program(study, "sql", "select * from frozen_clinical_one.patient").refused(1)
    assert "permission denied" in refused
    assert program(study, "sql", "select count(*) from freeze_one.patient").status == 0


@pytest.mark.parametrize("name", ["", "Paper", "a-b", "1a", "as_of_x", "a" * 41, "a b; drop"])
def test_names(program: Program, study: Database, name: str) -> None:
    assert "name" in program(study, "freeze", "create", name).refused(1)


def test_moments(program: Program, study: Database) -> None:
    assert "not come" in program(study, "status", "--as-of", "2999-01-01").refused(2)
    assert "moment" in program(study, "status", "--as-of", "yesterday").refused(2)
    assert "one moment" in program(
        study, "status", "--as-of", "2020-01-01", "--freeze", "x"
    ).refused(2)
    # Before there was a registry.
    assert "2001" in program(study, "status", "--as-of", "2001-01-01").refused(1)
