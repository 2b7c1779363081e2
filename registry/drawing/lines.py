"""Lines of text for a terminal: spans with a role, widths in columns, characters it can show.

A role says what a span is (`loss`, `remission`, `note` ...); which colour that is, if any, is the
command line's business, and nothing is said by a role alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from registry.terminal_width import columns, columns_of_sign


class Span(NamedTuple):
    """A piece of a line."""

    text: str
    role: str = ""


Line = tuple[Span, ...]


@dataclass(frozen=True)
class Glyphs:
    """The signs of a screen, each one column wide."""

    visit: str
    outside: str
    line: str
    threshold: str
    corner: str
    axis: str
    rule: str
    tick: str
    end: str
    infusion: str
    intensified: str
    before: str
    after: str
    high: str
    low: str
    missing: str
    ellipsis: str
    between: str
    bars: dict[str, str]


UNICODE = Glyphs(
    visit="●",
    outside="○",
    line="·",
    threshold="╌",
    corner="└",
    axis="│",
    rule="─",
    tick="┴",
    end="┊",
    infusion="╷",
    intensified="▲",
    before="◀",
    after="▶",
    high="↑",
    low="↓",
    missing="–",
    ellipsis="…",
    between=" · ",
    bars={
        "immunomodulator": "█",
        "glucocorticoid": "▓",
        "nutrition": "▒",
        "biologic": "▚",
        "small_molecule": "▞",
        "other": "░",
    },
)
ASCII = Glyphs(
    visit="*",
    outside="o",
    line=".",
    threshold="-",
    corner="+",
    axis="|",
    rule="-",
    tick="+",
    end=":",
    infusion="|",
    intensified="^",
    before="<",
    after=">",
    high="H",
    low="L",
    missing="-",
    ellipsis="~",
    between=" / ",
    bars={
        "immunomodulator": "#",
        "glucocorticoid": "=",
        "nutrition": "%",
        "biologic": "@",
        "small_molecule": "&",
        "other": "+",
    },
)

ASCII_SIGNS = {"–": "-", "−": "-", "±": "~", "·": "/", "…": "~"}


def text_of(line: Line) -> str:
    """The line without its roles."""
    return "".join(span.text for span in line)


def clean(text: str) -> str:
    """The text without what would move the cursor or turn the direction of writing."""
    return "".join(sign if sign.isprintable() else " " for sign in text)


def fit(text: str, width: int, ellipsis: str) -> str:
    """The text, cut where it is wider than `width` columns."""
    if columns(text) <= width:
        return text
    kept = ""
    for sign in text:
        if columns(kept + sign) > width - columns(ellipsis):
            break
        kept += sign
    return kept + ellipsis if width > 0 else ""


def spelled(line: Line, glyphs: Glyphs) -> Line:
    """The line as the terminal can write it: in ASCII another sign of the same width."""
    if glyphs is not ASCII:
        return line
    return tuple(Span("".join(map(_in_ascii, span.text)), span.role) for span in line)


def _in_ascii(sign: str) -> str:
    return sign if sign.isascii() else ASCII_SIGNS.get(sign, "?" * columns_of_sign(sign))


class Canvas:
    """A grid of signs with their roles, to draw on."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._cells = [[Span(" ")] * width for _ in range(height)]

    def put(self, row: int, column: int, text: str, role: str = "", *, over: bool = True) -> None:
        """Writes text from a cell on; not `over` what is there, and never past the edges."""
        place = column
        for sign in text:
            wide = columns_of_sign(sign) == 2
            inside = place >= 0 and place + wide < self.width
            if inside and (over or self._cells[row][place].text == " "):
                self._cells[row][place] = Span(sign, role)
                if wide:
                    self._cells[row][place + 1] = Span("", role)
            place += 1 + wide

    def is_free(self, row: int, first: int, last: int) -> bool:
        """Whether nothing stands in these columns of a row, all of them on the canvas."""
        inside = first >= 0 and last < self.width
        return inside and all(cell.text == " " for cell in self._cells[row][first : last + 1])

    def line(self, row: int) -> Line:
        """One row; neighbours of one role are one span."""
        return joined_spans(self._cells[row])


def joined_spans(spans: Iterable[Span]) -> Line:
    """Neighbours of one role made one span; no blanks at the end."""
    found: list[Span] = []
    for span in spans:
        if found and found[-1].role == span.role:
            found[-1] = Span(found[-1].text + span.text, span.role)
        else:
            found.append(span)
    while found and not found[-1].text.rstrip():
        found.pop()
    if found:
        found[-1] = Span(found[-1].text.rstrip(), found[-1].role)
    return tuple(found)
