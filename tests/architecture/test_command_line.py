"""Every command has its help, with an example; and help is quick, for it loads next to nothing."""

from __future__ import annotations

import inspect
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from registry.cli import app
from registry.clinical_tables import BY_COMMAND
from registry.errors import WrongUsage

PROJECT = Path(__file__).parents[2]
HEAVY = (
    "pydantic",
    "sqlalchemy",
    "psycopg",
    "alembic",
    "pandas",
    "numpy",
    "scipy",
    "lifelines",
    "statsmodels",
    "matplotlib",
    "openpyxl",
    "pyarrow",
    "faker",
    "rich.progress",
)
# The contract's commands; those for single records are of a later part of the registry.
CONTRACT = {
    "demo",
    "db upgrade",
    "db status",
    "db url",
    "db psql",
    "import",
    "derive",
    "status",
    "explain",
    "patient show",
    "definition list",
    "definition show",
    "definition add",
    *(f"analyse {name}" for name in ("flow", "table1", "table2", "km", "cox", "tdm", "outcomes")),
    "sql",
    "export",
    "synth",
}
# Asks for every help in one process and then says which modules that has loaded.
ASK = """
import contextlib, io, json, sys
from registry.cli import app
from registry.clinical_tables import BY_COMMAND
from registry.errors import WrongUsage
for words in json.loads(sys.argv[1]):
    with contextlib.redirect_stdout(io.StringIO()) as shown:
        try:
            app([*words, "--help"])
        except SystemExit as end:
            assert not end.code, (words, end.code)
    assert "Usage" in shown.getvalue(), words
print(json.dumps(sorted(sys.modules)))
"""


def tree(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command with the words that call it, groups included."""
    yield words, command
    if hasattr(command, "list_commands"):
        context = command.context_class(command)
        for name in command.list_commands(context):
            yield from tree(command.get_command(context, name), (*words, name))


EVERY = dict(tree(get_command(app)))
# Their options are made from the declarations, which stand on the mapped columns.
OF_RECORDS = {words for words in EVERY if words and words[0] in BY_COMMAND}
COMMANDS = {words: found for words, found in EVERY.items() if not hasattr(found, "commands")}


def test_the_commands_of_the_contract_are_there() -> None:
    assert {" ".join(words) for words in COMMANDS} >= CONTRACT


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_a_command_says_what_it_does(words: tuple[str, ...]) -> None:
    assert EVERY[words].help
    assert not EVERY[words].hidden


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_command_gives_an_example_that_it_understands(words: tuple[str, ...]) -> None:
    [example] = re.findall(r"^\s*Example: (.+)$", inspect.cleandoc(COMMANDS[words].help), re.M)
    assert example.startswith(f"registry {' '.join(words)}")
    given = shlex.split(example)[1 + len(words) :]
    # Raises where an option is unknown, an argument missing or a value of the wrong kind.
    COMMANDS[words].make_context(" ".join(words), given, resilient_parsing=False)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_option_and_argument_says_what_it_is_for(words: tuple[str, ...]) -> None:
    assert [one.name for one in COMMANDS[words].params if not getattr(one, "help", None)] == []


@pytest.mark.parametrize(
    "words",
    [words for words in COMMANDS if words[0] in ("status", "explain", "analyse", "definition")],
    ids=" ".join,
)
def test_what_lists_or_analyses_has_the_three_formats(words: tuple[str, ...]) -> None:
    context = COMMANDS[words].make_context(" ".join(words), [], resilient_parsing=True)
    assert re.search(r"--format <table\|json\|csv>", COMMANDS[words].get_help(context))


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_without_a_definition_the_registrys_default_holds(words: tuple[str, ...]) -> None:
    given = [option.default for option in EVERY[words].params if option.name == "definition"]
    assert given in ([], [None])


def ask(words: list[tuple[str, ...]]) -> set[str]:
    """The modules that a fresh interpreter has loaded after showing these helps."""
    done = subprocess.run(
        [sys.executable, "-c", ASK, json.dumps(words)],
        capture_output=True,
        text=True,
        cwd=PROJECT,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return set(json.loads(done.stdout))


def test_help_loads_neither_the_database_nor_the_analyses() -> None:
    loaded = ask([words for words in EVERY if words not in OF_RECORDS])
    assert "typer" in loaded
    assert sorted(set(HEAVY) & loaded) == []


def test_help_of_single_records_loads_no_more_than_the_declarations() -> None:
    loaded = ask(list(OF_RECORDS))
    assert sorted(set(HEAVY) & loaded) == ["sqlalchemy"]


def test_a_value_that_needs_no_conversion_loads_nothing_to_convert_it() -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-X", "importtime", "-m", "registry", "--home", "/nowhere"),
            *("infusion", "list", "P001", "--limit", "5", "--format", "json"),
        ],
        capture_output=True,
        text=True,
        cwd=PROJECT,
        timeout=60,
        check=False,
    )
    assert "There is no registry in /nowhere" in done.stderr
    loaded = set(re.findall(r"\| +(\S+)$", done.stderr, re.M))
    assert "sqlalchemy" in loaded
    assert "pydantic" not in loaded


def test_a_command_loads_no_other_command() -> None:
    loaded = ask([("status",)])
    assert "registry.cli.status" in loaded
    assert {
        "registry.cli.analyse.group",
        "registry.cli.visit.command",
        "registry.cli.worklist",
    } & loaded == set()


def test_a_command_that_fails_at_its_options_loads_them_no_more_than_help() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "registry", "status", "--nonsense"],
        capture_output=True,
        text=True,
        cwd=PROJECT,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    loaded = set(re.findall(r"\| +(\S+)$", done.stderr, re.M))
    assert "typer" in loaded
    assert sorted(set(HEAVY) & loaded) == []


@pytest.mark.parametrize(
    ("words", "meant"),
    [(("pateint",), "patient"), (("patient", "lsit"), "list"), (("analyse", "kmm"), "km")],
    ids=" ".join,
)
def test_a_misspelt_command_is_told_what_it_is_like(words: tuple[str, ...], meant: str) -> None:
    with pytest.raises(WrongUsage) as refused:
        app(list(words))
    assert refused.value.exit_status == 2
    assert f"Did you mean {meant}?" in str(refused.value)


def test_the_program_is_the_same_by_both_its_names() -> None:
    for program in (
        [str(Path(sys.executable).with_name("registry"))],
        [sys.executable, "-m", "registry"],
    ):
        done = subprocess.run(
            [*program, "--version"], capture_output=True, text=True, timeout=60, check=False
        )
        assert re.fullmatch(r"registry \d+\.\d+\.\d+\n", done.stdout)
