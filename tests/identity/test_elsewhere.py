"""The identities in another database, by the same commands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from registry.database.engine import Database
from tests.conftest import Databases
from tests.identity.test_import import BY_NUMBER, NEW, weights
from tests.programs import Program

WHY = ("--reason", "a call")


@pytest.fixture
def elsewhere(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Another database, which the settings name."""
    url = databases.create()
    given = url.render_as_string(hide_password=False)
    monkeypatch.setenv("REGISTRY_IDENTITY_URL", given)
    yield given
    assert url.database is not None
    databases.drop(url.database)


def test_the_same_commands_keep_them_there(
    elsewhere: str, study: Database, program: Program, visits: Path, tmp_path: Path
) -> None:
    add = ("identity", "add", "P001", "--number", "70419062817", "--name", "Li Zqvarin")
    assert "holds no identities" in program(study, *add).refused(3)
    assert program(study, "db", "upgrade").status == 0
    assert program(study, *add).status == 0
    assert program(study, "identity", "add", "P002", "--number", "77-1203").status == 0
    with study.engine.connect() as connection:
        here = connection.execute(text("select count(*) from identity.change")).scalar_one()
    assert here == 0
    assert program(study, "import", str(visits), *BY_NUMBER).status == 0
    assert weights(study) == {"P001": "21.5", "P002": "22"}
    form = ("centre", "amend", "BCH", "--study-id-pattern", "BCH-###", "--reason", "ours")
    assert program(study, *form).status == 0
    patients = tmp_path / "patients.csv"
    patients.write_text(NEW.format("555001"), encoding="utf-8")
    assert program(study, "import", str(patients), *BY_NUMBER, "--register").status == 0
    kept = program(study, "identity", "list", "--format", "json").document
    assert [one["patient_id"] for one in kept] == ["BCH-001", "P001", "P002"]
    asked = program(study, "identity", "audit", "P001", *WHY, "--format", "json").document
    assert [(one["command"], one["what"]) for one in asked if one["what"] == "read"] == [
        ("import", "read"),
        ("identity audit", "read"),
    ]
    erased = program(study, "patient", "erase", "P001", "--reason", "withdrawn", "--format", "json")
    tables = erased.document["tables"]
    assert (tables["identity.person"], tables["identity.hospital_number"]) == (1, 1)
    assert erased.document["values_removed"] == sum(tables.values())
    with create_engine(elsewhere, poolclass=NullPool).connect() as connection:
        rows = "select t::text from identity.{} t"
        held = [
            row
            for table in ("person", "hospital_number", "change", "access")
            for row in connection.execute(text(rows.format(table))).scalars()
        ]
    assert held
    assert not any("P001" in row or "Zqvarin" in row or "70419062817" in row for row in held)
