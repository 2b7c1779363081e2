"""Words for people, in their language: messages are written in English where they are used.

The translations of a language stand in `registry/locale/LANGUAGE/LC_MESSAGES/registry.po`; the
person's locale (LANGUAGE, LC_ALL, LC_MESSAGES, LANG, in this order) chooses. A message without a
translation is said in English. Names of tables, columns, codes and options are never translated.
"""

from __future__ import annotations

from functools import cache
from gettext import NullTranslations, translation
from pathlib import Path

DOMAIN = "registry"
LOCALES = Path(__file__).parent / "locale"


@cache
def _translations() -> NullTranslations:
    return translation(DOMAIN, LOCALES, fallback=True)


def tr(message: str, /, **values: object) -> str:
    """The message in the person's language, with `{name}` replaced by the value of that name.

    `message` is a literal, so that the translators' catalogue can be made from the source.
    """
    # The catalogue's own header stands under the empty message.
    said = _translations().gettext(message) if message else ""
    return said.format(**values) if values else said
