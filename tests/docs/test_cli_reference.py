"""docs/cli.md is what the commands say of themselves, and what it says of them holds."""

from __future__ import annotations

import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from types import ModuleType

import pytest

from registry.cli import run
from registry.clinical_tables import BY_COMMAND
from tests.architecture.test_command_line import COMMANDS
from tests.docs.pages import PROJECT, load
from tests.docs.test_examples import example

# They wait for the database, want none by a URL, or read a backup first.
NOT_AWAY = {("schedule", verb) for verb in ("run", "once", "backup")}
NOT_AWAY |= {("db", "serve"), ("db", "restore")}
# They read a file first, which is not there.
NOT_AWAY |= {("audit", "check"), ("sign", "file"), ("db", "verify")}
NOT_AWAY |= {("study", verb) for verb in ("new", "check", "answer", "combine", "show")}
# It makes a server of its own.
NOT_AWAY |= {("validate",)}


@pytest.fixture(scope="module")
def script() -> ModuleType:
    return load(PROJECT / "scripts" / "cli_reference.py")


def test_the_reference_is_current(script: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert script.main(["--check"]) == 0, capsys.readouterr().out


def test_a_reference_that_is_not_current_is_said_to_be_so(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(script, "REFERENCE", PROJECT / "README.md")
    assert script.main(["--check"]) == 1
    assert "scripts/cli-reference" in capsys.readouterr().out


def test_no_place_of_this_computer_is_in_it(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow = script.reference()
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("REGISTRY_HOME", "/somewhere")
    monkeypatch.setenv("REGISTRY_SCHEDULE", "/somewhere/plan.toml")
    assert script.reference() == narrow


def test_every_command_and_every_example_is_in_it(script: ModuleType) -> None:
    text = script.reference()
    for words, command in COMMANDS.items():
        [example] = re.findall(r"^\s*Example: (.+)$", command.help, re.M)
        assert f"\n{example.strip()}\n" in text, words


def test_without_a_database_a_command_ends_as_the_reference_says(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "visits").mkdir()
    (tmp_path / "visit.toml").write_text("on = 2024-03-01\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    away = ["--database-url", "postgresql://nobody@127.0.0.1:1/none"]
    ended = {}
    for words in set(COMMANDS) - NOT_AWAY:
        if words[0] not in BY_COMMAND or words[0] == "patient":
            # A definition list or a codebook prints much; nobody reads it here.
            with pytest.raises(SystemExit) as end, redirect_stdout(StringIO()):
                run([*away, *example(words)])
            ended[words] = end.value.code or 0
    assert ended == {words: 0 if words in script.WITHOUT_DATABASE else 3 for words in ended}


def test_every_link_leads_to_a_heading(script: ModuleType) -> None:
    text = script.reference()
    headings = {
        re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", text, re.M)
    }
    assert set(re.findall(r"\(#([^)]+)\)", text)) <= headings


def test_the_guide_for_several_hospitals_types_what_there_is() -> None:
    page = (PROJECT / "docs" / "several-hospitals.md").read_text(encoding="utf-8")
    lines = re.findall(r"^registry study (\w+)((?:.*\\\n)*.*)$", page, re.M)
    assert {verb for verb, _ in lines} == {"key", "new", "check", "answer", "combine", "show"}
    for verb, options in lines:
        known = {name for one in COMMANDS["study", verb].params for name in one.opts}
        assert set(re.findall(r"(?<= )--[\w-]+", options)) <= known, verb
