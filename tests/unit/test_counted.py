"""What takes long is counted on a terminal, and nowhere else."""

from __future__ import annotations

import io

import pytest

from registry.cli.frame.output import counted, steps_shown
from registry.steps import each, renamed, step


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


def test_steps_of_long_work_are_shown_and_their_line_is_left_clean(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    screen = _Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    with steps_shown():
        step("waits")
        with renamed(str.upper):
            assert list(each(["a"], str)) == ["a"]
    step("nobody hears")
    assert screen.getvalue() == "\rwaits\r1/1 A\r     \r"


def test_a_step_that_fails_leaves_no_line(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = _Terminal()
    monkeypatch.setattr("sys.stderr", screen)

    def fail() -> None:
        with steps_shown():
            step("abc", 1, 2)
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        fail()
    assert screen.getvalue() == "\r1/2 abc\r       \r"


def test_steps_go_to_no_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = io.StringIO()
    monkeypatch.setattr("sys.stderr", pipe)
    with steps_shown(), renamed(str.upper):
        step("waits")
    assert pipe.getvalue() == ""
