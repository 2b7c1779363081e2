"""Two children of the study with identities, which hold the marks of `tests.identifiers`."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry.database.engine import Database
from tests.identifiers import SEARCH
from tests.programs import Program


@pytest.fixture
def study(nameless: Database) -> Database:
    """The study cohort, derived, in which nobody's identity is kept yet."""
    return nameless


@pytest.fixture
def known(study: Database, program: Program) -> Database:
    """The study's registry with identities of P001 and P002."""
    for line in (
        (
            "P001",
            "--number",
            "0070419062817",
            "--name",
            "Li Zqvarin",
            "--contact",
            "021-70419062817",
        ),
        ("P002", "--number", "７７-12 03", "--name", "王魍魉", "--identity-number", "X4402"),
    ):
        assert program(study, "identity", "add", *line).status == 0
    return study


@pytest.fixture
def visits(tmp_path: Path) -> Path:
    """Two weights by hospital numbers, written in another way than they were kept."""
    file = tmp_path / "anthropometry.csv"
    file.write_text(
        "patient_id,measured_on,weight_kg\n70419062817,2019-05-03,21.5\n77-1203,2019-05-04,22\n",
        encoding="utf-8",
    )
    SEARCH.allow(file)
    return file
