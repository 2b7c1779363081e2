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


def test_whoever_forgets_where_they_are_is_told(
    elsewhere: str, study: Database, program: Program, visits: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nothing is read from the empty schema here, kept in it, or left behind elsewhere."""
    assert program(study, "db", "upgrade").status == 0
    add = ("identity", "add", "P001", "--number", "70419062817", "--name", "Li Zqvarin")
    assert program(study, *add).status == 0
    monkeypatch.delenv("REGISTRY_IDENTITY_URL")
    erase = ("patient", "erase", "P001", "--reason", "withdrawn")
    for command in (
        ("identity", "list"),
        ("identity", "show", "P001", *WHY),
        ("identity", "find", "--number", "70419062817", *WHY),
        ("identity", "add", "P002", "--number", "77-1203"),
        ("import", str(visits), *BY_NUMBER),
        erase,
    ):
        said = program(study, *command).refused(3)
        assert "in another database, and REGISTRY_IDENTITY_URL is not set" in said, command
    assert program(study, "patient", "show", "P001").status == 0
    saved = ("db", "backup", str(visits.with_name("a.backup")), "--with-identity")
    assert "kept in another database" in program(study, *saved).refused(1)
    assert "set REGISTRY_IDENTITY_URL" in program(study, "db", "upgrade").err
    with study.engine.connect() as connection:
        kept = (
            "select (select count(*) from identity.access), (select count(*) from identity.change)"
        )
        assert tuple(connection.execute(text(kept)).one()) == (0, 0)
    # Where it is is no word of the registry's.
    assert elsewhere not in program(study, "audit", "list", "--format", "json").out
    monkeypatch.setenv("REGISTRY_IDENTITY_URL", elsewhere)
    assert program(study, *erase).status == 0


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
