"""Identities by command: kept, shown with a reason, amended, taken out; who read whom."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from registry.database.engine import Database
from tests.identifiers import SEARCH
from tests.programs import Program

WHY = ("--reason", "a call")


def test_what_is_kept_is_read_with_a_reason_and_that_is_written_down(
    known: Database, program: Program
) -> None:
    assert "--reason" in program(known, "identity", "show", "P001").refused(2)
    shown = program(known, "identity", "show", "P001", *WHY, "--format", "json").document
    assert shown == {
        "patient_id": "P001",
        "name": "Li Zqvarin",
        "birth_name": None,
        "contact": "021-70419062817",
        "identity_number": None,
        "numbers": [{"centre": "BCH", "number": "0070419062817", "used_until": None}],
    }
    by_name = program(known, "identity", "find", "--name", "zqva", *WHY, "--format", "json")
    assert [one["patient_id"] for one in by_name.document] == ["P001"]
    again = ("identity", "add", "P001", "--name", "Li Da")
    assert "--reason" in program(known, *again).refused(2)
    amend = ("identity", "amend", "P001", "--contact", "", "--birth-name", "Li")
    assert program(known, *amend, *WHY).status == 0
    rows = program(known, "identity", "audit", "P001", "--user", "anna", *WHY, "--format", "json")
    done = [(row["command"], row["what"]) for row in rows.document]
    assert done == [
        ("identity add", "insert hospital_number"),
        ("identity add", "insert person"),
        ("identity show", "read"),
        ("identity find", "read"),
        ("identity find", "read"),
        ("identity amend", "read"),
        ("identity amend", "update person"),
        ("identity audit", "read"),
    ]
    assert rows.document[-1]["made_by"] == "anna"
    assert rows.document[-2]["old_values"]["contact"] == "021-70419062817"
    void = ("identity", "void", "P001")
    assert program(known, *void, "--number", "70419062817", *WHY).status == 0
    assert program(known, *void, *WHY).status == 0
    assert "No identity is kept" in program(known, "identity", "show", "P001", *WHY).refused(1)


def test_a_file_is_kept_whole_or_not_at_all(
    known: Database, program: Program, tmp_path: Path
) -> None:
    file = tmp_path / "who.csv"
    file.write_text(
        "patient_id,hospital_number,name\nP003,99881,Ma Li\nP004,70419062817,Su Wen\n",
        encoding="utf-8",
    )
    refused = program(known, "identity", "import", str(file)).refused(1)
    assert "The number of P004 at BCH is another child's" in refused
    assert "70419062817" not in refused
    file.write_text("patient_id,hospital_number,name\nP003,99881,Ma Li\nP004,,Su Wen\n", "utf-8")
    assert program(known, "identity", "import", str(file)).status == 0
    kept = program(known, "identity", "list", "--format", "json").document
    assert [(one["patient_id"], one["numbers_of"]) for one in kept] == [
        ("P001", "BCH"),
        ("P002", "BCH"),
        ("P003", "BCH"),
        ("P004", ""),
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "select * from identity.read('{P001}')",
        "select * from identity.translate('BCH', '{70419062817}')",
        "update identity.person set name = 'x'",
        "delete from identity.access",
        "update identity.change set reason = 'x'",
        "truncate identity.person",
    ],
)
def test_the_database_itself_refuses(known: Database, statement: str) -> None:
    with known.engine.connect() as connection:
        connection.execute(text("select set_config('registry.reason', '', false)"))
        with pytest.raises(DBAPIError, match=r"reason|only ever added"):
            connection.exec_driver_sql(statement)


def test_the_role_of_identities_has_the_functions_and_no_table(known: Database) -> None:
    with known.engine.connect() as connection:
        transaction = connection.begin()
        connection.exec_driver_sql("grant registry_identity to current_user")
        connection.exec_driver_sql("set local role registry_identity")
        read = "select name from identity.read('{P001}')"
        assert connection.scalar(text(read)) == "Li Zqvarin"
        seen = "select study_ids from identity.audited('P001') where what = 'read'"
        assert connection.execute(text(seen)).scalars().all()[0] == ["P001"]
        for table in ("identity.person", "identity.access", "clinical.infusion"):
            with pytest.raises(DBAPIError, match="denied"), connection.begin_nested():
                connection.exec_driver_sql(f"select * from {table}")
        transaction.rollback()


def test_an_erased_child_leaves_the_identities(
    known: Database, program: Program, tmp_path: Path
) -> None:
    program(known, "identity", "show", "P001", *WHY)
    done = program(known, "patient", "erase", "P001", "--reason", "withdrawn", "--format", "json")
    tables = done.document["tables"]
    # A name, a contact and a number; two changes; one reading.
    assert (tables["identity.person"], tables["identity.hospital_number"]) == (2, 1)
    assert (tables["identity.change"], tables["identity.access"]) == (2, 1)
    assert done.document["values_removed"] == sum(tables.values())
    with known.engine.connect() as connection:
        for table in ("person", "hospital_number", "change", "access", "erasure"):
            rows = connection.execute(text(f"select t::text from identity.{table} t")).scalars()
            held = " ".join(rows)
            assert not any(one in held for one in ("P001", "Zqvarin", "70419062817")), table
    assert program(known, "identity", "show", "P002", *WHY).status == 0


def test_backups_leave_identities_out_and_a_restore_leaves_them(
    known: Database, program: Program, tmp_path: Path
) -> None:
    without, with_them = tmp_path / "without.backup", tmp_path / "with.backup"
    SEARCH.allow(with_them)
    assert program(known, "db", "backup", str(without)).status == 0
    assert program(known, "db", "backup", str(with_them), "--with-identity").status == 0
    later = ("identity", "add", "P003", "--number", "99881")
    assert program(known, *later).status == 0
    restore = ("--replace", "--reason", "a drill")
    assert program(known, "db", "restore", str(without), *restore).status == 0
    found = program(known, "identity", "find", "--number", "99881", *WHY, "--format", "json")
    assert found.document[0]["patient_id"] == "P003"
    assert program(known, "db", "restore", str(with_them), *restore).status == 0
    kept = program(known, "identity", "list", "--format", "json").document
    assert [one["patient_id"] for one in kept] == ["P001", "P002"]
