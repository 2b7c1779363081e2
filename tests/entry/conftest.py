"""The commands of one registry, one after the other."""

from __future__ import annotations

import pytest

from tests.programs import Program


@pytest.fixture
def program(quick_program: Program) -> Program:
    """Several commands a test, on one registry."""
    return quick_program
