"""Drug levels: by outcome, every level a dot and the mean a line; and over time."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from registry.drawing.numbers import fixed, number, p_equation
from registry.drawing.scene import LINE, NARROW, WIDE, Panel, Scale, Scene
from registry.errors import CannotEstimate
from registry.report.figures.curves import incidence_curves, time_zero
from registry.report.figures.roc import roc_plot
from registry.report.tables import Document
from registry.variables import DAYS_PER_MONTH
from registry.words import in_english, note, tr

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LEFT_WIDE, _BAND = 170.0, 64.0
_NEAR = 11.0
"""Dots nearer than this to each other stand on different heights."""
_LANES = (0, -11, 11, -22, 22)


def level_dots(document: Mapping[str, Any], prefix: str, width: float = WIDE) -> Scene:
    """Draw the levels.

    Args:
        document: `unit`, `threshold` (or None), and `groups`, each with `label`, `mean` (or None)
            and `levels`, a list of pairs of a number and its comparator (None, '<' or '>').
    """
    title = tr("Trough of infliximab at week 14 by outcome")
    scene = Scene(prefix, width, title, levels_in_words(document))
    values = [value for group in document["groups"] for value, _ in group["levels"]]
    step = next((s for s in (1, 2, 5, 10, 20, 50) if max(values) / s <= 8), 100)
    most = step * (int(max(values) // step) + 1)
    scale = Scale(0, most, 12.0 if scene.is_narrow else _LEFT_WIDE, width - 16)
    panel = Panel(scene, scale, None)
    bottom = LINE + len(document["groups"]) * (_BAND + LINE * scene.is_narrow)
    threshold = document["threshold"]
    if threshold is not None:
        panel.line((threshold, 18), (threshold, bottom), "threshold")
        words = tr("threshold {value}", value=f"{threshold:g}")
        panel.text((threshold, 12), words, "quiet", shift=(5, 0))
    top = LINE
    for place, group in enumerate(document["groups"]):
        _group(panel, group, place, top)
        top += _BAND + LINE * scene.is_narrow
    words = tr("Infliximab, {unit}", unit=document["unit"])
    panel.x_axis(range(0, most + 1, step), words, bottom)
    scene.height = bottom + 44
    return scene


def trough_course(part: Mapping[str, Any], prefix: str, width: float = WIDE) -> Scene:
    """Draw the levels before any loss: the median of each window, its quartiles as a line.

    Args:
        part: `over_time` of the document of `registry analyse tdm`.
    """
    title = tr("Troughs of infliximab before any loss: medians and quartiles")
    # Of a published document some are left out.
    windows = [one for one in part["windows"] if one["median"] is not None]
    said = [
        tr(
            "{label}: median {median} ({low} to {high}), {n} levels.",
            label=one["label"],
            median=fixed(one["median"], 1),
            low=fixed(one["q1"], 1),
            high=fixed(one["q3"], 1),
            n=number(one["n"]),
        )
        for one in windows
    ]
    scene = Scene(prefix, width, title, " ".join(said))
    highest = max(one["q3"] or one["median"] for one in windows)
    step = next((s for s in (1, 2, 5, 10, 20) if highest / s <= 8), 50)
    top, left = 30.0, 40.0
    bottom = top + 220
    # Windows follow each other: what stands across is their order and no number.
    across = Scale(-0.5, len(windows) - 0.5, left, width - 10)
    scale = Scale(0, step * (int(highest // step) + 1), bottom, top)
    Panel(scene, across, scale).y_axis(
        range(0, int(scale.high) + 1, step), tr("Infliximab, {unit}", unit="ug/mL")
    )
    panel = Panel(scene, None, scale)
    numbers = [re.sub(r"^\D+", "", one["label"]) for one in windows]
    space = 7.3 * (max(map(len, numbers)) + 1)
    every = max(1, math.ceil(space / (across(1) - across(0))))
    for place, one in enumerate(windows):
        if one["q1"] is not None:
            panel.line((across(place), one["q1"]), (across(place), one["q3"]), "limit s1")
        panel.dot((across(place), one["median"]), 5, "point s1")
        if place % every == 0:
            scene.text(across(place), bottom + 19, numbers[place], "tick", "middle")
    words = tr("Induction by week, then by months")
    scene.text((across.start + across.end) / 2, bottom + 37, words, "quiet", "middle")
    scene.height = bottom + 44
    return scene


@in_english()
def levels_figure(document: Document) -> Figure:
    """All of the levels as a file, of `registry analyse tdm` with `to_json(levels=True)`.

    A part that the data could not carry is left out.
    """
    from registry.drawing.plot import paint

    welch, over_time = p_equation(document["p"]), document["over_time"]
    drawn: dict[str, Scene] = {}
    if document["levels"]:
        words = f"By outcome: a bar is the mean, an open dot a limit of the assay (Welch {welch})."
        drawn[words] = level_dots(document["levels"], "levels", NARROW)
    course = None
    if over_time and any(one["median"] is not None for one in over_time["windows"]):
        course = trough_course(over_time, "course", NARROW)
    if document["roc"] and document["roc"]["points"]:
        words = "ROC: the band holds 95 % of the bootstrap samples."
        drawn[words] = roc_plot(document["roc"], "roc", NARROW)
    if document["quartiles"]:
        curves = quartiles_as_curves(document["quartiles"])
        start = time_zero(document)
        drawn["By quartile: loss of response."] = incidence_curves(
            curves, "quartiles", NARROW, time_zero=start
        )
    scenes = list(drawn.values())
    if course is not None:
        drawn["Over time: medians and quartiles of the troughs before any loss."] = course
        scenes.insert(bool(document["levels"]), course)
    if not scenes:
        raise CannotEstimate(note("Of the levels nothing can be drawn that tells of several."))
    subtitle = " ".join([f"Definition: {document['definition']}.", *drawn])
    title = tr("Drug levels and the loss of response")
    return paint(*scenes, title=title, subtitle=subtitle, columns=2)


def quartiles_as_curves(part: Mapping[str, Any]) -> dict[str, Any]:
    """The quartiles of the trough as curves to be drawn."""
    groups = []
    for curve, group in zip(part["curves"], part["groups"], strict=True):
        low, high = (fixed(group[key], 1) for key in ("above", "to"))
        label = (
            tr("up to {high}", high=high)
            if group["above"] is None
            else tr("above {low}", low=low)
            if group["to"] is None
            else tr("{low} to {high}", low=low, high=high)
        )
        named = {"group": str(group["quartile"]), "label": f"{label} ug/mL", "curve": curve}
        groups.append(group | named)
    return {
        "by": "quartile",
        "by_label": tr("Quartile of the trough"),
        "days_per_month": DAYS_PER_MONTH,
        "groups": groups,
        "logrank": part["logrank"],
    }


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


def _group(panel: Panel, group: Mapping[str, Any], place: int, top: float) -> None:
    scene, mean = panel.scene, group["mean"]
    words = [f"{group['label']} ({len(group['levels'])})"]
    if mean is not None:
        words.append(tr("mean {mean}", mean=fixed(mean, 2)))
    middle = top + _BAND / 2
    if scene.is_narrow:
        scene.text(0, top + 13, ", ".join(words))
        middle += LINE
    else:
        scene.paragraph(0, middle - LINE * (len(words) - 1) / 2 + 4.5, words)
    assert panel.x is not None
    lanes = _lanes([panel.x(value) for value, _ in group["levels"]])
    for lane, (value, comparator) in zip(lanes, group["levels"], strict=True):
        name = f"dot s{place}" + (" limit-value" if comparator else "")
        panel.dot((value, middle), 4.2, name, (0, lane))
    if mean is not None:
        panel.line((mean, middle - 26), (mean, middle + 26), f"mean s{place}")


def _lanes(places: Sequence[float]) -> list[float]:
    """A height for each dot, so that none lies on another as far as five heights allow."""
    last: dict[float, float] = {}
    heights = dict.fromkeys(range(len(places)), 0.0)
    for i in sorted(heights, key=lambda i: places[i]):
        free = [lane for lane in _LANES if places[i] - last.get(lane, -_NEAR) >= _NEAR]
        lane = free[0] if free else min(_LANES, key=lambda one: last[one])
        heights[i], last[lane] = float(lane), places[i]
    return [heights[i] for i in range(len(places))]
