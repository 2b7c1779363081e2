"""The README's blocks do what they show: each command is run, its output compared.

With REGISTRY_REWRITE_DOCS=1 the outputs are written anew; read the difference before keeping it.
"""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from itertools import repeat
from pathlib import Path

import pytest

from registry.database.engine import Database
from registry.derivation.run import derive
from tests.docs.pages import PROJECT, REWRITE, Page, held, load

README = PROJECT / "README.md"

VISITS = """\
patient_id,visited_on,abdominal_pain,total
P001,2018-13-01,5,20
P999,2018-01-01,0,15
P002,2016-05-01,7,12.4
"""


def test_blocks_show_what_the_commands_print(study: Database, tmp_path: Path) -> None:
    (tmp_path / "visits").mkdir()
    (tmp_path / "visits" / "pcdai_visits.csv").write_text(VISITS, encoding="utf-8")
    derive(study.engine, user="tester")
    held(Page(README, tmp_path, study.url))


def test_table_of_the_published_figures_is_current(shared_study: Database) -> None:
    script = load(PROJECT / "scripts" / "published_table.py")
    with shared_study.engine.connect() as connection:
        table = script.markdown(connection)
    if os.environ.get(REWRITE):
        readme = README.read_text(encoding="utf-8")
        old = re.search(r"\| figure \| published.*?\n\n", readme, re.DOTALL)
        assert old is not None
        README.write_text(readme.replace(old[0], table + "\n\n"), encoding="utf-8")
    assert table in README.read_text(encoding="utf-8")


def test_the_tables_of_speed_are_those_that_the_benchmark_prints(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All but what was measured; of the growth the names of the lines alone."""
    monkeypatch.syspath_prepend(str(PROJECT / "scripts"))
    benchmark = importlib.import_module("benchmark")
    growth = importlib.import_module("benchmark_parts.growth")
    plan = benchmark.Plan()
    printed = cells(benchmark.goals_table(plan, {part: repeat("") for part in benchmark.PARTS}))
    shown = table(README, "| what | before | measured | goal |")
    assert len(printed) > 10
    assert [(*row[:2], *row[3:]) for row in shown] == [(*row[:2], *row[3:]) for row in printed]
    assert all(row[2] for row in shown[2:])

    printed = cells(growth.growth_table({children: {} for children in plan.sizes}))
    shown = table(PROJECT / "docs" / "scale.md", "| children |")
    assert shown[0] == printed[0]
    assert [row[0] for row in shown] == [row[0] for row in printed]


def table(page: Path, begins: str) -> list[list[str]]:
    """The rows of the page's table that begins so."""
    text = page.read_text(encoding="utf-8")
    return cells(text[text.index(begins) :].split("\n\n")[0])


def cells(markdown: str) -> list[list[str]]:
    return [[cell.strip() for cell in row.split("|")[1:-1]] for row in markdown.splitlines()]


def test_every_command_is_in_the_readme_or_its_help() -> None:
    help_text = subprocess.run(
        [sys.executable, "-m", "registry", "--help"], capture_output=True, text=True, check=True
    ).stdout
    for name in re.findall(r"`registry ([a-z]+)", README.read_text(encoding="utf-8")):
        assert re.search(rf"^  {name}\b", help_text, re.MULTILINE), name


@pytest.mark.parametrize("name", ["ARCHITECTURE.md", "CHANGELOG.md", "LICENSE"])
def test_documents_are_there(name: str) -> None:
    assert (PROJECT / name).stat().st_size > 200
