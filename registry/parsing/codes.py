"""Reads codes and answers of yes or no in the spellings that cannot be mistaken."""

from __future__ import annotations

from collections.abc import Sequence

from registry.parsing.text import folded
from registry.parsing.unreadable import NotOfKind
from registry.words import tr

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
    raise NotOfKind(tr("is neither yes nor no"))
