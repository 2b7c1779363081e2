"""The study's cohort, analysed and published once for all tests of a worker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from registry.cli.analyse.data import Data
from registry.cli.report.content import content_from
from registry.database.engine import Database
from registry.disclosure.audience import Audience
from registry.report.telling import Content


@pytest.fixture(scope="session")
def study_data(shared_study: Database) -> Iterator[Data]:
    with shared_study.engine.connect() as connection:
        yield Data(lambda: (connection, "paper"))


@pytest.fixture(scope="session")
def published_study(study_data: Data) -> Content:
    """What a report tells of it when it leaves the centre."""
    return content_from(study_data, audience=Audience.PUBLISH)
