"""The strips of a patient's figure: each puts one kind of record on a panel whose x is in days."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

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
    spread,
)
from registry.drawing.scene import LINE, Panel, Point, Scale
from registry.patient.course import OUTSIDE, Course, Document, drugs, events, measured, thresholds
from registry.patient.told import points
from registry.words import tr

_SHAPES = {one.on_course.sign: one.on_course.shape for one in CLINICAL_TABLES if one.on_course}
_APART = 6.0  # pixels between a panel and the words beside it
BEYOND = 218.0  # pixels at the right of the panels, for words
_LANE = 22.0  # pixels a lane of events or a row of drugs
_BAR = 0.32  # of a row, above and below its middle

Sample = Callable[[Panel, Point], None]
"""Draws a sign of the legend at a place in pixels."""


@dataclass
class Drawing:
    """What every strip draws with: the document, its first day, the words and the legend so far."""

    document: Document
    first: date
    last: date
    labels: Labels = field(default_factory=Labels)
    legend: dict[str, Sample] = field(default_factory=dict)

    def day(self, on: date) -> int:
        """A date as its place on the axis: days from the first one drawn."""
        return (on - self.first).days

    def put(self, panel: Panel, at: Point, shape: str, half: float, name: str, words: str) -> None:
        """A sign with an entry of the legend."""
        panel.shape(at, shape, half, name)
        self.legend.setdefault(words, lambda where, place: where.shape(place, shape, half, name))

    def explain_line(self, words: str, name: str) -> None:
        """An entry of the legend for a line."""
        self.legend.setdefault(
            words, lambda where, at: where.line((at[0] - 9, at[1]), (at[0] + 9, at[1]), name)
        )


def events_height(document: Document) -> float:
    """Of the strip: a lane for every four events, four at most."""
    return _LANE * min(4, 1 + len(events(document)) // 4)


def draw_events(panel: Panel, drawing: Drawing) -> None:
    """The events of the course, each in the first lane with room."""
    top, bottom = panel.bounds[1], panel.bounds[3]
    lanes = round((bottom - top) / _LANE)
    strip = Panel(panel.scene, panel.x, Scale(-0.5, lanes - 0.5, top, bottom))
    for number, event in enumerate(events(drawing.document)):
        words = clean(textwrap.shorten(event.words, 46, placeholder=" ..."))
        place = number % lanes
        for lane in range(lanes):
            at = (drawing.day(event.on), lane)
            if drawing.labels.put(strip, at, words, (RIGHT, LEFT), beyond=BEYOND):
                place = lane
                break
        strip.shape((drawing.day(event.on), place), _SHAPES[event.sign], 5, "event")


def scores_scale(document: Document) -> tuple[float, float]:
    """The lowest and the highest number of the strip of scores."""
    scores = [float(one["score"]) for one in document["pcdai_visits"]]
    top = max(*scores, *(float(one.score) for one in thresholds(document)))
    return -0.17 * top, 1.18 * top + 2


def draw_scores(panel: Panel, drawing: Drawing) -> None:
    """The PCDAI of every visit with the thresholds; the visits that decide have words."""
    visits = drawing.document["pcdai_visits"]
    assert panel.y is not None
    step = 10 if panel.y.high <= 73 else 20
    _axis(panel, range(0, int(panel.y.high), step), "PCDAI")
    _draw_thresholds(panel, drawing)
    course = [(drawing.day(one["visited_on"]), float(one["score"])) for one in visits]
    panel.path(course, "course")
    for point, visit in zip(course, visits, strict=True):
        if visit["phase"] in OUTSIDE:
            words = tr("visit outside the observation")
            drawing.put(panel, point, "disc", 4, "visit outside", words)
        else:
            drawing.put(panel, point, "disc", 4, "visit", tr("visit"))
    drawing.labels.avoid(panel, course, 10)
    drawing.labels.avoid_line(panel, course)
    _mark_deciding(panel, drawing)


def _axis(panel: Panel, ticks: Sequence[int] | range, words: str) -> None:
    """The axis at the left: its line, its numbers, and what they are."""
    assert panel.x is not None
    assert panel.y is not None
    left = panel.x.low
    panel.line((left, panel.y.low), (left, panel.y.high), "axis")
    for tick in ticks:
        panel.line((left, tick), (left, tick), "axis", [(-4, 0), (0, 0)])
        panel.text((left, tick), f"{tick:g}", "tick", "end", (-8, 4.5))
    panel.scene.paragraph(0, panel.bounds[1] + 12, words.splitlines(), "quiet")


def _draw_thresholds(panel: Panel, drawing: Drawing) -> None:
    """Lines with their words at the right edge, moved apart where they lie close."""
    assert panel.x is not None
    _, top, right, bottom = panel.bounds
    limits = thresholds(drawing.document)
    places = [panel.place((0, float(one.score)))[1] for one in limits]
    middles = spread(places, 2 * LINE + _APART, top, bottom)
    for one, y, middle in zip(limits, places, middles, strict=True):
        score, name = float(one.score), f"threshold {one.role}"
        panel.line((panel.x.low, score), (panel.x.high, score), name)
        panel.scene.line(right, y, right + 2 * _APART, middle, f"threshold {one.role}")
        lines = one.words.replace(": ", ":\n").splitlines()
        first = middle + 4.5 - (len(lines) - 1) * LINE / 2
        panel.scene.paragraph(right + 3 * _APART, first, lines, f"limit {one.role}")


def _mark_deciding(panel: Panel, drawing: Drawing) -> None:
    status = drawing.document["status"]
    for visit in drawing.document["pcdai_visits"]:
        point = (drawing.day(visit["visited_on"]), float(visit["score"]))
        score = points(visit["score"])
        record = ("pcdai_visit", visit["record_id"])
        if (status["deciding_table"], status["deciding_record_id"]) == record:
            drawing.put(panel, point, "disc", 8.5, "visit deciding", tr("deciding visit"))
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
            name = "told loss" if visit["phase"] == "loss" else "told"
            drawing.labels.put(panel, point, words, (*places, *FAR), name, needed=True)


def _week14_words(outcome: str | None, score: str) -> str:
    match outcome:
        case "remission":
            return tr("week 14: {score}, remission", score=score)
        case "response":
            return tr("week 14: {score}, response", score=score)
        case _:
            return tr("week 14: {score}", score=score)


def infusions_scale(document: Document) -> tuple[float, float]:
    """The lowest and the highest number of the strip of infusions."""
    return 0, 1.6 * max(float(row["dose_mg_per_kg"]) for row in document["infusions"])


def draw_infusions(panel: Panel, drawing: Drawing) -> None:
    """A stem an infusion, as high as its dose per kg; triangles where it intensifies."""
    rows = drawing.document["infusions"]
    _axis(panel, _few(panel), tr("infliximab\nmg/kg"))
    stems = [(drawing.day(row["infused_on"]), float(row["dose_mg_per_kg"])) for row in rows]
    for (day, dose), row in zip(stems, rows, strict=True):
        name = "infusion raised" if row["intensified"] else "infusion"
        panel.line((day, 0), (day, dose), name)
    for stem, row in zip(stems, rows, strict=True):
        if row["intensified"]:
            words = tr("infusion that intensifies")
            drawing.put(panel, stem, "up", 5.5, "infusion raised", words)
        else:
            drawing.put(panel, stem, "disc", 3, "infusion", tr("infusion"))
    # The first and those that intensify, then the last, then as many others as have room.
    last = len(rows) - 1
    matter = [i for i, row in enumerate(rows) if i == 0 or row["intensified"]]
    for i in dict.fromkeys([*matter, last, *range(len(rows))]):
        drawing.labels.put(panel, stems[i], f"{stems[i][1]:.1f}", (ABOVE,))


def _few(panel: Panel) -> range:
    """Three whole numbers at most for an axis from 0."""
    assert panel.y is not None
    top = 0.97 * panel.y.high
    step = next((s for s in (1, 2, 5, 10, 20, 50) if top / s < 3), 100)
    return range(0, int(top) + 1, step)


def measured_levels(document: Document) -> list[Document]:
    """The samples in which infliximab was measured."""
    return [row for row in document["tdm_levels"] if row["ifx_ug_ml"] is not None]


def levels_scale(document: Document) -> tuple[float, float]:
    """The lowest and the highest number of the strip of levels."""
    rows = measured_levels(document)
    values = [float(row[name] or 0) for row in rows for name in ("ifx_ug_ml", "threshold_ug_ml")]
    return 0, 1.35 * max(*values, 1)


def draw_levels(panel: Panel, drawing: Drawing) -> None:
    """Levels of infliximab, each with the threshold it is held to as a short line."""
    rows = measured_levels(drawing.document)
    _axis(panel, _few(panel), tr("level\nug/mL"))
    places = [(drawing.day(row["sampled_on"]), float(row["ifx_ug_ml"])) for row in rows]
    drawing.labels.avoid(panel, places, 11)
    for row, (day, level) in zip(rows, places, strict=True):
        if row["threshold_ug_ml"]:
            held = (day, float(row["threshold_ug_ml"]))
            panel.line(held, held, "level held", [(-9, 0), (9, 0)])
            drawing.explain_line(tr("threshold of the trough"), "level held")
        words, shape, half, name = _level_sign(row)
        drawing.put(panel, (day, level), shape, half, name, words)
    beside = (RIGHT, LEFT, ABOVE_RIGHT, ABOVE_LEFT)
    for row, point in zip(rows, places, strict=True):
        # Where not all has room, the level alone.
        any(
            drawing.labels.put(panel, point, words, beside, beyond=BEYOND)
            for words in (_level_words(row), measured(row, "ifx_ug_ml"))
        )


def _level_words(row: Document) -> str:
    words = [measured(row, "ifx_ug_ml")]
    if row["threshold_ug_ml"] is not None:
        words.append(tr("held to {limit}", limit=points(row["threshold_ug_ml"])))
    if row["ada_au_ml"] is not None:
        said = measured(row, "ada_au_ml"), (row["ada_status"] or "").replace("_", " ")
        words.append(tr("antibodies {value} {status}", value=said[0], status=said[1]).strip())
    return ", ".join(words)


def _level_sign(row: Document) -> tuple[str, str, float, str]:
    """Open triangles point to where a censored value lies; squares are no troughs."""
    match row["ifx_ug_ml_comparator"]:
        case "<":
            return tr("below the limit of quantification"), "down", 5.5, "level open"
        case ">":
            return tr("above the limit of quantification"), "up", 5.5, "level open"
        case _ if row["is_trough"]:
            return tr("trough"), "disc", 5, "level trough"
        case _:
            return tr("level, no trough"), "square", 4.5, "level open"


def drugs_height(document: Document) -> float:
    """Of the strip: a row a drug."""
    return _LANE * len(drugs(document)) + 6


def draw_drugs(panel: Panel, drawing: Drawing) -> None:
    """A bar a course, a row a drug, coloured by class; an arrow where a course goes on."""
    rows = drugs(drawing.document)
    _, top, right, bottom = panel.bounds
    strip = Panel(panel.scene, panel.x, Scale(-0.6, len(rows) - 0.4, top, bottom))
    for number, (drug, kind, courses) in enumerate(rows):
        name = f"drug {kind}" if kind in _HATCHES else "drug other"
        for one in courses:
            bar = [
                (drawing.day(one.from_on), number - _BAR),
                (drawing.day(one.to_on), number + _BAR),
            ]
            strip.mark("box", bar, name)
            _hatch(panel, kind, *map(strip.place, bar))
        for on, sign in _open_ends(courses):
            strip.shape((drawing.day(on), number), sign, 6.5, name)
        x, y = right + 3 * _APART, strip.place((0, number))[1] + 4.5
        panel.scene.text(x, y, clean(drug))

        def sample(where: Panel, at: Point, kind: str = kind, name: str = name) -> None:
            (left, low), (far, high) = (at[0] - 10, at[1] - 6), (at[0] + 10, at[1] + 6)
            where.mark("box", [(left, low), (far, high)], name)
            _hatch(where, kind, (left, low), (far, high))

        drawing.legend.setdefault(kind.replace("_", " "), sample)


# How the strokes of a class lean, and how many pixels they are apart; for a print in grey.
_HATCHES: dict[str, tuple[tuple[int, ...], int]] = {
    "immunomodulator": ((), 0),
    "glucocorticoid": ((1,), 8),
    "nutrition": ((0,), 14),
    "biologic": ((1, -1), 10),
    "small_molecule": ((-1,), 8),
    "other": ((0,), 5),
}


def _hatch(panel: Panel, kind: str, start: Point, end: Point) -> None:
    """White strokes over a bar, within it."""
    leanings, apart = _HATCHES.get(kind, _HATCHES["other"])
    (left, top), (right, bottom) = start, end
    for leaning in leanings:
        reach = abs(leaning) * (bottom - top)
        x = left + apart - reach
        while x < right:
            # From x at one edge to x + reach at the other, cut to the bar.
            low, high = max(x, left), min(x + reach, right) if reach else x
            first, last = (bottom, top) if leaning > 0 else (top, bottom)
            share = (last - first) / reach if reach else 0
            if low <= high and low >= left:
                ends = (first + (low - x) * share, first + (high - x) * share if reach else last)
                panel.scene.line(low, ends[0], high, ends[1], "hatch")
            x += apart


def _open_ends(courses: Sequence[Course]) -> Iterator[tuple[date, str]]:
    for one in courses:
        if one.began_before:
            yield one.from_on, "left"
        if one.goes_on:
            yield one.to_on, "right"
