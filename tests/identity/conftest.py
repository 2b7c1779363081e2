"""Two children of the study with identities, and what nobody may see of them anywhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry.database.engine import Database
from tests.programs import Program


@pytest.fixture
def known(study: Database, program: Program) -> Database:
    """The study's registry with identities of P001 and P002."""
    for line in (
        ("P001", "--number", "0012345", "--name", "Li Xiaoming", "--contact", "021-5550199"),
        ("P002", "--number", "７７-12 03", "--name", "王小明", "--identity-number", "X4402"),
    ):
        assert program(study, "identity", "add", *line).status == 0
    return study


@pytest.fixture
def visits(tmp_path: Path) -> Path:
    """Two weights by hospital numbers, written in another way than they were kept."""
    file = tmp_path / "anthropometry.csv"
    file.write_text(
        "patient_id,measured_on,weight_kg\n12345,2019-05-03,21.5\n77-1203,2019-05-04,22\n",
        encoding="utf-8",
    )
    return file
