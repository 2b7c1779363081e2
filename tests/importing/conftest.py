"""A registry shared by the tests of one module that write nothing which stays."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import URL, Connection

from tests.conftest import Databases, opened_for_test
from tests.sweep import sweep

pytest.register_assert_rewrite("tests.importing.tables")


@pytest.fixture(scope="session")
def importing_url(databases: Databases, migrated_template: str) -> URL:
    """A migrated, empty registry in which nothing is ever committed."""
    return databases.create(migrated_template)


@pytest.fixture(scope="module")
def bench(importing_url: URL) -> Iterator[Connection]:
    """A connection for a whole module: each test works in a savepoint of its own."""
    with (
        opened_for_test(importing_url) as opened,
        opened.engine.connect() as connection,
    ):
        transaction = connection.begin()
        yield connection
        transaction.rollback()
        sweep(connection)


@pytest.fixture
def connection(bench: Connection) -> Iterator[Connection]:
    """An empty registry; whatever the test writes is taken back."""
    savepoint = bench.begin_nested()
    yield bench
    savepoint.rollback()
