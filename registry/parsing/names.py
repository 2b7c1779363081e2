"""Codes by the names that people give them, in the person's language: 女 is female, died 死亡."""

from __future__ import annotations

from collections.abc import Sequence

from registry.parsing.codes import read_code
from registry.parsing.text import folded
from registry.parsing.unreadable import NotOfKind
from registry.variables import Kind, Variable
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
    """The codes, each with its name where that says more; empty where there are none.

    What a question of yes or no is answered by is told by the words of its limits.
    """
    if variable.kind is Kind.FLAG or variable.codes is None:
        return ""
    told = []
    for code, name in zip(variable.codes, names_of(variable), strict=True):
        is_same = name.replace(" ", "_") == code
        told.append(code if is_same else f"{code} = {name}")
    return ", ".join(told)


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
