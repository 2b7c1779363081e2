"""A language for a test, as the person's environment would choose it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from registry import words

Speak = Callable[[str], None]


@pytest.fixture
def speak(monkeypatch: pytest.MonkeyPatch) -> Iterator[Speak]:
    """Makes this process speak a language: `speak("zh_CN")`."""

    def choose(language: str) -> None:
        monkeypatch.setenv("LANGUAGE", language)
        words._translations.cache_clear()

    yield choose
    monkeypatch.undo()
    words._translations.cache_clear()
