"""Every declared analysis has its command, its three formats, its place in a report, its words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from inspect import cleandoc, signature
from pathlib import Path
from typing import Any

import docx
import pytest
from openpyxl import load_workbook
from typer.main import get_command

from registry.analysis import resampling
from registry.cli import app
from registry.cli.analyse import apart
from registry.cli.analyse.analyses import ANALYSES, BY_NAME, Analysis
from registry.cli.analyse.data import Data
from registry.database.engine import Database
from registry.report.manuscript import write_manuscript
from registry.report.page import page
from registry.report.preamble import Facts
from registry.report.tables_book import write_tables_book
from registry.report.telling import Content
from registry.report.text import WIDTH, render
from tests.programs import Program, offered

from .reading import Element, read, rows_of

DOCS = Path(__file__).parents[2] / "docs"
COMMANDS = [one for one in ANALYSES if one.rows]
# The study cannot carry the model of the default covariates.
CARRIED = "week14_pcdai,bmi_z,growth_delay"
# Nor a target trial, with 5 losses in an arm: what its tables are is shown all the same.
CARRIED_BY: dict[str, dict[str, Any]] = {
    "risk": {"covariates": CARRIED, "resamples": 50},
    "target-trial": {"events_per_arm": 5, "resamples": 50},
}

# What reads the views that a report of it does not need.
READS_BY: dict[str, dict[str, Any]] = {"km": {"by": "perianal"}}

every = pytest.mark.parametrize("analysis", ANALYSES, ids=lambda one: one.name)
every_command = pytest.mark.parametrize("analysis", COMMANDS, ids=lambda one: one.name)


@pytest.fixture(scope="module")
def whole(content: Content, shared_study: Database) -> Content:
    """A report in which no analysis is a sentence."""
    with shared_study.engine.connect() as connection:
        data = Data(lambda: (connection, "paper"))
        found = {
            name: BY_NAME[name].document(
                BY_NAME[name].run(data.of(BY_NAME[name].reads), **options), full=True
            )
            for name, options in CARRIED_BY.items()
        }
    made = replace(content, documents={**content.documents, **found})
    assert not any(isinstance(one, str) for one in made.documents.values())
    return made


@pytest.fixture(scope="module")
def shown(whole: Content, facts: Facts) -> Element:
    return read(page(whole, facts))


@pytest.fixture(scope="module")
def files(
    whole: Content, facts: Facts, tmp_path_factory: pytest.TempPathFactory
) -> tuple[list[str], list[str]]:
    """Captions of the Word file, and names of the sheets."""
    folder = tmp_path_factory.mktemp("every")
    write_manuscript(whole, facts, folder / "t.docx")
    write_tables_book(whole, facts, folder / "t.xlsx")
    word = docx.Document(str(folder / "t.docx"))
    captions = [one.text for one in word.paragraphs if one.style.name == "Caption"]
    return captions, load_workbook(folder / "t.xlsx").sheetnames


def test_the_commands_are_the_list() -> None:
    root = get_command(app)
    group: Any = root.get_command(root.context_class(root), "analyse")
    assert list(group.commands) == [one.name for one in COMMANDS]
    assert len({one.name for one in ANALYSES}) == len(ANALYSES)


@every_command
def test_it_has_help_with_an_example_and_stands_in_the_reference(analysis: Analysis) -> None:
    words = cleandoc(analysis.run.__doc__ or "")
    assert re.search(rf"^Example: registry analyse {analysis.name}\b", words, re.M)
    reference = (DOCS / "cli.md").read_text(encoding="utf-8")
    assert f"### registry analyse {analysis.name}\n" in reference
    assert " ".join(words.split("\n\n")[0].split()) in reference


@every_command
def test_the_shell_completes_it_and_its_options(analysis: Analysis) -> None:
    assert analysis.name in offered("analyse", analysis.name[:-1])
    options = offered("analyse", analysis.name, "--")
    assert {"--definition", "--format"} <= set(options)
    # Beside those that all have, one for each parameter of what runs it; a patient is an argument.
    shared = {
        "--definition", "--disclosure", "--format", "--help", "--figure", "--part", "--freeze",
        "--as-of",
    }  # fmt: skip
    own = set(signature(analysis.run).parameters) - {"data", "patient"}
    assert len(set(options) - shared) == len(own)


@every_command
def test_it_prints_json_csv_and_a_table(
    analysis: Analysis, program: Program, shared_study: Database
) -> None:
    options = CARRIED_BY.get(analysis.name, {})
    more = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    asked = ("analyse", analysis.name, *more, "--format", "json")
    document = program(shared_study, *asked).document
    assert document.get("definition", document.get("reference")) is not None
    for part in analysis.rows.values():
        flat = part(document)
        assert flat
        assert len({tuple(row) for row in flat}) == 1
    for table in analysis.laid_out(document):
        assert table.rows
        assert max(map(len, render(table).splitlines())) <= WIDTH


@every
def test_it_has_its_place_in_the_report(
    analysis: Analysis, shown: Element, files: tuple[list[str], list[str]]
) -> None:
    [section] = [one for one in shown.all("section") if one.attributes["id"] == analysis.section]
    if analysis.heading:
        assert section.all("h2")[0].text == analysis.heading
    if analysis.tables is None:
        # A drawing alone.
        assert f"figure-{analysis.name}" in [one.attributes["id"] for one in section.all("figure")]
        return
    [table] = [
        one for one in section.all("table") if one.attributes["id"] == f"table-{analysis.name}"
    ]
    assert rows_of(table)
    captions, sheets = files
    assert table.all("caption")[0].text in captions
    assert analysis.name in sheets


def _curve(data: Data) -> str:
    return json.dumps(BY_NAME["km"].reported(data), default=str)


@pytest.mark.parametrize("beside_them", [None, _curve], ids=["begun anew", "a copy"])
def test_what_runs_apart_comes_to_the_same(
    shared_study: Database,
    monkeypatch: pytest.MonkeyPatch,
    beside_them: Callable[[Data], Any] | None,
) -> None:
    if beside_them is None:
        monkeypatch.setattr(apart, "MANY", 1)
    monkeypatch.setattr(resampling, "cores", lambda: 2)
    # What it tells, and what it refuses.
    only = [BY_NAME["impute"], BY_NAME["risk"]]
    with shared_study.engine.connect() as connection:
        data = Data(lambda: (connection, "paper"))
        alone = [one.reported(data) for one in only]
        with apart.apart(Data(data.connect), only, beside_them) as elsewhere:
            runs = [one.reported_by for one in reversed(only)]
            assert list(elsewhere.elsewhere) == [*filter(None, [beside_them]), *runs]
            there = [one.reported(elsewhere) for one in only]
            if beside_them is not None:
                assert elsewhere.result(beside_them) == beside_them(data)
    assert isinstance(alone[1], str)
    assert json.dumps(there, default=str) == json.dumps(alone, default=str)


@every
def test_it_reads_what_it_declares(analysis: Analysis, shared_study: Database) -> None:
    with shared_study.engine.connect() as connection:
        data = Data(lambda: (connection, "paper"))
        analysis.reported(data)
        if analysis.name in READS_BY:
            analysis.run(data.of(analysis.reads), **READS_BY[analysis.name])
    read_views = {name for kind, name in data.kept if kind == "view"}
    assert read_views <= set(analysis.reads)
    assert set(analysis.reads) - read_views <= {"exposure"}


def test_the_items_of_tripod_are_answered_from_the_numbers(shown: Element, whole: Content) -> None:
    [section] = [one for one in shown.all("section") if one.attributes["id"] == "tripod"]
    answers = {row.all("th")[0].text: row.all("td")[-1].text for row in section.all("tr")[1:]}
    document = whole.documents["risk"]
    assert not isinstance(document, str)
    assert answers["21"] == f"69 patients, 18 losses, {document['ruled_out']} ruled out"
    assert answers["10"].startswith("6.0 losses per covariate")
    assert answers["8a"] == "loss of response within 12, 24 months of week 14"
    area = document["validation"]["by_time"][-1]["auc"]["corrected"]
    assert f"at 24 months AUC {area:.2f} (" in answers["23a"]
    assert answers["17"] == "to be written by the authors"
    # All 27 items, in order.
    numbers = [int(one.partition("-")[0].rstrip("abcdefg")) for one in answers]
    assert numbers == sorted(numbers)
    assert set(numbers) == set(range(1, 28))
