"""What every source file keeps to."""

from __future__ import annotations

import ast
import re
import tokenize
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
FOLDERS = ("registry", "migrations", "scripts", "tests")
SOURCES = [path for folder in FOLDERS for path in sorted((PROJECT / folder).rglob("*.py"))]
PROGRAM = [path for path in SOURCES if path.relative_to(PROJECT).parts[0] == "registry"]
VIEWS = sorted((PROJECT / "registry" / "views").rglob("*.sql"))
LONGEST = 400
# A table is one statement, and the first migration makes them all.
LONGER = {"migrations/versions/0001_tables.py"}
# In two halves, so that this file is not found itself.
STUBS = re.compile("|".join(f"{a}{b}" for a, b in [("TO", "DO"), ("FIX", "ME"), ("Not", "Impl")]))


def shown(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


def test_there_are_sources() -> None:
    assert len(SOURCES) > 100
    assert len(VIEWS) > 20


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_module_says_what_it_is(folder: str) -> None:
    silent = [
        shown(path)
        for path in SOURCES
        if path.relative_to(PROJECT).parts[0] == folder
        and path.read_text(encoding="utf-8").strip()
        and not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert silent == []


def test_everything_public_of_the_program_says_what_it_is() -> None:
    silent = [
        f"{shown(path)}: {node.name}"
        for path in PROGRAM
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert silent == []


def test_no_file_is_longer_than_can_be_read_at_a_sitting() -> None:
    long = {
        shown(path)
        for path in [*SOURCES, *VIEWS]
        if len(path.read_text(encoding="utf-8").splitlines()) > LONGEST
    }
    assert long - LONGER == set()


def test_nothing_is_left_for_later() -> None:
    found = [
        f"{shown(path)}:{number}: {line.strip()}"
        for path in [*SOURCES, *VIEWS]
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if STUBS.search(line)
    ]
    assert found == []


def test_workbooks_are_made_in_one_place() -> None:
    made = [path.name for path in PROGRAM if re.search(r"\bWorkbook\(", path.read_text("utf-8"))]
    assert made == ["workbook.py"]


def test_no_function_of_the_program_is_empty() -> None:
    empty = [
        f"{shown(path)}:{node.lineno} {node.name}"
        for path in PROGRAM
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and all(is_filler(statement) for statement in node.body)
    ]
    assert empty == []


def is_filler(statement: ast.stmt) -> bool:
    """A docstring, `...` or `pass`."""
    constant = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return constant or isinstance(statement, ast.Pass)


def test_every_source_is_utf_8_with_unix_lines() -> None:
    for path in [*SOURCES, *VIEWS]:
        data = path.read_bytes()
        assert b"\r" not in data, shown(path)
        data.decode("utf-8")
        if path.suffix == ".py":
            with path.open("rb") as file:
                assert tokenize.detect_encoding(file.readline)[0] == "utf-8"


def test_a_view_begins_with_what_a_row_is() -> None:
    for path in VIEWS:
        first = path.read_text(encoding="utf-8").splitlines()[0]
        assert first.startswith("-- "), shown(path)
        if path.parent.name != "functions":
            assert first.startswith("-- One row per "), shown(path)
