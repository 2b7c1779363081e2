"""What takes long is counted on a terminal, and nowhere else."""

from __future__ import annotations

import io

import pytest

from registry.cli.frame.output import counted


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_sees_which_of_how_many_and_is_left_clean(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    screen = _Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    assert list(counted(["flow", "km"], str)) == ["flow", "km"]
    assert screen.getvalue() == "\r1/2 flow\r2/2 km  \r        \r"


def test_a_pipe_sees_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = io.StringIO()
    monkeypatch.setattr("sys.stderr", pipe)
    assert list(counted([1, 2])) == [1, 2]
    assert pipe.getvalue() == ""
