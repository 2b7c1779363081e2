"""Labels on a figure that never lie on one another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Annotation, Text
from matplotlib.transforms import Bbox

# Offset from the point in typographic points, and how the text is aligned to it.
Place = tuple[float, float, str, str]
ABOVE: Place = (0, 7, "center", "bottom")
BELOW: Place = (0, -7, "center", "top")
RIGHT: Place = (9, 0, "left", "center")
LEFT: Place = (-9, 0, "right", "center")
ABOVE_RIGHT: Place = (5, 6, "left", "bottom")
BELOW_RIGHT: Place = (5, -6, "left", "top")
ABOVE_LEFT: Place = (-5, 6, "right", "bottom")
# Further away, with a thin line to the point.
FAR: tuple[Place, ...] = tuple(
    (x, y, "left" if x > 0 else "right", "center")
    for y in (30, -30, 45, 60, 80, -50, 100, 130, 160, 190)
    for x in (15, 40, -15, -40)
)
_FROM_HERE_A_LINE = 20  # typographic points
_MARGIN = 4  # pixels of the drawing, of which an inch has a hundred


class Labels:
    """Puts labels beside points of one figure, each where it has room."""

    def __init__(self, canvas: FigureCanvasAgg) -> None:
        self._renderer: Any = canvas.get_renderer()  # type: ignore[no-untyped-call]
        # Labels stay within their axes, so that they can only lie on what is there.
        self._taken: defaultdict[Axes, list[Bbox]] = defaultdict(list)

    def avoid(self, axes: Axes, points: Iterable[tuple[float, float]], size: float) -> None:
        """Keeps labels off these points of the axes, `size` typographic points around each."""
        half = size / 72 * axes.figure.dpi / 2
        for point in points:
            x, y = axes.transData.transform(point)
            self._taken[axes].append(Bbox([[x - half, y - half], [x + half, y + half]]))

    def avoid_line(self, axes: Axes, points: Sequence[tuple[float, float]]) -> None:
        """Keeps labels off the straight lines between these points."""
        step = 3 / 72 * axes.figure.dpi
        drawn = axes.transData.transform(points)
        for start, stop in pairwise(drawn):
            length = float(((stop - start) ** 2).sum() ** 0.5)
            for share in range(1, int(length / step)):
                x, y = start + (stop - start) * share * step / length
                self._taken[axes].append(Bbox([[x - 1, y - 1], [x + 1, y + 1]]))

    def put(
        self,
        axes: Axes,
        point: tuple[float, float],
        words: str,
        places: Sequence[Place],
        *,
        needed: bool = False,
        **style: Any,
    ) -> Annotation | None:
        """The label at the first place where it lies on nothing and within the axes.

        None when there is no such place; a label that is needed then takes the first one.
        """
        inside = axes.get_window_extent(self._renderer)
        tries = [*places, *places[:1]] if needed else places
        for number, (x, y, across, along) in enumerate(tries):
            label = axes.annotate(
                words, point, xytext=(x, y), textcoords="offset points", ha=across, va=along,
                parse_math=False, annotation_clip=False, arrowprops=_line_to(x, y), **style,
            )  # fmt: skip
            # The words alone: the line to the point may cross what it likes.
            label.update_positions(self._renderer)
            box = Text.get_window_extent(label, self._renderer)
            within = inside.x0 <= box.x0 and box.x1 <= inside.x1
            within = within and inside.y0 - 1 <= box.y0 and box.y1 <= inside.y1 + 1
            free = within and not any(box.overlaps(other) for other in self._taken[axes])
            if free or number == len(places):
                self._taken[axes].append(box.padded(_MARGIN))
                return label
            label.remove()
        return None


def _line_to(x: float, y: float) -> dict[str, Any] | None:
    if max(abs(x), abs(y)) < _FROM_HERE_A_LINE:
        return None
    return {"arrowstyle": "-", "color": "#666666", "linewidth": 0.8, "shrinkA": 0, "shrinkB": 4}
