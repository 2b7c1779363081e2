"""Texts that a spreadsheet would run are kept from it, and come back as they were."""

from __future__ import annotations

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.parsing.formula import as_it_was, kept_from_running, would_run


@given(st.text(alphabet="'=+-@\t\rａ＝1.x ", max_size=8))
def test_every_text_comes_back_and_none_runs(text: str) -> None:
    written = kept_from_running(text)
    assert as_it_was(written) == text
    assert not would_run(written)


@given(st.text(alphabet="'=+-@\t\r\nａ＝1.x ", max_size=8))
def test_what_would_run_is_what_one_pattern_says(text: str) -> None:
    formula = r"(?![+-]?[0-9.]+$|-+$)[=+\-@\t\r＝＋－＠]"
    assert would_run(text) == (re.match(formula, text) is not None)
    assert kept_from_running(text) == (f"'{text}" if re.match(f"'*{formula}", text) else text)
    assert as_it_was(text) == (text[1:] if re.match(f"'+{formula}", text) else text)


@pytest.mark.parametrize(
    "text", ["=1+1", "+49 30", "@sum", "\t=1", "-x", "=cmd|'/c calc'!A1", "＝1"]
)
def test_what_would_run(text: str) -> None:
    assert would_run(text)
    assert kept_from_running(text) == f"'{text}"


@pytest.mark.parametrize("text", ["-5", "+1.5", "-", "--", "'s-Hertogenbosch", "a=b", "", "<0.4"])
def test_what_would_not(text: str) -> None:
    assert not would_run(text)
    assert kept_from_running(text) == text
    assert as_it_was(f"{text}") == text


def test_a_number_is_not_touched() -> None:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(map(kept_from_running, [-5, -0.5, None, "=1"]))
    assert buffer.getvalue() == "-5,-0.5,,'=1\r\n"
