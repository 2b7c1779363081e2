"""Codes by the names that people give them, in the person's language: 女 is female, died 死亡."""

from __future__ import annotations

from collections.abc import Sequence

from registry.parsing.codes import read_code
from registry.parsing.text import folded
from registry.parsing.unreadable import NotOfKind
from registry.variables import Variable
from registry.vocabulary import MEANINGS, UNITS
from registry.words import spoken


def name_of(code: str, codes: Sequence[str]) -> str:
    """What people call a code: the word that it is, or else its meaning; units are their names."""
    meaning = MEANINGS.get(tuple(codes), {}).get(code, code)
    if tuple(codes) == UNITS:
        return code
    return spoken(code.replace("_", " ") if is_word(code) else meaning)


def is_word(code: str) -> bool:
    """Whether a code is what people say, as azathioprine and lost_to_follow_up; CD is none."""
    return code.islower() and code.replace("_", "").isalpha()


def names_of(variable: Variable) -> tuple[str, ...]:
    """The names of a variable's codes."""
    codes = variable.codes or ()
    return tuple(name_of(code, codes) for code in codes)


def listed(variable: Variable) -> str:
    """The codes with their names; empty where the names say no more than the codes."""
    named = {
        code: name
        for code, name in zip(variable.codes or (), names_of(variable), strict=True)
        if name.replace(" ", "_") != code
    }
    told = [f"{code} = {named[code]}" if code in named else code for code in variable.codes or ()]
    return "; ".join(told) if named else ""


def read_named(text: str, codes: Sequence[str]) -> str:
    """The code that the text is, or is the name or the meaning of; raises NotOfKind as read_code.

    What several codes have for their meaning, as drugs their class, names none of them.
    """
    try:
        return read_code(text, codes)
    except NotOfKind:
        meanings = MEANINGS.get(tuple(codes), {})
        found = [
            code
            for code in codes
            if _plain(text) in map(_plain, (name_of(code, codes), spoken(meanings.get(code, code))))
        ]
        if len(found) != 1:
            raise
        return found[0]


def _plain(text: str) -> str:
    return folded(text).casefold().replace(" ", "")
