"""With next to nothing to analyse the page still comes, with sentences where there is no result."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import docx
import pytest
from openpyxl import load_workbook
from sqlalchemy import Connection, text

from registry.cli.report.content import content_of, facts_of
from registry.database.engine import Database
from registry.report.manuscript import write_manuscript
from registry.report.page import page
from registry.report.tables_book import write_tables_book
from registry.report.telling import Content

from .reading import Element, read

# Who is left of the study.
KEPT = {
    "nobody": "false",
    "one who lost response": "p.study_id = 'P045'",
    "nobody who lost response": "not exists (select from derived.lor_status s where s.event"
    " and s.definition = 'paper' and s.patient_id = p.patient_id)",
}


@pytest.fixture(params=list(KEPT))
def small(
    request: pytest.FixtureRequest, shared_study: Database
) -> Iterator[tuple[str, Connection]]:
    """The study as analysts see it, of whom only some are left."""
    with shared_study.engine.connect() as connection:
        transaction = connection.begin()
        connection.execute(
            text(
                "delete from derived.lor_status where patient_id in (select p.patient_id"
                f" from reference.patient_number p where not ({KEPT[request.param]}))"
            )
        )
        yield request.param, connection
        transaction.rollback()


def made(connection: Connection) -> tuple[Content, str, Element]:
    content = content_of(connection, "paper", losses=True)
    facts = facts_of(connection, "paper", content.data_hash, title="T", nature="")
    html = page(content, facts)
    return content, html, read(html)


@pytest.mark.filterwarnings("error")
def test_the_page_comes(small: tuple[str, Connection]) -> None:
    name, connection = small
    content, html, root = made(connection)
    sentences = [one for one in content.documents.values() if isinstance(one, str)]
    assert sentences
    shown = " ".join(one.text for one in root.all("p") if one.attributes.get("class") == "none")
    for one in sentences:
        assert one.split("\n")[0][:60] in shown or "week 14" in one
    assert not re.findall(r"[>(](?:nan|None|inf)[<,)]", html)
    if name == "nobody":
        assert len(root.all("figure")) == 1
        assert "The cohort is empty" in shown


@pytest.mark.parametrize("small", ["nobody"], indirect=True)
def test_the_files_come_too(small: tuple[str, Connection], tmp_path: Path) -> None:
    _, connection = small
    content = content_of(connection, "paper")
    facts = facts_of(connection, "paper", content.data_hash, title="T", nature="")
    for write, name in ((write_manuscript, "t.docx"), (write_tables_book, "t.xlsx")):
        write(content, facts, tmp_path / name)
    assert docx.Document(str(tmp_path / "t.docx")).tables
    assert load_workbook(tmp_path / "t.xlsx").sheetnames
