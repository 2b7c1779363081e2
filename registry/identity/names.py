"""Whether two names may be one person's: a simple rule, this registry's choice.

A name is the set of its words without accents, capitals and signs; Chinese, Japanese and Korean
writing has no blanks between words, so there each sign is one. Two names are alike if they have the
same words, in whatever order, if one has only words of the other and at least two (a second name is
often left out), or if they differ by one letter in all, or one sign where both have three or more.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

_NO_WORD = re.compile(r"[\W\d_]+")
# Signs of writing without blanks: unified ideographs with their extensions, kana, hangul.
_SIGN = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\U00020000-\U0003ffff]")
FEWEST_SIGNS = 3
FEWEST_LETTERS = 5


def words_of(name: str) -> tuple[str, ...]:
    """The words of a name as they are compared, in alphabetical order."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    plain = "".join(one for one in plain if not unicodedata.combining(one))
    plain = unicodedata.normalize("NFC", plain)
    plain = re.sub("['\u2019\u02bc`]", "", plain)
    return tuple(sorted(filter(None, _NO_WORD.split(_SIGN.sub(r" \g<0> ", plain)))))


def alike(one: str, other: str) -> bool:
    """Whether the names may be one person's."""
    a, b = words_of(one), words_of(other)
    if not a or not b:
        return False
    fewer, more = sorted((a, b), key=len)
    if a == b or (len(fewer) >= 2 and set(fewer) <= set(more)):
        return True
    if _letters(one) == _letters(other):
        # One writes as one word what the other writes as two: Xiaoming, Xiao Ming.
        return True
    if _SIGN.match(a[0]) or _SIGN.match(b[0]):
        return len(fewer) >= FEWEST_SIGNS and _signs_apart(a, b) == _signs_apart(b, a) == 1
    joined = "".join(a), "".join(b)
    return min(map(len, joined)) >= FEWEST_LETTERS and _one_apart(*joined)


def _letters(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).casefold()
    return "".join(re.findall(r"[^\W\d_]", plain))


def _signs_apart(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    return (Counter(one) - Counter(other)).total()


def _one_apart(one: str, other: str) -> bool:
    """Whether one letter more, less or other makes one of the other."""
    if len(one) > len(other):
        one, other = other, one
    if len(other) - len(one) > 1:
        return False
    place = next((i for i, (x, y) in enumerate(zip(one, other, strict=False)) if x != y), len(one))
    rest = place + 1 if len(one) == len(other) else place
    return one[rest:] == other[place + 1 :]
