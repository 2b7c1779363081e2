"""A patient's course drawn with characters: scores, infusions, levels, drugs and events in time.

One row is 2.5 points, the step of the PCDAI, or 5 where scores go above 50; either way a score
stands on the same side of each threshold as its row. Drawn here and not by a plotting library,
because those scale the rows to fit, so that a score of 15 and one of 17.5 may share a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from itertools import pairwise

from registry.drawing.lines import Canvas, Glyphs, Line, Span, fit, joined_spans
from registry.patient.course import (
    OUTSIDE,
    Course,
    Document,
    Threshold,
    drugs,
    events,
    in_weeks,
    measured,
    thresholds,
    ticks,
    window,
)
from registry.terminal_width import columns, padded
from registry.words import tr

FINE, COARSE = Decimal("2.5"), Decimal(5)  # points a row
FINE_UP_TO = 50
LEFT = 5  # columns of the score's axis
SIGNS = {"baseline": "B", "week14": "W", "loss": "L"}
LEVEL_SIGNS = {"below": "-", "above": "+", "undetermined": "?"}
LEVEL_ROLES = {"-": "low", "+": "good"}


def level_sign(level: Document) -> str:
    """`-` a low trough or a level that shows one, `+` at or above, `?` not told; else empty."""
    if level["low_between_infusions"]:
        return LEVEL_SIGNS["below"]
    return LEVEL_SIGNS.get(level["trough_level"], "")


class Rows:
    """The rows of a chart of scores, counted from 0 at the bottom."""

    def __init__(self, thresholds: Sequence[Threshold], highest: Decimal) -> None:
        self.step = FINE if highest <= FINE_UP_TO else COARSE
        self._thresholds = thresholds

    def of_threshold(self, one: Threshold) -> int:
        """The row of a limit: above it begins the next row, below a limit of remission the last."""
        rounding = ROUND_CEILING if one.role == "remission" else ROUND_FLOOR
        return int((one.score / self.step).to_integral_value(rounding))

    def of(self, score: Decimal) -> int:
        """The row of a score: the nearest one on its side of every threshold."""
        below = int(score // self.step)
        near = [below] if score % self.step == 0 else [below, below + 1]
        return next((row for row in near if self._keeps_sides(score, row)), below)

    def _keeps_sides(self, score: Decimal, row: int) -> bool:
        return all(
            (score < one.score) == (row < self.of_threshold(one))
            if one.role == "remission"
            else (score > one.score) == (row > self.of_threshold(one))
            for one in self._thresholds
        )


class Chart:
    """The drawing of one document on `width` columns."""

    def __init__(self, document: Document, width: int, glyphs: Glyphs) -> None:
        self._document, self._glyphs = document, glyphs
        shown = window(document)
        assert shown is not None
        self._first, self._last = shown
        self._thresholds = thresholds(document)
        self._drugs = drugs(document)
        labels = [one.label for one in self._thresholds] + [name for name, *_ in self._drugs]
        labels += [self._unit(), tr("infusions"), tr("mg/kg"), tr("levels, ug/mL"), tr("events")]
        self._right = min(max(columns(label) for label in labels) + 1, max(12, width // 3))
        self._width = width - LEFT - self._right

    def lines(self) -> list[Line]:
        """The whole drawing, from the scores down to the events."""
        found = self._scores() if self._document["pcdai_visits"] else []
        found += self._axis()
        found += self._infusions()
        found += self._levels()
        found += [self._drug(*drug) for drug in self._drugs]
        return found + self._events()

    def _unit(self) -> str:
        if self._document["status"]["start_on"] is None:
            return ""
        return tr("weeks from start") if in_weeks(self._document) else tr("months from start")

    def _column(self, on: date) -> int:
        share = (on - self._first).days / (self._last - self._first).days
        return round(share * (self._width - 1))

    def _labelled(self, canvas: Canvas, row: int, left: str, right: str, role: str = "") -> Line:
        label = fit(right, self._right - 1, self._glyphs.ellipsis)
        line = canvas.line(row)
        drawn = sum(columns(span.text) for span in line)
        gap = Span(" " * (self._width - drawn + 1))
        return joined_spans(
            [Span(padded(left, LEFT, right=True), "note"), *line, gap, Span(label, role)]
        )

    def _scores(self) -> list[Line]:
        visits = self._document["pcdai_visits"]
        highest = max(*(one["score"] for one in visits), *(one.score for one in self._thresholds))
        rows = Rows(self._thresholds, highest)
        height = rows.of(highest) + 2  # a row of air above the highest
        canvas = Canvas(self._width, height)

        labels: dict[int, Threshold] = {}
        for one in self._thresholds:
            place = height - 1 - rows.of_threshold(one)
            canvas.put(place, 0, self._glyphs.threshold * self._width, one.role)
            free = (at for at in range(height) if at not in labels)
            labels[min(free, key=lambda at: (abs(at - place), at))] = one
        end_on = self._document["status"]["end_on"]
        if end_on is not None:
            for place in range(height):
                canvas.put(place, self._column(end_on), self._glyphs.end, "note")

        def place_of(visit: Document) -> tuple[int, int]:
            return self._column(visit["visited_on"]), height - 1 - rows.of(visit["score"])

        places = [place_of(visit) for visit in visits]
        for here, there in pairwise(places):
            self._join(canvas, here, there)
        # Those that decide are drawn last and stay in sight.
        for visit in sorted(visits, key=lambda visit: visit["phase"] in SIGNS):
            sign = self._glyphs.outside if visit["phase"] in OUTSIDE else self._glyphs.visit
            sign, role = SIGNS.get(visit["phase"], sign), visit["phase"] or "note"
            column, place = place_of(visit)
            canvas.put(place, column, sign, role)
        found = []
        for place in range(height):
            score = (height - 1 - place) * rows.step
            left = f"{int(score)} {self._glyphs.axis}" if score % 10 == 0 else self._glyphs.axis
            label = labels.get(place)
            words, role = (label.label, label.role) if label else ("", "")
            found.append(self._labelled(canvas, place, left, words, role))
        return found

    def _join(self, canvas: Canvas, here: tuple[int, int], there: tuple[int, int]) -> None:
        """A thin line between two visits, beneath everything else."""
        length = max(abs(there[0] - here[0]), abs(there[1] - here[1]))
        for step in range(1, length):
            column = here[0] + round(step * (there[0] - here[0]) / length)
            row = here[1] + round(step * (there[1] - here[1]) / length)
            canvas.put(row, column, self._glyphs.line, "line", over=False)

    def _axis(self) -> list[Line]:
        glyphs = self._glyphs
        weeks = in_weeks(self._document)
        places = ticks(self._document, max(2, self._width // (12 if weeks else 9)))
        canvas = Canvas(self._width, 3)
        canvas.put(0, 0, glyphs.rule * self._width, "note")
        free = [0, 0]
        for tick in places:
            column = self._column(tick.on)
            canvas.put(0, column, glyphs.tick, "note")
            for row, words in enumerate((tick.number, tick.date)):
                # Centred under its tick, pushed in at the ends; left out where there is no room.
                at = min(max(column - len(words) // 2, 0), self._width - len(words))
                if at >= free[row]:
                    canvas.put(row + 1, at, words, "note")
                    free[row] = at + len(words) + 1
        found = [self._labelled(canvas, 0, glyphs.corner, "")]
        if self._unit():
            found.append(self._labelled(canvas, 1, "", self._unit(), "note"))
        return [*found, self._labelled(canvas, 2, "", "")]

    def _infusions(self) -> list[Line]:
        rows = self._document["infusions"]
        if not rows:
            return []
        canvas = Canvas(self._width, 2)
        for one in sorted(rows, key=lambda one: bool(one["intensified"])):
            sign = self._glyphs.intensified if one["intensified"] else self._glyphs.infusion
            role = "intensified" if one["intensified"] else "infusion"
            canvas.put(0, self._column(one["infused_on"]), sign, role)
        # First those that intensify and the first of all, then as many others as have room.
        for one in sorted(rows, key=lambda one: not (one["intensified"] or one["number"] == 1)):
            self._beside(canvas, 1, one["infused_on"], f"{one['dose_mg_per_kg']:.1f}", "infusion")
        return [
            self._labelled(canvas, 0, "", tr("infusions"), "infusion"),
            self._labelled(canvas, 1, "", tr("mg/kg"), "infusion"),
        ]

    def _beside(self, canvas: Canvas, row: int, on: date, words: str, role: str) -> bool:
        """Writes words at their day where they have room and a blank on both sides."""
        at = min(self._column(on), self._width - len(words))
        before, behind = max(at - 1, 0), min(at + len(words), self._width - 1)
        fits = at >= 0 and canvas.is_free(row, before, behind)
        if fits:
            canvas.put(row, at, words, role)
        return fits

    def _levels(self) -> list[Line]:
        rows = [one for one in self._document["tdm_levels"] if one["ifx_ug_ml"] is not None]
        if not rows:
            return []
        canvas = Canvas(self._width, 1)
        for one in sorted(rows, key=lambda one: not one["is_trough"]):
            sign, on = level_sign(one), one["sampled_on"]
            role = LEVEL_ROLES.get(sign, "note")
            if not self._beside(canvas, 0, on, measured(one, "ifx_ug_ml") + sign, role):
                canvas.put(0, self._column(on), sign or ".", role, over=False)
        return [self._labelled(canvas, 0, "", tr("levels, ug/mL"), "infusion")]

    def _drug(self, name: str, kind: str, courses: Sequence[Course]) -> Line:
        canvas = Canvas(self._width, 1)
        bar = self._glyphs.bars.get(kind, self._glyphs.bars["other"])
        for course in courses:
            first, last = self._column(course.from_on), self._column(course.to_on)
            canvas.put(0, first, bar * (last - first + 1), f"drug.{kind}")
            if course.began_before:
                canvas.put(0, first, self._glyphs.before, f"drug.{kind}")
            if course.goes_on:
                canvas.put(0, last, self._glyphs.after, f"drug.{kind}")
        return self._labelled(canvas, 0, "", name, f"drug.{kind}")

    def _events(self) -> list[Line]:
        found = events(self._document)
        if not found:
            return []
        canvas = Canvas(self._width, 1)
        for event in found:
            canvas.put(0, self._column(event.on), event.sign, "event")
        return [self._labelled(canvas, 0, "", tr("events"), "event")]
