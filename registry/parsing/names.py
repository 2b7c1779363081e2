"""Codes as people write them: in any case and width, or by their names in the person's language.

女 is female, died 死亡; what cannot be mistaken for another code is read, nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Sequence

from registry.parsing.text import NotOfKind, folded, not_of_kind
from registry.variables import Kind, Variable
from registry.vocabulary import MEANINGS, UNITS
from registry.words import spoken, tr

_YES = ("yes", "y", "true", "1", "是", "有")
_NO = ("no", "n", "false", "0", "否", "无")


def read_code(text: str, codes: Sequence[str]) -> str:
    """The code that the text is, whatever its case or width: `cd` and `ＣＤ` are CD.

    Nothing is guessed: a misspelt code raises NotOfKind, and so does one that is two codes but for
    the case.
    """
    plain = folded(text)
    if plain in codes:
        return plain
    found = [code for code in codes if code.casefold() == plain.casefold()]
    if len(found) != 1:
        raise NotOfKind(tr("is not one of {codes}", codes=", ".join(codes)))
    return found[0]


def read_flag(text: str) -> str:
    """`yes` or `no`, also from y, n, true, false, 1, 0, 是, 否, 有 and 无; NotOfKind for the rest.

    Only a column that asks a question of yes or no is read so: 有 and 无 say that something is
    there or not, which is the answer to every such question of the dictionary.
    """
    plain = folded(text).casefold()
    if plain in _YES:
        return "yes"
    if plain in _NO:
        return "no"
    raise not_of_kind(Kind.FLAG)


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
