"""A rewritten history is found and named, by the seals or by a head that was kept elsewhere."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from registry.audit.catalogue import check_catalogue
from registry.audit.seals import Seal, check_chain, check_rows, last_seal, make_seal
from registry.audit.verify import named
from registry.database.engine import Database
from tests.programs import Program

P001 = "(select patient_id from reference.patient_number where study_id = 'P001')"
P002 = P001.replace("P001", "P002")
ONE = f"table_name = 'patient' and patient_id = {P001}"
FIRST_TWO = (
    f"(select min(audit_id) from audit.record_change where patient_id = {P001} "
    "and table_name = 'infusion')",
    f"(select max(audit_id) from audit.record_change where patient_id = {P001} "
    "and table_name = 'infusion')",
)
# What an owner does with the triggers off -> what must be found: kind, table, study id, name.
TAMPERING: dict[str, tuple[str, set[tuple[str | None, ...]]]] = {
    "a row edited": (
        f"update audit.record_change set row_version = 7 where {ONE}",
        {("sealed_row_changed", "patient", "P001", None)},
    ),
    "the values of a row edited": (
        'update audit.record_change set new_values = new_values || \'{"centre": "x"}\' '
        f"where {ONE}",
        {("sealed_row_changed", "patient", "P001", None)},
    ),
    "a row removed": (
        f"delete from audit.record_change where audit_id = {FIRST_TWO[0]}",
        {("sealed_row_missing", "record_change", "P001", None)},
    ),
    "a row inserted": (
        "insert into audit.record_change (patient_id, change_id, table_name, operation, "
        "row_version, new_values) select patient_id, change_id, table_name, operation, 1, "
        f"new_values from audit.record_change where {ONE}",
        {("row_not_sealed", "patient", "P001", None)},
    ),
    "two rows swapped": (
        "update audit.record_change a set new_values = b.new_values, record_id = b.record_id "
        "from audit.record_change b where a.audit_id in ({0}, {1}) and b.audit_id in ({0}, {1}) "
        "and a.audit_id <> b.audit_id".format(*FIRST_TWO),
        {("sealed_row_changed", "infusion", "P001", None)},
    ),
    "a row of another child's": (
        f"update audit.record_change set patient_id = {P002} where audit_id = {FIRST_TWO[0]}",
        {("sealed_row_changed", "infusion", "P001", None)},
    ),
    "values changed with their hash": (
        'update audit.record_change set new_values = new_values || \'{"centre": "x"}\' '
        f"where {ONE}; update audit.sealed_row s set leaf = l.leaf from audit.leaves(0, 999) l "
        "where (l.source, l.row_number) = (s.source, s.row_number) and l.leaf <> s.leaf",
        {("seal_root_differs", "seal", None, "1")},
    ),
    "values changed with all hashes of their seal": (
        'update audit.record_change set new_values = new_values || \'{"centre": "x"}\' '
        f"where {ONE}; update audit.sealed_row s set leaf = l.leaf from audit.leaves(0, 999) l "
        "where (l.source, l.row_number) = (s.source, s.row_number) and l.leaf <> s.leaf; "
        "update audit.seal s set root = r.root from audit.merkle_roots() r "
        "where s.seal_number = 1 and r.seal_number = 1; "
        "update audit.seal s set hash = audit.seal_hash(s) where seal_number = 1",
        {("seal_chain_broken", "seal", None, "2")},
    ),
    "a reason rewritten": (
        "update reference.change_set set reason = 'mine' where change_id = 2",
        {("sealed_row_changed", "change_set", None, "2")},
    ),
    "a person and a moment rewritten": (
        "update reference.change_set set made_by = 'her', made_at = made_at - interval '1 hour' "
        "where change_id = 2",
        {("sealed_row_changed", "change_set", None, "2")},
    ),
    "two commits swapped": (
        "update audit.committed_change set change_id = -change_id where change_id in "
        "(2, (select max(change_id) from audit.committed_change)); "
        "update audit.committed_change set change_id = change_id + 2 + (select max(change_id) "
        "from reference.change_set) where change_id < 0",
        {("sealed_row_changed", "change_set", None, "2")},
    ),
    "reference data's audit changed": (
        "update audit.reference_change set new_values = '{}' where audit_id = 1",
        {("sealed_row_changed", None, None, None)},
    ),
    "a step of a query changed": (
        "update reference.query_step set words = 'mine'",
        {("sealed_row_changed", "query_step", "P001", None)},
    ),
    "a secret changed": (
        f"update audit.secret set secret = sha256(secret) where number = {P001} "
        "and holder = 'patient'",
        {("sealed_row_changed", "patient", "P001", None)},
    ),
    "a seal rewritten": (
        "update audit.seal set sealed_at = sealed_at - interval '1 day' where seal_number = 1",
        {("seal_changed", "seal", None, "1")},
    ),
    "a seal rewritten with its hash": (
        "update audit.seal set sealed_by = 'him' where seal_number = 1; "
        "update audit.seal s set hash = audit.seal_hash(s) where seal_number = 1",
        {("seal_chain_broken", "seal", None, "2")},
    ),
    "a seal gone": (
        "delete from audit.seal where seal_number = 1",
        {("seal_missing", "seal", None, "1"), ("seal_chain_broken", "seal", None, "2")},
    ),
    "leaves in another order": (
        "alter table audit.sealed_row drop constraint pk_sealed_row; "
        "update audit.sealed_row set place = 1 - place where seal_number = 1 and place < 2",
        {("seal_root_differs", "seal", None, "1")},
    ),
    "a table of the audit replaced": (
        f"create table audit.mine as select * from audit.record_change where not ({ONE}); "
        "drop table audit.record_change cascade; "
        "alter table audit.mine rename to record_change",
        {
            ("sealed_row_missing", "record_change", "P001", None),
            ("constraint_missing", "audit.record_change", None, "pk_record_change"),
            ("trigger_missing", "audit.record_change", None, "append_only"),
        },
    ),
}


@pytest.fixture(scope="module")
def sealed(shared_study: Database) -> Iterator[Connection]:
    """The study in two seals, never committed; a module's tests undo what they do."""
    with shared_study.engine.connect() as connection:
        transaction = connection.begin()
        assert make_seal(connection) is not None
        change(
            connection,
            "insert into reference.query_step (patient_id, query, from_table, state, words) "
            f"values ({P001}, 'q', 'infusion', 'new', 'why?'); "
            "update clinical.infusion set dose_mg = dose_mg + 1",
        )
        second = make_seal(connection)
        assert second is not None
        assert second.seal == 2
        yield connection
        transaction.rollback()


@pytest.fixture
def tried(sealed: Connection) -> Iterator[Connection]:
    """The sealed study for one test."""
    attempt = sealed.begin_nested()
    yield sealed
    attempt.rollback()


def change(connection: Connection, statements: str) -> None:
    """As one transaction would, committed."""
    connection.execute(text("select set_config('registry.change', '', true)"))
    connection.exec_driver_sql(statements)
    connection.execute(text("set constraints all immediate"))
    connection.execute(text("set constraints all deferred"))


def tamper(connection: Connection, statements: str) -> None:
    """As an owner, who has the triggers on again when he is done."""
    tables = list(
        connection.execute(
            text(
                "select n.nspname || '.' || relname from pg_class c join pg_namespace n "
                "on n.oid = relnamespace where nspname in ('audit', 'reference') "
                "and relkind in ('r', 'p')"
            )
        ).scalars()
    )
    for table in tables:
        connection.exec_driver_sql(f"alter table {table} disable trigger user")
    connection.exec_driver_sql(statements)
    for table in tables:
        connection.exec_driver_sql(f"alter table {table} enable trigger user")


def findings(connection: Connection, head: str | None = None) -> list[Any]:
    """What the seals and the catalogue give."""
    children, others = check_rows(connection)
    return [*named(connection, children), *others, *check_chain(connection, head)]


def head_of(connection: Connection) -> Seal:
    """The last seal."""
    last = last_seal(connection)
    assert last is not None
    return last


def test_what_nobody_touched_is_as_it_was_sealed(tried: Connection) -> None:
    assert findings(tried) == []
    change(tried, "delete from clinical.surgery")
    assert findings(tried) == []


def test_nothing_new_is_no_seal(tried: Connection) -> None:
    assert make_seal(tried) is None
    assert head_of(tried).seal == 2


@pytest.mark.parametrize("what", TAMPERING)
def test_tampering_is_found_and_named(tried: Connection, what: str) -> None:
    statements, expected = TAMPERING[what]
    imported = tried.scalar(text("select change_id from reference.change_set where change_id = 2"))
    tamper(tried, statements)
    found = {
        (finding.kind, finding.table, finding.patient_id, finding.name)
        for finding in [*findings(tried), *check_catalogue(tried)]
    }
    for one in expected:
        wanted = tuple(part and part.replace("2", str(imported)) for part in one)
        assert any(
            all(w is None or w == f for w, f in zip(wanted, row, strict=True)) for row in found
        ), (one, found)


def test_history_made_anew_is_found_by_a_head_kept_elsewhere(tried: Connection) -> None:
    before = head_of(tried)
    assert findings(tried, before.head) == []
    tamper(
        tried,
        "truncate audit.seal, audit.sealed_row, audit.secret; "
        'update audit.record_change set new_values = new_values || \'{"centre": "x"}\' '
        "where table_name = 'patient'",
    )
    after = make_seal(tried)
    assert after is not None
    assert findings(tried) == []
    [finding] = findings(tried, before.head)
    assert (finding.kind, finding.name) == ("head_unknown", before.head)
    assert findings(tried, after.head) == []


@pytest.mark.parametrize(
    "statement",
    [
        "delete from audit.seal",
        "update audit.seal set root = ''",
        "insert into audit.sealed_row values (9, 0, 1, null, 'change_set', '')",
        "insert into audit.secret values ('patient', 999999)",
        "update audit.secret set secret = sha256(secret)",
        "update reference.change_set set summary = 'later' where summary is null",
    ],
)
def test_no_statement_writes_a_seal(tried: Connection, statement: str) -> None:
    with pytest.raises(DBAPIError, match=r"only ever added|written by the database itself"):
        tried.exec_driver_sql(statement)


def test_a_seal_is_made_of_what_there_is_whatever_is_inserted(tried: Connection) -> None:
    change(tried, "delete from clinical.surgery")
    tried.exec_driver_sql("insert into audit.seal (seal_number, hash) values (77, 'mine')")
    assert findings(tried) == []
    assert head_of(tried).seal == 3


def test_leaves_and_roots_are_what_the_documents_say(tried: Connection) -> None:
    """By Python's own hashes and JSON: the same on every server."""
    sha = hashlib.sha256
    for row in tried.execute(
        text(
            "select r.*, s.leaf, s.seal_number, k.secret, r.old_values::text as old_text, "
            "r.new_values::text as new_text from audit.record_change r "
            "join audit.sealed_row s on s.row_number = r.audit_id and s.source = 'record_change' "
            "join audit.secret k on k.holder = 'patient' and k.number = r.patient_id "
            f"where r.patient_id = {P001}"
        )
    ):
        says = f"{row.old_text or '-'}\n{row.new_text or '-'}".encode()
        commitment = sha(row.secret + row.audit_id.to_bytes(8, "big") + says).digest()
        is_what = [row.change_id, row.patient_id, row.table_name, row.record_id, row.operation]
        named_row = json.dumps(["record_change", row.audit_id, [*is_what, row.row_version]])
        assert row.leaf == sha(b"\0" + named_row.encode() + commitment).digest()
    for seal in tried.execute(text("select * from audit.seal")):
        leaves = tried.execute(
            text("select leaf from audit.sealed_row where seal_number = :number order by place"),
            {"number": seal.seal_number},
        ).scalars()
        assert tree_head(list(leaves)).hex() == seal.root


def tree_head(leaves: list[bytes]) -> bytes:
    """Of leaves that are hashed already, as RFC 6962 2.1 defines it."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\1" + tree_head(leaves[:split]) + tree_head(leaves[split:])).digest()


def test_the_commands(study: Database, program: Program, tmp_path: Path) -> None:
    kept = tmp_path / "head.txt"
    sealed = program(study, "audit", "seal", "--to", str(kept), "--format", "json").document
    head = kept.read_text().strip()
    assert (sealed["seal"], sealed["head"]) == (1, head)
    with study.engine.begin() as connection:
        connection.execute(text("update clinical.infusion set dose_mg = dose_mg + 1"))
    assert program(study, "audit", "seal", "--format", "json").document["seal"] == 2
    again = program(study, "audit", "seal")
    assert "Nothing was changed" in again.err
    ended = program(study, "audit", "verify", "--head", head, "--format", "json")
    assert (ended.status, ended.document["ok"], ended.document["findings"]) == (0, True, [])
    assert ended.document["head"] in again.out
    wrong = program(study, "audit", "verify", "--head", "0" * 64, "--format", "json")
    assert wrong.status == 1
    assert wrong.document["findings"][0]["kind"] == "head_unknown"
