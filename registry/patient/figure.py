"""One patient's course as a figure for a case conference: a slide of 16 to 9, on one time axis.

From the top: operations, endoscopies and ends; the PCDAI with its thresholds, the deciding visit
ringed; infusions with their dose per kg; drug levels against their thresholds; other drugs as
bars. Shape, line style and strokes say again what the colours say, for a print in grey. It tells
the age and never the birth date.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import TYPE_CHECKING

from registry import __version__
from registry.drawing.lines import clean
from registry.drawing.scene import LINE, Panel, Scale, Scene, words_width
from registry.patient.course import Document, drugs, events, gene_words, in_weeks, ticks, window
from registry.patient.strips import (
    BEYOND,
    Drawing,
    draw_drugs,
    draw_events,
    draw_infusions,
    draw_levels,
    draw_scores,
    drugs_height,
    events_height,
    infusions_scale,
    levels_scale,
    measured_levels,
    scores_scale,
)
from registry.views.headers import data_cut_of
from registry.words import tr

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH, HEIGHT = 1024.0, 500.0  # pixels; with its heading a slide
_LEFT = 110.0  # beside the panels, of their axes
_GAP = 10.0
_LEAST = 165.0  # of the scores, however much else there is
_INFUSIONS, _LEVELS = 74.0, 84.0
_TICKS = 9
_LONGEST = 520  # letters of the subtitle

Strip = tuple[float, tuple[float, float], Callable[[Panel, Drawing], None]]


def patient_figure(document: Document) -> Figure:
    """Paints the scene of a record below its heading; arguments as those of `course_scene`.

    Returns:
        A figure that no window and no global state knows of.
    """
    from registry.drawing.plot import paint

    scene = course_scene(document)
    return paint(scene, title=scene.title, subtitle=scene.description)


def course_scene(document: Document) -> Scene:
    """Draws the document of a record.

    Args:
        document: `PatientRecord.to_json()`, with `explanation` (its `conclusion`) beside.
    """
    scene = Scene("course", WIDTH, _title(document), _subtitle(document))
    shown = window(document)
    if shown is None:
        scene.text(_LEFT, HEIGHT / 2, tr("Nothing dated is recorded."), "quiet")
        scene.height = HEIGHT
    else:
        _draw(scene, Drawing(document, *shown))
    scene.text(0, scene.height, _footer(document), "quiet")
    return scene


def _draw(scene: Scene, drawing: Drawing) -> None:
    strips = _strips(drawing.document)
    days = drawing.day(drawing.last)
    x = Scale(-0.015 * days, 1.03 * days, _LEFT, WIDTH - BEYOND)
    rest = HEIGHT - 5.5 * LINE - sum(height + _GAP for height, *_ in strips)
    top = 0.0
    for height, numbers, draw in strips:
        # The scores take what the others leave.
        bottom = top + (height or max(_LEAST, rest))
        y = Scale(*numbers, bottom, top)
        panel = Panel(scene, x, y)
        for tick in ticks(drawing.document, _TICKS):
            day = drawing.day(tick.on)
            panel.line((day, y.low), (day, y.high), "grid")
        end_on = drawing.document["status"]["end_on"]
        if end_on is not None:
            day = drawing.day(end_on)
            panel.line((day, y.low), (day, y.high), "ending")
            drawing.explain_line(tr("end of observation"), "ending")
        draw(panel, drawing)
        top = bottom + _GAP
    scene.height = top - _GAP
    _add_time(Panel(scene, x, None), drawing)
    _add_legend(scene, drawing)


def _strips(document: Document) -> list[Strip]:
    """What there is to draw, from the top, with its height and its numbers; 0 is the rest."""
    strips: list[Strip] = []
    if events(document):
        strips.append((events_height(document), (0, 1), draw_events))
    if document["pcdai_visits"]:
        strips.append((0, scores_scale(document), draw_scores))
    if document["infusions"]:
        strips.append((_INFUSIONS, infusions_scale(document), draw_infusions))
    if measured_levels(document):
        strips.append((_LEVELS, levels_scale(document), draw_levels))
    if drugs(document):
        strips.append((drugs_height(document), (0, 1), draw_drugs))
    return strips


def _add_time(panel: Panel, drawing: Drawing) -> None:
    """The time axis under the last strip: months or weeks, and the dates below them."""
    assert panel.x is not None
    scene = panel.scene
    below = scene.height
    panel.line((panel.x.low, below), (panel.x.high, below), "axis")
    for tick in ticks(drawing.document, _TICKS):
        day = drawing.day(tick.on)
        panel.line((day, below), (day, below), "axis", [(0, 0), (0, 5)])
        lines = [line for line in (tick.number, tick.date) if line]
        for number, line in enumerate(lines):
            panel.text((day, below), line, "tick", "middle", (0, 18 + LINE * number))
    if drawing.document["status"]["start_on"] is not None:
        weeks = in_weeks(drawing.document)
        words = (
            tr("weeks since the\nfirst infusion")
            if weeks
            else tr("months since the\nfirst infusion")
        )
        scene.paragraph(panel.x.end + 18, below + 18, words.splitlines())
    scene.height = below + 18 + 2 * LINE


def _add_legend(scene: Scene, drawing: Drawing) -> None:
    """The signs with their words, from the left to the right, in as many lines as it takes."""
    pixels = Panel(scene, None, None)
    x, y = 0.0, scene.height + 4
    for words, sample in drawing.legend.items():
        width = 28 + words_width(words) + 16
        if x + width > WIDTH:
            x, y = 0.0, y + LINE + 2
        sample(pixels, (x + 11, y - 4.5))
        scene.text(x + 28, y, words)
        x += width
    scene.height = y + LINE + 6


def _title(document: Document) -> str:
    patient, sex, age = document["patient_id"], document["sex"], document["age_at_start"]
    if age is None:
        return tr("{patient}: {sex}, no infliximab", patient=patient, sex=sex)
    return tr(
        "{patient}: {sex}, {age} years at the first infusion", patient=patient, sex=sex, age=age
    )


def _subtitle(document: Document) -> str:
    parts = [document["explanation"]["conclusion"]]
    if document["mechanism"] is not None:
        mechanism = document["mechanism"]["mechanism"].replace("_", " ")
        parts.append(tr("Mechanism: {mechanism}.", mechanism=mechanism))
    parts += [f"{gene_words(row)}." for row in document["gene_findings"]]
    return textwrap.shorten(clean(" ".join(parts)), _LONGEST, placeholder=" ...")


def _footer(document: Document) -> str:
    held = document["definition"]
    return tr(
        "Definition {name} ({hash}). Data cut {cut}. Crohn registry {version}.",
        name=held["name"],
        hash=held["hash"][:12],
        cut=data_cut_of(held),
        version=__version__,
    )
