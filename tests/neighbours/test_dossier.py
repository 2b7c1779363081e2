"""The dossier: every item answered, each number that of a query of its own."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from registry.database.engine import Database
from registry.report.dossier_items import ITEMS
from tests.programs import Program


class Shown(HTMLParser):
    """The words that a page shows."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def facts_of(document: dict[str, Any]) -> dict[str, str]:
    return {one["fact"]: one["value"] for item in document["items"] for one in item["facts"]}


@pytest.fixture
def document(shared_study: Database, program: Program, tmp_path: Path) -> dict[str, Any]:
    file = tmp_path / "dossier.json"
    outcome = program(shared_study, "dossier", "--to", str(file), "--definition", "paper")
    assert outcome.status == 0, outcome
    assert file.stat().st_mode & 0o777 == 0o600
    assert f"{len(ITEMS)} items written" in outcome.err
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def test_numbers_are_those_of_the_published_study_and_of_the_database(
    document: dict[str, Any], shared_study: Database
) -> None:
    facts = facts_of(document)
    # The study printed these: 85 started infliximab, 69 entered the cohort, 18 lost response.
    assert facts["Children with infliximab"] == "85"
    assert facts["Eligible"] == facts["Children of the cohort"] == "69"
    assert facts["Losses of response"] == "18"
    assert int(facts["Children, female"]) + int(facts["Children, male"]) == int(facts["Children"])
    with shared_study.engine.connect() as connection:
        for fact, query in {
            "Infusions of infliximab": "select count(*) from clinical.infusion",
            "Changes of records in the audit": "select count(*) from audit.record_change",
            "Children whose data research may not use": "select count(*) from rules.withdrawn_use",
        }.items():
            assert facts[fact] == str(connection.execute(text(query)).scalar_one())
    by_command = [int(value) for fact, value in facts.items() if fact.startswith("Changes of rec")]
    assert sum(by_command) == 2 * int(facts["Changes of records in the audit"])


def test_every_item_is_answered_or_asked_for(document: dict[str, Any]) -> None:
    assert [one["item"] for one in document["items"]] == [item.key for item in ITEMS]
    for one in document["items"]:
        assert one["facts"] or one["to_state"], one["item"]
        assert one["ema"]
        assert one["request"].startswith(("A: ", "B: ", "C: "))
    # The sections of the annex of the guideline that ask for something.
    asked = " ".join(one["ema"] for one in document["items"])
    assert {"A.2", "A.3", "A.4", "A.5", "A.6"} <= set(asked.replace(";", "").split())


def test_few_children_are_not_told_where_it_leaves(
    shared_study: Database, program: Program, tmp_path: Path
) -> None:
    file = tmp_path / "dossier.json"
    words = ("dossier", "--to", str(file), "--definition", "paper", "--disclosure", "publish")
    assert program(shared_study, *words).status == 0
    document = json.loads(file.read_text(encoding="utf-8"))
    limit = document["fewest_children_told"]
    assert limit > 1
    facts = facts_of(document)
    assert f"fewer than {limit}" in facts.values()
    told = [
        int(value)
        for fact, value in facts.items()
        if fact.startswith(("Children", "Excluded", "End of follow-up")) and value.isdigit()
    ]
    assert all(value == 0 or value >= limit for value in told)
    # Where one is hidden the others of its item do not give it away.
    for item in document["items"]:
        values = [one["value"] for one in item["facts"] if one["fact"].startswith("Children, ")]
        if f"fewer than {limit}" in values:
            assert not any(value.isdigit() and int(value) > 0 for value in values)


def test_a_page_and_markdown_tell_the_same(
    document: dict[str, Any], shared_study: Database, program: Program, tmp_path: Path
) -> None:
    for ending in ("html", "md"):
        file = tmp_path / f"dossier.{ending}"
        words = ("dossier", "--to", str(file), "--definition", "paper")
        assert program(shared_study, *words).status == 0
        written = file.read_text(encoding="utf-8")
        if ending == "html":
            parser = Shown()
            parser.feed(written)
            written = " ".join(parser.words)
        for fact in facts_of(document):
            assert fact in written
        assert "To be stated by the registry's holder" in written
    wrong = program(shared_study, "dossier", "--to", str(tmp_path / "dossier.txt"))
    assert "does not tell a format" in wrong.refused(2)
    again = program(shared_study, "dossier", "--to", str(tmp_path / "dossier.md"))
    assert "is there already" in again.refused(1)
