"""A ward of hand-made children, in the transaction of the test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection

from registry.database.engine import Database
from tests.worklist.ward import Ward, prepare


@pytest.fixture(scope="session")
def _prepared_connection(_shared_registry: Database) -> Iterator[Connection]:
    with _shared_registry.engine.connect() as connection:
        prepare(connection)
        connection.commit()
        yield connection


@pytest.fixture
def ward(_prepared_connection: Connection) -> Iterator[Ward]:
    """An empty registry; whoever is admitted is gone after the test."""
    transaction = _prepared_connection.begin()
    yield Ward(_prepared_connection)
    transaction.rollback()
