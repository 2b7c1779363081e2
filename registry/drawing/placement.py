"""Words beside points of a scene that never lie on one another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

from registry.drawing.scene import Panel, Point, words_width

# From the point to the middle of the words' side that is told: pixels across and down.
Place = tuple[float, float, str]
ABOVE: Place = (0, -15, "middle")
BELOW: Place = (0, 15, "middle")
RIGHT: Place = (10, 0, "start")
LEFT: Place = (-10, 0, "end")
ABOVE_RIGHT: Place = (6, -14, "start")
BELOW_RIGHT: Place = (6, 14, "start")
ABOVE_LEFT: Place = (-6, -14, "end")
# Further away, with a thin line to the point.
FAR: tuple[Place, ...] = tuple(
    (x, -y, "start" if x > 0 else "end")
    for y in (32, -32, 48, 64, 85, -53, 107, 139, 171, 203)
    for x in (16, 43, -16, -43)
)
_FROM_HERE_A_LINE = 22
_HALF_LINE, _BASELINE = 8.5, 4.5
_MARGIN = 3

Box = tuple[float, float, float, float]
"""Left, top, right and bottom, in pixels."""


class Labels:
    """Puts words beside points of panels, each where it has room within its panel."""

    def __init__(self) -> None:
        # Words stay within their panel, so that they can only lie on what is there.
        self._taken: defaultdict[Box, list[Box]] = defaultdict(list)

    def avoid(self, panel: Panel, points: Iterable[Point], size: float) -> None:
        """Keeps words off these points of the panel, `size` pixels across each."""
        half = size / 2
        for x, y in map(panel.place, points):
            self._taken[panel.bounds].append((x - half, y - half, x + half, y + half))

    def avoid_line(self, panel: Panel, points: Sequence[Point]) -> None:
        """Keeps words off the straight lines between these points."""
        for (x1, y1), (x2, y2) in pairwise(map(panel.place, points)):
            steps = int(max(abs(x2 - x1), abs(y2 - y1)) / 4)
            for step in range(1, steps):
                x, y = x1 + (x2 - x1) * step / steps, y1 + (y2 - y1) * step / steps
                self._taken[panel.bounds].append((x - 1, y - 1, x + 1, y + 1))

    def put(
        self, panel: Panel, at: Point, words: str, places: Sequence[Place],
        name: str = "", *, needed: bool = False, beyond: float = 0,
    ) -> bool:  # fmt: skip
        """Writes the words at the first place where they lie on nothing and within the panel.

        Without such a place they are left out, or stand at the first one where they are needed.
        `beyond` are pixels past its right end that are free. Returns whether they are there.
        """
        left, top, right, bottom = panel.bounds
        x, y = panel.place(at)
        width = words_width(words, name)
        for number, (dx, dy, anchor) in enumerate([*places, *places[:1]] if needed else places):
            start = x + dx - {"start": 0.0, "middle": width / 2, "end": width}[anchor]
            box = (start, y + dy - _HALF_LINE, start + width, y + dy + _HALF_LINE)
            within = (
                left <= box[0]
                and box[2] <= right + beyond
                and top - 2 <= box[1]
                and box[3] <= bottom
            )
            free = within and not any(_overlap(box, one) for one in self._taken[panel.bounds])
            if free or number == len(places):
                grown = (box[0] - _MARGIN, box[1] - 1, box[2] + _MARGIN, box[3] + 1)
                self._taken[panel.bounds].append(grown)
                if max(abs(dx), abs(dy)) >= _FROM_HERE_A_LINE:
                    panel.line(at, at, "leader", [(0, 0), (dx, dy)])
                panel.text(at, words, name, anchor, (dx, dy + _BASELINE))
                return True
        return False


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def spread(wanted: Sequence[float], apart: float, bottom: float, top: float) -> list[float]:
    """Heights as near to the wanted ones, in ascending order, as `apart` and the limits allow."""
    heights: list[float] = []
    for height in wanted:
        least = heights[-1] + apart if heights else bottom + apart / 2
        heights.append(max(height, least))
    # What has been pushed past the top comes down again, and pushes those below it.
    ceiling = top - apart / 2
    for number in reversed(range(len(heights))):
        heights[number] = min(heights[number], ceiling)
        ceiling = heights[number] - apart
    return heights
