"""Text in the columns of a terminal, where a Chinese character takes two."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from functools import cache
from unicodedata import combining, east_asian_width

# Chinese, Japanese and Korean, which have no blanks between words; a line does not begin with a
# sign that closes, nor end with one that opens.
_OPENING, _CLOSING = "（【《〈「『“‘", "，。；：、！？）】》〉」』”’％"
_WIDE = f"\u2e80-\ua4cf\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60{_OPENING}{_CLOSING}"


@cache
def _piece() -> re.Pattern[str]:
    """A word or a sign with what clings to it; made when it is needed, for that takes long."""
    return re.compile(f" *[{_OPENING}]*(?:[^ {_WIDE}]+|[{_WIDE}])?[{_CLOSING}]*")


def columns(text: str) -> int:
    """How many columns of a terminal the text takes."""
    return len(text) if text.isascii() else sum(map(columns_of_sign, text))


def columns_of_sign(sign: str) -> int:
    """How many columns one sign takes: 0, 1 or 2."""
    if combining(sign):
        return 0
    return 2 if east_asian_width(sign) in "WF" else 1


def padded(text: str, width: int, *, right: bool = False) -> str:
    """The text filled up with spaces to `width` columns."""
    spaces = " " * (width - columns(text))
    return spaces + text if right else text + spaces


def aligned(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    """A line of a table: each cell as wide as its column, two spaces between, none at the end."""
    return "  ".join(
        padded(cell, width, right=to_right)
        for cell, width, to_right in zip(cells, widths, right, strict=True)
    ).rstrip()


def wrapped(
    text: str,
    width: int,
    *,
    first: str = "",
    others: str = "",
    hyphens: bool = False,
    whole: bool = False,
) -> list[str]:
    """The text in lines of at most `width` columns.

    `first` and `others` begin the first line and the others; with `hyphens` a line may end at one;
    with `whole` a word that is wider than a line stands in one all the same, to be copied.
    """
    if len(text) == columns(text):
        return textwrap.wrap(
            text,
            width,
            initial_indent=first,
            subsequent_indent=others,
            break_on_hyphens=hyphens,
            break_long_words=not whole,
        )
    lines, current = [], first
    for piece in _piece().findall(text):
        if columns(current + piece) > width and current.strip(" "):
            lines.append(current)
            current, piece = others, piece.lstrip(" ")
        current += piece
        while not whole and columns(current) > width:
            kept = current[:width]
            while columns(kept) > width:
                kept = kept[:-1]
            lines.append(kept)
            current = others + current[len(kept) :]
    return [*lines, current] if current.strip(" ") else lines
