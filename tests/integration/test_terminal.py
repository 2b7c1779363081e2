"""Signs that command a terminal, in whatever the program prints: each is shown, none arrives."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pexpect
import pytest
from sqlalchemy import text

from registry.cli.frame.terminal import as_text
from registry.database.engine import Database
from registry.terminal_width import columns
from tests.conftest import Command, place
from tests.programs import Program
from tests.records.conftest import CHILD

# Clears the screen, writes the title and asks the terminal to type: by ESC, by C1 alone, by BEL.
EVIL = "a\x1b[2Jb\x1b]0;title\x07c\x9b31md\x7f"
SHOWN = "a␛[2Jb␛]0;title␇c\ufffd31md␡"
# What our own colours and Python's line editing send, which is no part of any value.
OURS = re.compile(r"\x1b\[[0-9;?]*[mlhKA]|\r")
CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")


def seen(where: Database, *arguments: str, **variables: str) -> str:
    """All that a terminal was sent, without our own colours."""
    child = pexpect.spawn(
        sys.executable,
        ["-m", "registry", *place(where), *arguments],
        dimensions=(24, 200),
        encoding="utf-8",
        timeout=60,
        env={**os.environ, "TERM": "xterm-256color", **variables},
    )
    child.expect(pexpect.EOF)
    child.close()
    return OURS.sub("", child.before or "")


def test_every_sign_that_commands_is_shown_in_one_column() -> None:
    assert as_text(EVIL) == SHOWN
    assert columns(as_text(EVIL)) == len(EVIL)
    assert as_text("Müller 女\n\t9 ≥ 8") == "Müller 女\n\t9 ≥ 8"
    # From right to left: what reads "exe.txt" is another file.
    assert as_text("txt\u202eexe") == "txt\ufffdexe"


@pytest.fixture(scope="module")
def evil(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file whose header, name and cell command the terminal."""
    file = tmp_path_factory.mktemp("evil") / "infusions\x1b[2J.csv"
    file.write_text(f"patient_id,{EVIL}\nP001,{EVIL}\n", encoding="utf-8")
    return file


def test_of_a_file(shared_study: Database, evil: Path) -> None:
    for path in (evil, evil.with_name("not there\x1b[2J.csv")):
        said = seen(shared_study, "import", str(path))
        assert "␛[2J" in said
        assert not CONTROLS.search(said), said


def test_of_what_the_registry_holds(study: Database, program: Program) -> None:
    """A reason, a person's name and a value: in tables, on a child's screen, in the history."""
    assert program(study, *CHILD).status == 0
    add = ("infusion", "add", "T1", "--infused-on", "2020-01-07", "--dose-mg", "150")
    assert program(study, *add, "--weight-kg", "30", "--product", "x").status == 0
    # No entry lets such a sign in; whoever writes to the table by hand may.
    with study.engine.begin() as connection:
        connection.execute(
            text("update clinical.infusion set product = :p where product = 'x'"), {"p": EVIL}
        )
    for user, reason in ((EVIL, "x"), ("x", EVIL)):
        changed = ("infusion", "amend", "T1", "2020-01-07", "--user", user, "--reason", reason)
        assert program(study, *changed, "--dose-mg", "160" if reason == "x" else "170").status == 0
    for asked in (
        ("history", "T1"),
        ("infusion", "show", "T1", "2020-01-07"),
        ("infusion", "list", "T1"),
        ("sql", "select product from infusion where product like 'a%'"),
        ("patient", "show", "T1", "--all"),
    ):
        said = seen(study, *asked)
        assert not CONTROLS.search(said), (asked, said)
        assert "patient" in asked or SHOWN in said, (asked, said)
    form = pexpect.spawn(
        sys.executable,
        ["-m", "registry", *place(study), "visit", "T1", "--on", "2020-01-07"],
        dimensions=(60, 200),
        encoding="utf-8",
        timeout=60,
        env={**os.environ, "TERM": "xterm-256color"},
    )
    form.expect_exact("a␛[2Jb␛]0;")
    form.sendcontrol("c")
    form.expect(pexpect.EOF)
    form.close()
    assert "]0;title\x07" not in (form.before or "")


def test_standard_error_is_text_in_a_pipe_too_and_data_stay_data(
    shared_study: Database, process: Command, evil: Path
) -> None:
    refused = process(shared_study, "import", str(evil), encoding="utf-8")
    assert "␛[2J" in refused.stderr
    assert not CONTROLS.search(refused.stderr)
    asked = ("sql", "select chr(27) || '[2J' as x", "--format", "csv")
    assert process(shared_study, *asked).stdout == "x\n\x1b[2J\n"
