"""Analyses, their refusals and their tables in Chinese; what is stored or published in English."""

from __future__ import annotations

import json

import pytest

from registry.cli.report.command import TITLE
from registry.cli.report.content import content_of, facts_of
from registry.database.engine import Database
from registry.report.page import page
from registry.report.preamble import Facts
from registry.report.telling import Content
from registry.report.text import render
from registry.words import spoken
from tests.programs import Program

from .conftest import Speak
from .test_language import CHINESE


@pytest.fixture(scope="module")
def english(shared_study: Database) -> tuple[Content, Facts]:
    return made(shared_study)


def made(study: Database) -> tuple[Content, Facts]:
    """What a report is made of, in the language that is spoken."""
    with study.engine.connect() as connection:
        content = content_of(connection, "paper", losses=True)
        facts = facts_of(connection, "paper", content.data_hash, title=TITLE, nature="")
    return content, facts


def test_documents_and_the_page_are_english_in_every_language(
    shared_study: Database, english: tuple[Content, Facts], speak: Speak
) -> None:
    content, facts = english
    shown = page(content, facts)
    speak("zh_CN")
    chinese, chinese_facts = made(shared_study)
    assert json.dumps(chinese.documents) == json.dumps(content.documents)
    assert json.dumps(chinese.curves) == json.dumps(content.curves)
    assert page(chinese, chinese_facts) == shown


def test_every_table_of_an_analysis_is_said(english: tuple[Content, Facts], speak: Speak) -> None:
    """Titles, lines and notes are Chinese; numbers are those of the English table."""
    content, _ = english
    documents, told = content.documents, content.tellings
    tables = {
        name: [] if isinstance(one, str) else told[name].laid_out(one)
        for name, one in documents.items()
    }
    speak("zh_CN")
    for name, document in documents.items():
        if isinstance(document, str):
            assert CHINESE.search(spoken(document)), document
            continue
        for table, other in zip(told[name].laid_out(document), tables[name], strict=True):
            for words in (table.title, *table.lines, *table.notes):
                assert CHINESE.search(words), words
                assert "{" not in words
            assert render(table) != render(other)
            assert [numbers(row) for row in table.rows] == [numbers(row) for row in other.rows]


def numbers(row: tuple[str, ...]) -> list[str]:
    """The cells that are a number alone."""
    return [cell for cell in row if cell.replace(".", "", 1).lstrip("-").isdigit()]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("km", "--by", "nothing"), "错误：没有名为 nothing 的协变量。"),
        (("cox", "--covariates", "bmi_z_low", "--robust", "centre"), "错误：全部患者来自同一中心"),
        (("risk", "P001"), "错误：69 名患者中 34 名各协变量"),
    ],
)
def test_a_refusal_is_said(
    asked: tuple[str, ...], said: str, shared_study: Database, speak: Speak, program: Program
) -> None:
    speak("zh_CN")
    done = program(shared_study, "analyse", *asked)
    assert done.status in (2, 4)
    assert done.err.startswith(said)
    assert all(CHINESE.search(line) for line in done.err.splitlines())


def test_an_analysis_is_said_and_its_json_stays(
    shared_study: Database, speak: Speak, program: Program
) -> None:
    def printed(form: str) -> str:
        return program(shared_study, "analyse", "compare-published", "--format", form).out

    english = {form: printed(form) for form in ("json", "csv")}
    speak("zh_CN")
    assert {form: printed(form) for form in english} == english
    told = printed("table")
    assert "已发表的与严谨的 Cox 模型" in told
    assert "永生时间" in told
    assert "Holding it fixed" not in told
