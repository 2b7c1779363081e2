"""Drug levels by outcome for a page: every level a dot, the group's mean a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from registry.drawing.numbers import fixed
from registry.drawing.svg import LINE, WIDE, Drawing
from registry.words import tr

_LEFT_WIDE, _BAND = 170.0, 64.0
_NEAR = 11.0
"""Dots nearer than this to each other stand on different heights."""
_LANES = (0, -11, 11, -22, 22)


def level_dots(document: Mapping[str, Any], prefix: str, width: float = WIDE) -> Drawing:
    """Draw the levels.

    Args:
        document: `unit`, `threshold` (or None), and `groups`, each with `label`, `mean` (or None)
            and `levels`, a list of pairs of a number and its comparator (None, '<' or '>').
        prefix: what the ids begin with.
        width: in pixels, of `drawing.WIDE` or `drawing.NARROW`.
    """
    title = tr("Trough of infliximab at week 14 by outcome")
    drawn = Drawing(prefix, width, title, levels_in_words(document))
    values = [value for group in document["groups"] for value, _ in group["levels"]]
    step = next((s for s in (1, 2, 5, 10, 20, 50) if max(values) / s <= 8), 100)
    most = step * (int(max(values) // step) + 1)
    left, right = (12.0 if drawn.is_narrow else _LEFT_WIDE), width - 16

    def x(value: float) -> float:
        return left + (right - left) * value / most

    tops = []
    y = LINE
    for _ in document["groups"]:
        tops.append(y)
        y += _BAND + (LINE if drawn.is_narrow else 0)
    bottom = y
    threshold = document["threshold"]
    if threshold is not None:
        drawn.line(x(threshold), 18, x(threshold), bottom, "threshold")
        words = tr("threshold {value}", value=f"{threshold:g}")
        drawn.text(x(threshold) + 5, 12, words, "quiet")
    for number, (group, top) in enumerate(zip(document["groups"], tops, strict=True)):
        _group(drawn, group, number, top, x)
    drawn.line(left, bottom, right, bottom, "axis")
    for tick in range(0, most + 1, step):
        drawn.line(x(tick), bottom, x(tick), bottom + 5, "axis")
        drawn.text(x(tick), bottom + 19, str(tick), "", "middle")
    words = tr("Infliximab, {unit}", unit=document["unit"])
    drawn.text((left + right) / 2, bottom + 37, words, "quiet", "middle")
    drawn.height = bottom + 44
    return drawn


def levels_in_words(document: Mapping[str, Any]) -> str:
    """The drawing as sentences."""
    said = []
    for group in document["groups"]:
        values = [value for value, _ in group["levels"]]
        if values:
            said.append(
                tr(
                    "{label}: {n} levels from {least} to {most}.",
                    label=group["label"],
                    n=len(values),
                    least=f"{min(values):g}",
                    most=f"{max(values):g}",
                )
            )
    return " ".join(said)


def _group(drawn: Drawing, group: Mapping[str, Any], number: int, top: float, x: Any) -> None:
    words = [f"{group['label']} ({len(group['levels'])})"]
    if group["mean"] is not None:
        words.append(tr("mean {mean}", mean=fixed(group["mean"], 2)))
    middle = top + _BAND / 2
    if drawn.is_narrow:
        drawn.text(0, top + 13, ", ".join(words))
        middle += LINE
    else:
        drawn.paragraph(0, middle - LINE * (len(words) - 1) / 2 + 4.5, words)
    for place, (value, comparator) in zip(
        _lanes([x(value) for value, _ in group["levels"]]), group["levels"], strict=True
    ):
        name = f"dot s{number}" + (" limit-value" if comparator else "")
        drawn.circle(x(value), middle + place, 4.2, name)
    if group["mean"] is not None:
        drawn.line(x(group["mean"]), middle - 26, x(group["mean"]), middle + 26, f"mean s{number}")


def _lanes(places: Sequence[float]) -> list[float]:
    """A height for each dot, so that none lies on another as far as five heights allow."""
    last: dict[float, float] = {}
    heights = dict.fromkeys(range(len(places)), 0.0)
    for i in sorted(heights, key=lambda i: places[i]):
        free = [lane for lane in _LANES if places[i] - last.get(lane, -_NEAR) >= _NEAR]
        lane = free[0] if free else min(_LANES, key=lambda one: last[one])
        heights[i], last[lane] = float(lane), places[i]
    return [heights[i] for i in range(len(places))]
