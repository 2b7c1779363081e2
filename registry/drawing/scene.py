"""A figure as plain data: marks with the numbers that they show, and the panels that place them.

A scene is described once; `svg` paints it for a page, `plot` for a file. It is laid out for the
width at which it will be read: `WIDE` for a desk or paper, `NARROW` for a phone, so that its words
are never shrunk below what can be read.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field

from registry.drawing.styles import BOLD
from registry.terminal_width import columns

WIDE, NARROW = 700, 358
LINE = 17.0
"""Height of a line of text."""
_LETTER = 7.3
"""Width of a letter of 13 px on average; a little more than in the usual fonts."""
_BOLD_LETTER = 8.4

Point = tuple[float, float]
Points = Sequence[Point]


@dataclass(frozen=True)
class Scale:
    """Numbers from `low` to `high` to pixels from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float
    logarithmic: bool = False
    """Also held within the ends, where a number may be 0 or endless."""

    def __call__(self, value: float) -> float:
        """The place of a number."""
        if self.logarithmic:
            held = min(max(value, self.low), self.high)
            share = math.log(held / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return self.start + (self.end - self.start) * share


@dataclass(frozen=True)
class Mark:
    """One thing to paint: `kind` is line, path, area, box, dot or text.

    `at` are the numbers it shows on the axes of its panel, or pixels without one; `shift` are
    pixels beside these places, one pair a point.
    """

    kind: str
    at: tuple[Point, ...]
    name: str = ""
    """What it looks like: a name in `styles.STYLES`, or of a text's kind."""
    x: Scale | None = None
    y: Scale | None = None
    shift: tuple[Point, ...] = ()
    words: str = ""
    anchor: str = "start"
    radius: float = 0.0
    key: str = ""
    """Names a number under an axis."""

    @property
    def places(self) -> list[Point]:
        """Where it lies, in pixels from the upper left."""
        moved = self.shift or ((0.0, 0.0),) * len(self.at)
        return [
            ((self.x(x) if self.x else x) + dx, (self.y(y) if self.y else y) + dy)
            for (x, y), (dx, dy) in zip(self.at, moved, strict=True)
        ]

    @property
    def numbers(self) -> list[float]:
        """The numbers that its places stand for."""
        axes = (self.x, self.y)
        return [v for point in self.at for v, axis in zip(point, axes, strict=True) if axis]


@dataclass
class Scene:
    """A figure that grows downwards; the ids of its element all begin with `prefix`.

    `title` is its short name and `description` what a person who does not see it needs to know.
    """

    prefix: str
    width: float
    title: str
    description: str
    height: float = 0.0
    attributes: dict[str, float] = field(default_factory=dict)
    """Further attributes of the element, for a script."""
    marks: list[Mark] = field(default_factory=list)

    @property
    def is_narrow(self) -> bool:
        """Whether it is made for a phone."""
        return self.width < 500

    def text(self, x: float, y: float, words: str, name: str = "", anchor: str = "start") -> None:
        """One line of text whose baseline is at y."""
        self.marks.append(Mark("text", ((x, y),), name, words=words, anchor=anchor))

    def paragraph(
        self, x: float, y: float, lines: Sequence[str], name: str = "", anchor: str = "start"
    ) -> None:
        """Lines of text below each other, the first with its baseline at y."""
        for number, line in enumerate(lines):
            self.text(x, y + number * LINE, line, name, anchor)

    def line(self, x1: float, y1: float, x2: float, y2: float, name: str) -> None:
        """A straight line."""
        self.marks.append(Mark("line", ((x1, y1), (x2, y2)), name))

    def rectangle(self, x: float, y: float, width: float, height: float, name: str) -> None:
        """A rectangle from its upper left corner."""
        size = (x + max(width, 0), y + max(height, 0))
        self.marks.append(Mark("box", ((x, y), size), name))

    def arrow(self, x1: float, y1: float, x2: float, y2: float) -> None:
        """A line with a head at its end; level or upright."""
        self.line(x1, y1, x2, y2, "edge")
        if abs(x2 - x1) > abs(y2 - y1):
            back = -6 if x2 > x1 else 6
            head = ((x2, y2), (x2 + back, y2 - 4), (x2 + back, y2 + 4))
        else:
            back = -6 if y2 > y1 else 6
            head = ((x2, y2), (x2 - 4, y2 + back), (x2 + 4, y2 + back))
        self.marks.append(Mark("area", head, "head"))


@dataclass(frozen=True)
class Panel:
    """Axes of a scene: what is put here is placed by its numbers. No scale leaves pixels."""

    scene: Scene
    x: Scale | None
    y: Scale | None

    def mark(
        self, kind: str, at: Points, name: str, shift: Points = (), *,
        words: str = "", anchor: str = "start", radius: float = 0, key: str = "",
    ) -> None:  # fmt: skip
        """Any mark."""
        self.scene.marks.append(
            Mark(
                kind, tuple(at), name, self.x, self.y, tuple(shift),
                words=words, anchor=anchor, radius=radius, key=key,
            )
        )  # fmt: skip

    def text(
        self, at: Point, words: str, name: str = "", anchor: str = "start",
        shift: Point = (0, 0), key: str = "",
    ) -> None:  # fmt: skip
        """One line of text whose baseline is at the place."""
        self.mark("text", [at], name, [shift], words=words, anchor=anchor, key=key)

    def line(self, start: Point, end: Point, name: str, shift: Points = ()) -> None:
        """A straight line."""
        self.mark("line", [start, end], name, shift)

    def path(self, points: Points, name: str) -> None:
        """Straight lines through the points."""
        if points:
            self.mark("path", points, name)

    def area(self, there: Points, back: Points, name: str) -> None:
        """What lies between two lines with the same direction."""
        if there:
            self.mark("area", [*there, *reversed(back)], name)

    def dot(self, at: Point, radius: float, name: str, shift: Point = (0, 0)) -> None:
        """A circle around its centre."""
        self.mark("dot", [at], name, [shift], radius=radius)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of the axes, in pixels."""
        assert self.x is not None
        assert self.y is not None
        top, bottom = sorted((self.y.start, self.y.end))
        return self.x.start, top, self.x.end, bottom

    def place(self, at: Point) -> Point:
        """Where the numbers lie, in pixels."""
        return (self.x(at[0]) if self.x else at[0]), (self.y(at[1]) if self.y else at[1])

    def symbol(self, at: Point, series: int, shift: Point = (0, 0)) -> None:
        """A square, a circle or a diamond: the shape says the same as the colour."""
        kind, half = (("square", 4.5), ("disc", 5.0), ("diamond", 6.0))[series % 3]
        self.shape(at, kind, half, f"point s{series % 3}", shift)

    def shape(self, at: Point, kind: str, half: float, name: str, shift: Point = (0, 0)) -> None:
        """A disc, a square, a diamond, or a triangle that points up, down, left or right."""
        dx, dy = shift
        match kind:
            case "disc":
                self.dot(at, half, name, shift)
            case "square":
                corners = [(dx - half, dy - half), (dx + half, dy + half)]
                self.mark("box", [at, at], name, corners)
            case "diamond":
                self.diamond(at, half, name, shift)
            case _:
                # The tip and the two other corners of a triangle that points up, turned.
                corners = [(0.0, -half), (half, half), (-half, half)]
                turned = {
                    "up": corners,
                    "down": [(x, -y) for x, y in corners],
                    "left": [(y, x) for x, y in corners],
                    "right": [(-y, x) for x, y in corners],
                }[kind]
                self.mark("area", [at] * 3, name, [(x + dx, y + dy) for x, y in turned])

    def diamond(self, at: Point, half: float, name: str, shift: Point = (0, 0)) -> None:
        """A square on its corner around its centre."""
        dx, dy = shift
        corners = [(dx, dy - half), (dx + half, dy), (dx, dy + half), (dx - half, dy)]
        self.mark("area", [at] * 4, name, corners)

    def x_axis(
        self, ticks: Sequence[float], words: str, at: float, unlabelled: Sequence[float] = ()
    ) -> None:
        """The axis below, at a number of the other, with its ticks and name."""
        assert self.x is not None
        self.line((self.x.low, at), (self.x.high, at), "axis")
        for tick in ticks:
            self.line((tick, at), (tick, at), "axis", [(0, 0), (0, 5)])
            if tick not in unlabelled:
                self.text((tick, at), f"{tick:g}", "tick", "middle", (0, 19))
        below = (self.y(at) if self.y else at) + 37
        self.scene.text((self.x.start + self.x.end) / 2, below, words, "quiet", "middle")

    def y_axis(self, ticks: Sequence[float], words: str = "", axis: float = 0) -> None:
        """Level lines with their numbers at the left, the axis darker; the name stands above."""
        assert self.x is not None
        assert self.y is not None
        for tick in ticks:
            name = "axis" if tick == axis else "grid"
            self.line((self.x.low, tick), (self.x.high, tick), name)
            self.text((self.x.low, tick), f"{tick:g}", "tick", "end", (-6, 4.5))
        if words:
            self.scene.text(0, min(self.y.start, self.y.end) - 11, words, "quiet")


def steps(days: Sequence[float], values: Sequence[float | None]) -> list[Point]:
    """The corners of a step curve up to where its values end; those on a level line left out."""
    points: list[Point] = []
    for day, value in zip(days, values, strict=True):
        if value is None:
            break
        if points and points[-1][1] != value:
            points.append((day, points[-1][1]))
        points.append((day, value))
    if points and len(points) < len(days):
        points.append((days[-1], points[-1][1]))
    return [
        point
        for i, point in enumerate(points)
        if i in (0, len(points) - 1) or not points[i - 1][1] == point[1] == points[i + 1][1]
    ]


def words_width(words: str, name: str = "") -> float:
    """About how many pixels a line of text takes, a little more than in the usual fonts."""
    return columns(words) * (_BOLD_LETTER if name in BOLD else _LETTER)


def wrap(words: str, width: float) -> list[str]:
    """The words in lines of at most `width` pixels, as far as that can be told without a font."""
    return textwrap.wrap(words, max(8, int(width / _LETTER)), break_on_hyphens=False) or [""]


def month_ticks(last: float) -> list[int]:
    """Months for the axis: whole quarters or years, from 0 past the last month, ten at most."""
    step = next((s for s in (3, 6, 12, 24, 36, 60) if last / s <= 9), 120)
    return list(range(0, max(1, math.ceil(last / step)) * step + 1, step))
