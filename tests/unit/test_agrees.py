"""A question of yes or no at a terminal, in the words that people answer with."""

from __future__ import annotations

import pytest

from registry.cli.records import prompts


@pytest.mark.parametrize(
    ("answers", "meant", "complained"),
    [
        (["yes"], True, ""),
        (["Y"], True, ""),
        (["是"], True, ""),
        (["no"], False, ""),
        (["否"], False, ""),
        ([""], False, ""),
        (["<"], False, ""),
        (
            ["perhaps", "ja", "y"],
            True,
            "'perhaps' is neither yes nor no\n  'ja' is neither yes nor no",
        ),
    ],
)
def test_it_is_asked_until_the_answer_is_one(
    answers: list[str],
    meant: bool,
    complained: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = iter(answers)
    monkeypatch.setattr(prompts, "_read", lambda words, offers: next(given))
    assert prompts.agrees("Write into it?") is meant
    assert list(given) == []
    assert capsys.readouterr().err.strip() == complained
