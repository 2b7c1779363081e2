"""Drawings for a page: SVG written by hand, so that text stays text and a page needs nothing else.

Colours, type and hatching of the shapes are classes of `page.css`. A drawing is made for the width
at which it will be read: `WIDE` for a desk or paper, `NARROW` for a phone, so that its words are
never shrunk below what can be read.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from html import escape

WIDE, NARROW = 700, 358
LINE = 17.0
"""Height of a line of text."""
_LETTER = 7.3
"""Width of a letter of 13 px on average; a little more than in the usual fonts."""


class Drawing:
    """An SVG element that grows downwards; its ids all begin with `prefix`.

    `title` is its short name and `description` what a person who does not see it needs to know.
    """

    def __init__(self, prefix: str, width: float, title: str, description: str) -> None:
        self.prefix, self.width, self.height = prefix, width, 0.0
        self.attributes: dict[str, float] = {}
        """Further attributes of the element, for a script."""
        self._title, self._description = title, description
        self._parts: list[str] = []
        self._definitions: list[str] = []

    @property
    def is_narrow(self) -> bool:
        """Whether it is made for a phone."""
        return self.width < 500

    def add(self, part: str) -> None:
        """Puts an element written elsewhere on top."""
        self._parts.append(part)

    def define(self, part: str) -> None:
        """Adds a definition that shapes refer to."""
        self._definitions.append(part)

    def text(
        self, x: float, y: float, words: str, name: str = "", anchor: str = "start", extra: str = ""
    ) -> None:
        """One line of text whose baseline is at y; `extra` are further attributes."""
        at = "" if anchor == "start" else f' text-anchor="{anchor}"'
        self.add(f'<text x="{_n(x)}" y="{_n(y)}"{_class(name)}{at}{extra}>{escape(words)}</text>')

    def paragraph(
        self, x: float, y: float, lines: Sequence[str], name: str = "", anchor: str = "start"
    ) -> None:
        """Lines of text below each other, the first with its baseline at y."""
        for number, line in enumerate(lines):
            self.text(x, y + number * LINE, line, name, anchor)

    def line(self, x1: float, y1: float, x2: float, y2: float, name: str) -> None:
        """A straight line."""
        places = " ".join(
            f'{key}="{_n(value)}"'
            for key, value in (("x1", x1), ("y1", y1), ("x2", x2), ("y2", y2))
        )
        self.add(f"<line {places}{_class(name)}/>")

    def rectangle(self, x: float, y: float, width: float, height: float, name: str) -> None:
        """A rectangle from its upper left corner."""
        size = f'width="{_n(max(width, 0))}" height="{_n(max(height, 0))}"'
        self.add(f'<rect x="{_n(x)}" y="{_n(y)}" {size}{_class(name)}/>')

    def circle(self, x: float, y: float, radius: float, name: str) -> None:
        """A circle around its centre."""
        self.add(f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}"{_class(name)}/>')

    def path(self, points: Sequence[tuple[float, float]], name: str, close: bool = False) -> None:
        """Straight lines through the points."""
        if points:
            steps = " L".join(f"{_n(x)} {_n(y)}" for x, y in points)
            self.add(f'<path d="M{steps}{" Z" if close else ""}"{_class(name)}/>')

    def arrow(self, x1: float, y1: float, x2: float, y2: float) -> None:
        """A line with a head at its end; level or upright."""
        self.line(x1, y1, x2, y2, "edge")
        if abs(x2 - x1) > abs(y2 - y1):
            back = -6 if x2 > x1 else 6
            head = [(x2, y2), (x2 + back, y2 - 4), (x2 + back, y2 + 4)]
        else:
            back = -6 if y2 > y1 else 6
            head = [(x2, y2), (x2 - 4, y2 + back), (x2 + 4, y2 + back)]
        self.path(head, "head", close=True)

    def svg(self) -> str:
        """The element."""
        p = self.prefix
        size = f'viewBox="0 0 {_n(self.width)} {_n(self.height)}"'
        for name, value in self.attributes.items():
            size += f' {name}="{_n(value)}"'
        defined = f"<defs>{''.join(self._definitions)}</defs>" if self._definitions else ""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" '
            f'aria-labelledby="{p}-title" aria-describedby="{p}-desc">'
            f'<title id="{p}-title">{escape(self._title)}</title>'
            f'<desc id="{p}-desc">{escape(self._description)}</desc>'
            f"{defined}{''.join(self._parts)}</svg>"
        )


def wrap(words: str, width: float) -> list[str]:
    """The words in lines of at most `width` pixels, as far as that can be told without a font."""
    return textwrap.wrap(words, max(8, int(width / _LETTER)), break_on_hyphens=False) or [""]


def _class(name: str) -> str:
    return f' class="{name}"' if name else ""


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
