"""Words for people, in their language: messages are written in English where they are used.

The translations of a language stand in `registry/locale/LANGUAGE/LC_MESSAGES/registry.po`, kept by
`scripts/translations`; the person's locale (LANGUAGE, LC_ALL, LC_MESSAGES, LANG, in this order)
chooses. A message without a translation is said in English. Names of tables, columns, codes and
options are never translated, nor is what is stored or published.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, reduce
from gettext import NullTranslations, find, translation
from pathlib import Path
from string import Formatter
from typing import Any

DOMAIN = "registry"
LOCALES = Path(__file__).parent / "locale"
SOURCE_LANGUAGE = "en"

_english: ContextVar[bool] = ContextVar("english", default=False)


@cache
def _translations() -> NullTranslations:
    return translation(DOMAIN, LOCALES, fallback=True)


def tr(message: str, /, **values: object) -> str:
    """The message in the person's language, with `{name}` replaced by the value of that name.

    `{rows:row|rows}` is a number with its noun, 1 row and 2 rows; a format of the number may stand
    before: `{rows:,|row|rows}`. A translation may have the number alone.

    `message` is a literal, so that the translators' catalogue can be made from the source; for
    words that are declared elsewhere there is `spoken`.
    """
    # The catalogue's own header stands under the empty message.
    known = message and not _english.get()
    words = _translations().gettext(message) if known else message
    return _filled(words, values)


class _Filling(Formatter):
    """Fills in values, and after a number the one of its two nouns that it asks for."""

    def format_field(self, value: Any, format_spec: str) -> str:
        """The value as its place in the message asks for it."""
        match format_spec.split("|"):
            case [one, several]:
                form = ""
            case [form, one, several]:
                pass
            case _:
                return str(super().format_field(value, format_spec))
        number = str(super().format_field(value, form))
        return f"{number} {one if number == '1' else several}"


_FILLING = _Filling()


def _filled(words: str, values: Mapping[str, object]) -> str:
    return _FILLING.vformat(words, (), values) if values else words


@contextmanager
def in_english() -> Iterator[None]:
    """Within it every message is in English: for what is stored, published or drawn."""
    before = _english.set(True)
    try:
        yield
    finally:
        _english.reset(before)


class Note(str):
    """English words for a document, which still know the message that they were made from."""

    message: str
    values: dict[str, object]


def note(message: str, /, **values: object) -> Note:
    """The message in English, whatever the person's language; `spoken` gives it in that."""
    return declared(message, **values)


def declared(message: str, /, **values: object) -> Note:
    """A note of words that are declared elsewhere than in the call."""
    made = Note(_filled(message, values))
    made.message, made.values = message, values
    return made


def spoken(words: str, /, **values: object) -> str:
    """A note in the person's language, or the words of a declaration, a code list, a rule's row.

    The places of words that are declared are filled from `values`; a note has its own.
    """
    if not isinstance(words, Note):
        return tr(words, **values)
    values = {
        name: spoken(value) if isinstance(value, str) else value
        for name, value in words.values.items()
    }
    return tr(words.message, **values)


def language() -> str:
    """The language that `tr` speaks, as HTML names it: `en`, `zh-CN`."""
    if _english.get():
        return SOURCE_LANGUAGE
    found = find(DOMAIN, LOCALES)
    return Path(found).parents[1].name.replace("_", "-") if found else SOURCE_LANGUAGE


def in_language(message: str, english: str, facts: Mapping[str, Any]) -> str:
    """`english`, which the database made of the message and the facts, or its translation."""
    translated = spoken(message)
    if translated == message:
        return english
    for fact, value in facts.items():
        translated = translated.replace(f"{{{fact}}}", "" if value is None else str(value))
    return translated


def sentences(parts: Iterable[str]) -> str:
    """'A fact. Another.'; empty parts are left out."""
    return _joined(lambda one, other: note("{one} {other}", one=one, other=other), parts)


def listed(parts: Iterable[str]) -> str:
    """'one, other'."""
    return _joined(lambda one, other: note("{one}, {other}", one=one, other=other), parts)


def listed_apart(parts: Iterable[str]) -> str:
    """'one, of two words; other'."""
    return _joined(lambda one, other: note("{one}; {other}", one=one, other=other), parts)


def _joined(join: Callable[[str, str], str], parts: Iterable[str]) -> str:
    held = [part for part in parts if part]
    return reduce(join, held) if held else ""
