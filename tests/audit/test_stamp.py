"""Time stamps of heads, by an authority of the test's own; openssl holds them to it too."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from registry.audit.stamps import check_stamps, roots_of
from registry.audit.verify import verify
from registry.database.engine import Database
from tests.audit.authority import Authority, authority
from tests.programs import Program


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    """An authority as it should be."""
    with authority(tmp_path_factory.mktemp("tsa") / "good") as made:
        yield made


def stamp(good: Authority, *more: str) -> list[str]:
    """The command."""
    return ["audit", "stamp", "--tsa", good.url, "--ca", str(good.root), *more]


def kinds(database: Database, roots: Path | None = None) -> list[str]:
    """What is wrong with the stamps that are kept."""
    with database.engine.connect() as connection:
        trusted = None if roots is None else roots_of(roots)
        return [finding.kind for finding in check_stamps(connection, trusted)]


def test_a_head_is_stamped(
    study: Database, program: Program, good: Authority, tmp_path: Path
) -> None:
    folder = tmp_path / "stamps"
    made = program(study, *stamp(good, "--to", str(folder), "--format", "json")).document
    with study.engine.connect() as connection:
        head = connection.execute(text("select hash from audit.seal")).scalar_one()
    assert (made["seal"], made["head"], made["authority"]) == (1, head, good.url)
    # The authority saw no more than a hash.
    assert head.encode() not in good.asked[-1]

    def held() -> int:
        return subprocess.run(
            [
                "openssl",
                "ts",
                "-verify",
                "-data",
                "head-1.txt",
                "-in",
                "head-1.tsr",
                "-CAfile",
                good.root,
            ],
            cwd=folder,
            capture_output=True,
        ).returncode

    assert held() == 0
    (folder / "head-1.txt").write_text("0" * 64 + "\n")
    assert held() != 0
    # The stamp is of the audit: sealed with what comes next, and held to it.
    assert program(study, "audit", "seal", "--format", "json").document["rows"] == 2
    assert verify(study.engine).findings == []
    again = program(study, *stamp(good, "--reason", "the quarter", "--format", "json")).document
    assert (again["stamp"], again["seal"]) == (2, 2)
    listed = program(study, "audit", "stamps", "--to", str(folder), "--format", "json").document
    assert listed == [made, again]
    assert held() == 0
    with study.engine.begin() as connection, pytest.raises(DBAPIError, match="only ever added"):
        connection.execute(text("update audit.stamp set seal_number = 2"))


def test_what_is_no_stamp_is_refused_and_nothing_stored(
    study: Database, program: Program, good: Authority, tmp_path: Path
) -> None:
    def told(*arguments: str, status: int = 1) -> str:
        return program(study, "audit", "stamp", *arguments).refused(status)

    assert "is no address" in told("--tsa", "file:///etc/passwd", status=2)
    closed = ("--tsa", "http://127.0.0.1:1/", "--ca", str(good.root))
    assert "refused" in told(*closed)
    assert "not trusted" in told("--tsa", good.url)
    (tmp_path / "no.pem").write_text("no")
    assert "no certificate" in told("--tsa", good.url, "--ca", str(tmp_path / "no.pem"))
    assert "no file" in told("--tsa", good.url, "--ca", str(tmp_path / "none"))
    asks = stamp(good)[2:]
    other = good.answer(good.asked[0])
    flipped = bytearray(other)
    flipped[-3] ^= 1
    refusal = bytes.fromhex("30053003020102")
    for answer, why in (
        (b"<html>", "is no time stamp"),
        (b"", "is no time stamp"),
        (other[:-9], "is no time stamp"),
        (refusal, "refused"),
        (500, "it answered 500"),
    ):
        good.says = answer
        assert why in told(*asks), answer
    with study.engine.connect() as connection:
        head = connection.execute(text("select hash from audit.seal")).scalar_one()
    # An old answer of this very head has another nonce.
    for answer, why in ((good.answer(good.asked[-1]), "onc"), (of(good, b"else"), "else than")):
        good.says = answer
        assert why in told(*asks), head
    good.says = None
    with authority(tmp_path / "other") as other_one:
        assert "not trusted" in told("--tsa", other_one.url, "--ca", str(good.root))
    assert program(study, "audit", "stamps", "--format", "json").document == []


def of(good: Authority, words: bytes) -> bytes:
    """A time stamp of other words."""
    (good.folder / "words").write_bytes(words)
    made = subprocess.run(
        ["openssl", "ts", "-query", "-data", "words", "-sha256", "-cert"],
        cwd=good.folder,
        check=True,
        capture_output=True,
    )
    return good.answer(made.stdout)


def test_verify_names_what_an_owner_did(
    study: Database, program: Program, good: Authority, tmp_path: Path
) -> None:
    assert program(study, *stamp(good)).status == 0
    assert (kinds(study), kinds(study, good.root)) == ([], [])
    with authority(tmp_path / "his") as his:
        answer = his.answer(good.asked[-1])
        values = {"answer": answer, "root": his.root.read_text()}
        cases = (
            ("set stamped_at = stamped_at - interval '1 year'", ["stamp_differs"]),
            ("set seal_number = 9", ["stamp_differs"]),
            ("set answer = '\\x3003'", ["stamp_unreadable"]),
            ("set answer = :answer, stamped_at = :moment", ["stamp_untrusted"]),
            # His own authority: what is sealed later does not hold it, nor roots kept elsewhere.
            ("set answer = :answer, trusted = :root, stamped_at = :moment", []),
        )
        from rfc3161_client import decode_timestamp_response

        values["moment"] = decode_timestamp_response(answer).tst_info.gen_time
        with study.engine.connect() as connection:
            for statement, expected in cases:
                attempt = connection.begin()
                connection.exec_driver_sql("alter table audit.stamp disable trigger user")
                asked = text(f"update audit.stamp {statement}")
                connection.execute(asked, {k: v for k, v in values.items() if f":{k}" in statement})
                found = [finding.kind for finding in check_stamps(connection)]
                assert found == expected, statement
                if not expected:
                    roots = roots_of(good.root)
                    found = [finding.kind for finding in check_stamps(connection, roots)]
                    assert found == ["stamp_untrusted"]
                attempt.rollback()
    done = program(study, "audit", "verify", "--ca", str(tmp_path / "his" / "root.pem"))
    assert (done.status, "stamp_untrusted" in done.out) == (1, True)
    assert program(study, "audit", "verify", "--ca", str(good.root)).status == 0
