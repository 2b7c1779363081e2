"""The report of the study, made once, and registries that are nearly empty."""

from __future__ import annotations

from typing import Any

import pytest

from registry.cli.report.content import content_of, facts_of
from registry.database.engine import Database
from registry.report.page import page
from registry.report.preamble import Facts
from registry.report.telling import Content

from .reading import Element, read

NATURE = "Synthetic patients & <no> real child."


@pytest.fixture(scope="session")
def content(shared_study: Database) -> Content:
    with shared_study.engine.connect() as connection:
        return content_of(connection, "paper", losses=True)


@pytest.fixture(scope="session")
def documents(content: Content) -> dict[str, Any]:
    return dict(content.documents)


@pytest.fixture(scope="session")
def facts(shared_study: Database, content: Content) -> Facts:
    with shared_study.engine.connect() as connection:
        return facts_of(
            connection, "paper", content.data_hash, title="Loss of response", nature=NATURE
        )


@pytest.fixture(scope="session")
def html(content: Content, facts: Facts) -> str:
    return page(content, facts)


@pytest.fixture(scope="session")
def root(html: str) -> Element:
    return read(html)


@pytest.fixture(scope="session")
def tables(root: Element) -> dict[str, Element]:
    return {one.attributes["id"]: one for one in root.all("table")}
