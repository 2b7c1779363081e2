"""docs/cli.md is what the commands say of themselves, and what it says of them holds."""

from __future__ import annotations

import re
from types import ModuleType

import pytest

from tests.architecture.test_command_line import COMMANDS
from tests.docs.pages import PROJECT, load


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


def test_every_link_leads_to_a_heading(script: ModuleType) -> None:
    text = script.reference()
    headings = {
        re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", text, re.M)
    }
    assert set(re.findall(r"\(#([^)]+)\)", text)) <= headings
