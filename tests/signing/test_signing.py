"""Signatures under records, freezes and files, and what is said of them when something changes."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from registry.audit.seals import make_seal
from registry.audit.verify import verify
from registry.database.engine import Database, connect_to
from registry.signing import password as passwords
from tests.conftest import Databases, opened_for_test
from tests.programs import Outcome, Program

PASSWORD = "correct horse"
Enter = Callable[..., Outcome]


@pytest.fixture(autouse=True)
def _quick_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_COST", {"n": 2**4, "r": 8, "p": 1})


@pytest.fixture(scope="module")
def kept(databases: Databases, study_template: str) -> Iterator[Database]:
    with opened_for_test(databases.create(study_template)) as opened:
        yield opened


@pytest.fixture
def enter(program: Program, monkeypatch: pytest.MonkeyPatch) -> Enter:
    """Runs a command to which lines are entered."""

    def run(lines: str, where: Database, *arguments: str) -> Outcome:
        monkeypatch.setattr("sys.stdin", io.StringIO(lines))
        outcome: Outcome = program(where, *arguments)
        return outcome

    return run


def person(enter: Enter, where: Database, name: str) -> tuple[str, str]:
    """The option of a person who has a signing password."""
    made = enter(f"{PASSWORD}\n{PASSWORD}\n", where, "sign", "password", "--user", name)
    assert made.status == 0, made
    return ("--user", name)


def test_a_record_is_signed_and_what_was_done_since_is_told(kept: Database, enter: Enter) -> None:
    anna = person(enter, kept, "anna")
    sign = ("sign", "patient", "P023", "--meaning", "reviewed", *anna)
    assert "The password is wrong" in enter("wrong\n", kept, *sign).refused(1)
    assert enter("", kept, "sign", "list", "--format", "json").document == []
    signed = enter(f"{PASSWORD}\n", kept, *sign)
    assert "patient P023 is signed by anna" in signed.out
    [one] = enter("", kept, "sign", "list", "--format", "json").document
    assert (one["patient_id"], one["meaning"], one["signed_by"]) == ("P023", "reviewed", "anna")
    assert one["authentication"] == "signing_password"
    assert enter("", kept, "sign", "verify").status == 0

    infusion = ("infusion", "amend", "P023", "2020-01-21", "--reason", "misread")
    assert enter("", kept, *infusion, "--dose-mg", "120", "--user", "ben").status == 0
    changed = enter("", kept, "sign", "verify", "--format", "json")
    assert changed.status == 1
    [told] = changed.document
    [row] = told["changes"]
    assert (row["table"], row["made_by"], row["reason"]) == ("infusion", "ben", "misread")
    # What is taken back is as it was signed, whatever the count of its changes.
    assert enter("", kept, *infusion, "--dose-mg", "113.6").status == 0
    assert enter("", kept, "sign", "verify").status == 0


def test_the_password_is_kept_as_a_hash_and_changed_with_the_old_one(
    kept: Database, enter: Enter
) -> None:
    clara = person(enter, kept, "clara")
    change = ("sign", "password", *clara)
    refused = enter("wrong\nnew password\nnew password\n", kept, *change)
    assert "The password is wrong" in refused.refused(1)
    assert "not the same" in enter(f"{PASSWORD}\na new one\nanother\n", kept, *change).refused(1)
    assert "8 signs at least" in enter(f"{PASSWORD}\nshort\nshort\n", kept, *change).refused(1)
    assert enter(f"{PASSWORD}\nnew password\nnew password\n", kept, *change).status == 0
    assert "needs a reason" in enter("", kept, *change, "--forgotten").refused(2)
    anew = enter("third one\nthird one\n", kept, *change, "--forgotten", "--reason", "forgotten")
    assert anew.status == 0
    sign = ("sign", "patient", "P024", "--meaning", "reviewed", *clara)
    assert "The password is wrong" in enter("new password\n", kept, *sign).refused(1)
    with kept.engine.connect() as connection:
        audited = connection.execute(
            text(
                "select new_values::text from audit.reference_change "
                "where table_name = 'signing_password' and key ->> 'person' = 'clara'"
            )
        ).scalars()
        rows = audited.all()
    assert len(rows) == 3
    assert not any("salt" in row or '"hash"' in row for row in rows)
    # Whoever sets another's hash past the audit's triggers signs for nobody.
    with kept.engine.begin() as connection:
        connection.execute(text("alter table reference.signing_password disable trigger user"))
        connection.execute(
            text("update reference.signing_password set salt = '1' where person = 'clara'")
        )
        connection.execute(text("alter table reference.signing_password enable trigger user"))
    assert "changed past the audit" in enter("third one\n", kept, *sign).refused(1)
    nobody = enter("x\n", kept, "sign", "patient", "P024", "--meaning", "x", "--user", "dora")
    assert "has no signing password" in nobody.refused(1)


def test_who_enters_wrong_passwords_waits_and_cannot_end_it(kept: Database, enter: Enter) -> None:
    emma, fritz = person(enter, kept, "emma"), person(enter, kept, "fritz")
    sign = ("sign", "patient", "P024", "--meaning", "reviewed")
    limit = ("sign", "limit", "--format", "json")
    assert enter("", kept, *limit).document == {"wrong": 5, "minutes": 15}
    strict = (*limit, "--wrong", "3", "--reason", "our rule")
    assert enter("", kept, *strict).document == {"wrong": 3, "minutes": 15}
    # In a row: a signature begins the count anew.
    for entered in ("one", "two", PASSWORD, "three", "four"):
        done = enter(f"{entered}\n", kept, *sign, *emma)
        assert done.status == int(entered != PASSWORD), done
    told = "3 wrong passwords were entered for emma."
    said = enter("five\n", kept, *sign, *emma).refused(1)
    assert told in said
    assert "Nobody signs as emma before 20" in said
    # The right one is not tried while she waits, nor is a new one the way out, nor another's name.
    assert told in enter(f"{PASSWORD}\n", kept, *sign, *emma).refused(1)
    new = ("sign", "password", *emma)
    assert told in enter(f"{PASSWORD}\nsome other\nsome other\n", kept, *new).refused(1)
    anew = (*new, "--forgotten", "--reason", "forgotten")
    assert enter("some other\nsome other\n", kept, *anew).status == 0
    assert told in enter("some other\n", kept, *sign, *emma).refused(1)
    assert enter(f"{PASSWORD}\n", kept, *sign, *fritz).status == 0
    # It is in the audit, without what was entered.
    listed = ("audit", "list", "--table", "wrong_password", "--format", "json")
    rows = [one for one in enter("", kept, *listed).document if one["key"] == {"person": "emma"}]
    assert [row["operation"] for row in rows] == [
        *("insert", "update", "delete", "insert", "update", "update"),
    ]
    assert {row["reason"] for row in rows} == {"a wrong password was entered", "reviewed"}
    assert {row["changed_by"] for row in rows} == {"emma"}
    every = enter("", kept, "audit", "list", "--format", "json").out
    assert not [one for one in ("three", "four", "five", PASSWORD) if f'"{one}"' in every]
    with kept.engine.begin() as connection:
        # Whoever asks the database itself is told no more.
        hashed = connection.execute(
            text("select hash from reference.signing_password where person = 'emma'")
        ).scalar_one()
        right = text("select reference.signing_password_is('emma', :hash)")
        assert not connection.execute(right, {"hash": hashed}).scalar_one()
        connection.execute(text("set local registry.reason = 'time passes'"))
        connection.execute(
            text("update reference.wrong_password set last_at = last_at - interval '15 minutes'")
        )
    # One try more, and the wait begins anew.
    assert told in enter("six\n", kept, *sign, *emma).refused(1)
    with kept.engine.begin() as connection:
        connection.execute(text("set local registry.reason = 'time passes'"))
        connection.execute(
            text("update reference.wrong_password set last_at = last_at - interval '15 minutes'")
        )
    assert enter("some other\n", kept, *sign, *emma).status == 0
    signed = enter("", kept, "audit", "list", "--table", "signature", "--last", "1").out
    assert "signed_by: emma" in signed
    assert enter("", kept, *limit, "--wrong", "5").status == 0


def test_a_freeze_and_a_file(study: Database, enter: Enter, tmp_path: Path) -> None:
    anna = person(enter, study, "anna")
    assert enter("", study, "freeze", "create", "paper").status == 0
    report = tmp_path / "report.html"
    report.write_text("<p>as signed</p>")
    for what in (("freeze", "paper"), ("file", str(report)), ("patient", "P001")):
        sign = ("sign", *what, "--meaning", "approved", *anna)
        assert enter(f"{PASSWORD}\n", study, *sign).status == 0
    moved = report.rename(tmp_path / "moved.html")
    held = enter("", study, "sign", "verify", str(moved), "--format", "json")
    assert (held.status, len(held.document)) == (0, 3)
    moved.write_text("<p>as changed</p>")
    assert "not signed as it is" in enter("", study, "sign", "verify", str(moved)).out

    # Signatures are sealed with all else; a child's go with the child.
    with study.engine.begin() as connection:
        make_seal(connection)
    with study.engine.begin() as connection, pytest.raises(Exception, match="only ever added"):
        connection.execute(text("update reference.signature set meaning = 'x'"))
    assert enter("", study, "patient", "erase", "P001", "--reason", "asked").status == 0
    left = enter("", study, "sign", "list", "--format", "json").document
    assert {one["patient_id"] for one in left} == {None}
    assert verify(study.engine).findings == []
    gone = enter("", study, "sign", "verify", "--format", "json")
    assert [(one["what"], one["as_signed"]) for one in gone.document] == [("freeze paper", False)]
    assert enter("", study, "freeze", "drop", "paper", "--reason", "over").status == 0
    dropped = enter("", study, "sign", "verify", "--format", "json")
    assert [one["state"] for one in dropped.document] == ["dropped"]


def test_a_server_that_asks_for_a_password_is_asked(kept: Database) -> None:
    """One that lets everybody in proves nobody: there the registry's own password is asked for."""
    with kept.engine.connect() as connection:
        assert passwords.asked_for(connection, kept, "anna").by == "signing_password"
    trusted = kept.url.set(password="whatever")
    engine = connect_to(trusted)
    where = Database(engine, trusted, embedded=False, programs=None)
    with engine.connect() as connection:
        assert passwords.asked_for(connection, where, "anna").by == "signing_password"
    engine.dispose()
