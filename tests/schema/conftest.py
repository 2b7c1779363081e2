"""A patient to hang records on."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection

from tests.schema.catalogue import add_patient


@pytest.fixture
def patient(database: Connection) -> int:
    """A child born on 3 February 2010, in the transaction of the test."""
    return add_patient(database)
