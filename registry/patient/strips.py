"""The strips of a patient's figure: each draws one kind of record on axes whose x is in days."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from registry.clinical_tables import CLINICAL_TABLES
from registry.drawing.lines import clean
from registry.drawing.placement import (
    ABOVE,
    ABOVE_LEFT,
    ABOVE_RIGHT,
    BELOW,
    BELOW_RIGHT,
    FAR,
    LEFT,
    RIGHT,
    Labels,
)
from registry.patient.course import (
    OUTSIDE,
    Document,
    drugs,
    events,
    measured,
    thresholds,
)
from registry.patient.told import points
from registry.words import tr

SIZE = 12.0  # typographic points
INK, GREY = "#1a1a1a", "#666666"
EDGE = 1.025  # of the width: where the words to the right of the axes begin
COLOURS = {"loss": "#c24d00", "remission": "#00795a", "response": "#0072b2"}
_LINES: dict[str, Any] = {"loss": "-", "remission": (0, (6, 3)), "response": (0, (1.5, 2))}
_DRUGS = {
    "immunomodulator": ("#0072b2", None),
    "glucocorticoid": ("#e69f00", "////"),
    "nutrition": ("#009e73", "...."),
    "biologic": ("#cc79a7", "xxxx"),
    "small_molecule": ("#56b4e9", "\\\\\\\\"),
    "other": ("#999999", "||||"),
}
_INFUSION, _INTENSIFIED, _LEVEL = "#444444", "#aa3377", "#0072b2"
_EVENTS = {one.on_course.sign: one.on_course.marker for one in CLINICAL_TABLES if one.on_course}
_THRESHOLD_APART = 0.43  # inches between the words of two thresholds


@dataclass
class Scene:
    """What every strip draws on: the document, its first day, the labels and the legend so far."""

    document: Document
    first: date
    last: date
    labels: Labels
    legend: dict[str, Artist] = field(default_factory=dict)

    def day(self, on: date) -> int:
        """A date as its place on the axis: days from the first one drawn."""
        return (on - self.first).days

    def explain(self, words: str, **style: Any) -> None:
        """An entry of the legend, once."""
        self.legend.setdefault(words, Line2D([], [], **style))


def event_lanes(document: Document) -> int:
    """How many lines of words the strip of events has."""
    return min(4, 1 + len(events(document)) // 4)


def draw_events(axes: Axes, scene: Scene) -> None:
    """The events of the course, each in the first lane with room."""
    lanes = event_lanes(scene.document)
    axes.set_ylim(lanes - 0.5, -0.5)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    for number, event in enumerate(events(scene.document)):
        words = clean(textwrap.shorten(event.words, 46, placeholder=" ..."))
        place = number % lanes
        for lane in range(lanes):
            point = (scene.day(event.on), lane)
            if scene.labels.put(axes, point, words, (RIGHT, LEFT), fontsize=SIZE - 1):
                place = lane
                break
        axes.plot(scene.day(event.on), place, _EVENTS[event.sign], color=INK, markersize=7)


def draw_scores(axes: Axes, scene: Scene) -> None:
    """The PCDAI of every visit with the thresholds; the visits that decide have words."""
    visits = scene.document["pcdai_visits"]
    limits = thresholds(scene.document)
    top = float(max(*(one["score"] for one in visits), *(one.score for one in limits)))
    axes.set_ylim(-0.17 * top, 1.18 * top + 2)
    axes.set_yticks(range(0, int(1.18 * top + 2), 10 if top <= 60 else 20))
    axes.set_ylabel("PCDAI", fontsize=SIZE)
    _draw_thresholds(axes, scene)
    course = [(scene.day(one["visited_on"]), float(one["score"])) for one in visits]
    axes.plot(*zip(*course, strict=True), color=INK, linewidth=1.2, zorder=2, gid="course")
    for outside in (False, True):
        kept = [
            point
            for point, visit in zip(course, visits, strict=True)
            if (visit["phase"] in OUTSIDE) == outside
        ]
        if kept:
            style: dict[str, Any] = {"marker": "o", "linestyle": "none", "color": INK}
            style |= {"markersize": 6, "markerfacecolor": "white" if outside else INK}
            axes.plot(*zip(*kept, strict=True), zorder=3, gid="visits", **style)
            words = tr("visit outside the observation") if outside else tr("visit")
            scene.explain(words, **style)
    scene.labels.avoid(axes, course, 7)
    scene.labels.avoid_line(axes, course)
    _mark_deciding(axes, scene)


def _draw_thresholds(axes: Axes, scene: Scene) -> None:
    """Lines with their words at the right edge, moved apart where they lie close."""
    bottom, top = axes.get_ylim()
    inches = axes.get_window_extent().height / axes.figure.dpi
    limits = thresholds(scene.document)[::-1]
    heights = spread(
        [float(one.score) for one in limits],
        _THRESHOLD_APART * (top - bottom) / inches,
        bottom,
        top,
    )
    for one, height in zip(limits, heights, strict=True):
        colour, score = COLOURS[one.role], float(one.score)
        axes.axhline(
            score, color=colour, linestyle=_LINES[one.role], linewidth=1.8, zorder=1,
            gid=f"threshold-{one.role}",
        )  # fmt: skip
        axes.annotate(
            one.words.replace(": ", ":\n"), (1, score), xytext=(EDGE, height),
            xycoords=axes.get_yaxis_transform(), textcoords=axes.get_yaxis_transform(),
            va="center", color=colour, fontsize=SIZE - 0.5, weight="bold", parse_math=False,
            arrowprops={
                "arrowstyle": "-", "color": colour, "relpos": (0, 0.5), "shrinkA": 2, "shrinkB": 0,
            },
            linespacing=1.05,
        )  # fmt: skip


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


def _mark_deciding(axes: Axes, scene: Scene) -> None:
    status = scene.document["status"]
    for visit in scene.document["pcdai_visits"]:
        point = (scene.day(visit["visited_on"]), float(visit["score"]))
        score = points(visit["score"])
        colour = COLOURS["loss"] if visit["phase"] == "loss" else INK
        words, places = {
            "baseline": (
                tr("baseline: {score}", score=score),
                (ABOVE_RIGHT, ABOVE, RIGHT, BELOW_RIGHT),
            ),
            "week14": (
                _week14_words(status["induction_outcome"], score),
                (BELOW_RIGHT, BELOW, ABOVE_RIGHT, ABOVE, RIGHT),
            ),
            "loss": (
                tr("loss: {score}", score=score),
                (ABOVE, ABOVE_LEFT, LEFT, ABOVE_RIGHT, RIGHT),
            ),
        }.get(visit["phase"], ("", ()))
        if words:
            scene.labels.put(
                axes, point, words, (*places, *FAR), needed=True,
                color=colour, weight="bold", fontsize=SIZE,
                bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.5},
            )  # fmt: skip
        record = ("pcdai_visit", visit["record_id"])
        if (status["deciding_table"], status["deciding_record_id"]) == record:
            ring: dict[str, Any] = {"marker": "o", "linestyle": "none", "color": COLOURS["loss"]}
            ring |= {"markerfacecolor": "none", "markeredgewidth": 2.2}
            axes.plot(*point, zorder=4, gid="deciding", markersize=15, **ring)
            scene.explain(tr("deciding visit"), markersize=11, **ring)


def _week14_words(outcome: str | None, score: str) -> str:
    match outcome:
        case "remission":
            return tr("week 14: {score}, remission", score=score)
        case "response":
            return tr("week 14: {score}, response", score=score)
        case _:
            return tr("week 14: {score}", score=score)


def draw_infusions(axes: Axes, scene: Scene) -> None:
    """A stem an infusion, as high as its dose per kg; triangles where it intensifies."""
    rows = scene.document["infusions"]
    stems = [(scene.day(row["infused_on"]), float(row["dose_mg_per_kg"])) for row in rows]
    _scale(axes, 1.5 * max(dose for _, dose in stems))
    axes.set_ylabel(tr("infliximab\nmg/kg"), fontsize=SIZE - 1)
    for raised in (False, True):
        kept = [
            stem
            for stem, row in zip(stems, rows, strict=True)
            if bool(row["intensified"]) == raised
        ]
        if not kept:
            continue
        days, doses = zip(*kept, strict=True)
        colour = _INTENSIFIED if raised else _INFUSION
        axes.vlines(days, 0, doses, color=colour, linewidth=2 if raised else 1.2)
        style: dict[str, Any] = {"marker": "^" if raised else "o", "linestyle": "none"}
        style |= {"color": colour, "markersize": 8 if raised else 4}
        axes.plot(days, doses, gid="infusions", **style)
        scene.explain(tr("infusion that intensifies") if raised else tr("infusion"), **style)
    # The first and those that intensify, then the last, then as many others as have room.
    last = len(rows) - 1
    matter = [i for i, row in enumerate(rows) if i == 0 or row["intensified"]]
    for i in dict.fromkeys([*matter, last, *range(len(rows))]):
        scene.labels.put(axes, stems[i], f"{stems[i][1]:.1f}", (ABOVE,), fontsize=SIZE - 2)


def _scale(axes: Axes, top: float) -> None:
    """From 0 to the top, with few whole numbers."""
    axes.set_ylim(0, top)
    found = MaxNLocator(nbins=3, integer=True).tick_values(0, top)
    axes.set_yticks([tick for tick in found if 0 <= tick < 0.97 * top])


def measured_levels(document: Document) -> list[Any]:
    """The samples in which infliximab was measured."""
    return [row for row in document["tdm_levels"] if row["ifx_ug_ml"] is not None]


def draw_levels(axes: Axes, scene: Scene) -> None:
    """Levels of infliximab, each with the threshold it is held to as a short line."""
    rows = measured_levels(scene.document)
    places = [(scene.day(row["sampled_on"]), float(row["ifx_ug_ml"])) for row in rows]
    held = [float(row["threshold_ug_ml"] or 0) for row in rows]
    _scale(axes, 1.35 * max(*(level for _, level in places), *held, 1))
    axes.set_ylabel(tr("level\nug/mL"), fontsize=SIZE - 1)
    scene.labels.avoid(axes, places, 8)
    reach = 0.012 * (scene.last - scene.first).days
    for row, point, threshold in zip(rows, places, held, strict=True):
        words, style = _level_style(row)
        style |= {"color": _LEVEL, "linestyle": "none"}
        axes.plot(*point, gid="levels", zorder=3, clip_on=False, **style)
        scene.explain(words, **style)
        if threshold:
            line: dict[str, Any] = {"color": COLOURS["loss"], "linewidth": 2.5}
            axes.hlines(threshold, point[0] - reach, point[0] + reach, gid="held", **line)
            scene.explain(tr("threshold of the trough"), **line)
    beside = (RIGHT, LEFT, ABOVE_RIGHT, ABOVE_LEFT)
    for row, point in zip(rows, places, strict=True):
        scene.labels.put(axes, point, _level_words(row), beside, fontsize=SIZE - 1)


def _level_words(row: Document) -> str:
    words = [measured(row, "ifx_ug_ml")]
    if row["threshold_ug_ml"] is not None:
        words.append(tr("held to {limit}", limit=points(row["threshold_ug_ml"])))
    if row["ada_au_ml"] is not None:
        said = measured(row, "ada_au_ml"), (row["ada_status"] or "").replace("_", " ")
        words.append(tr("antibodies {value} {status}", value=said[0], status=said[1]).strip())
    return ", ".join(words)


def _level_style(row: Document) -> tuple[str, dict[str, Any]]:
    """Open triangles point to where a censored value lies; squares are no troughs."""
    match row["ifx_ug_ml_comparator"]:
        case "<":
            style: dict[str, Any] = {"marker": "v", "markerfacecolor": "white", "markersize": 9}
            return tr("below the limit of quantification"), style
        case ">":
            style = {"marker": "^", "markerfacecolor": "white", "markersize": 9}
            return tr("above the limit of quantification"), style
        case _ if row["is_trough"]:
            return tr("trough"), {"marker": "o", "markersize": 8}
        case _:
            style = {"marker": "s", "markerfacecolor": "white", "markersize": 7}
            return tr("level, no trough"), style


def draw_drugs(axes: Axes, scene: Scene) -> None:
    """A bar a course, a row a drug, coloured by class; an arrow where a course goes on."""
    rows = drugs(scene.document)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_yticks([])
    for number, (drug, kind, courses) in enumerate(rows):
        colour, hatch = _DRUGS.get(kind, _DRUGS["other"])
        style: dict[str, Any] = {"facecolor": colour, "hatch": hatch, "edgecolor": "white"}
        bars = [(scene.day(one.from_on), (one.to_on - one.from_on).days) for one in courses]
        axes.broken_barh(bars, (number - 0.32, 0.64), gid=f"drug-{drug}", **style)
        scene.legend.setdefault(kind.replace("_", " "), Patch(**style))
        for on, sign in _open_ends(courses):
            axes.plot(scene.day(on), number, sign, color=colour, markersize=11, clip_on=False)
        axes.annotate(
            drug, (EDGE, number), xycoords=axes.get_yaxis_transform(), va="center",
            fontsize=SIZE - 1, color=INK, parse_math=False,
        )  # fmt: skip


def _open_ends(courses: Sequence[Any]) -> Iterator[tuple[date, str]]:
    for one in courses:
        if one.began_before:
            yield one.from_on, "<"
        if one.goes_on:
            yield one.to_on, ">"
