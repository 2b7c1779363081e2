"""One patient's course as a figure for a case conference: a slide of 16 to 9, on one time axis.

From the top: operations, endoscopies and ends; the PCDAI with its thresholds, the deciding visit
ringed; infusions with their dose per kg; drug levels against their thresholds; other drugs as
bars. Colours are those of Okabe and Ito, which colour-blind people tell apart; shape, line style
and hatching say the same again, for a print in grey. It tells the age and never the birth date.
"""

from __future__ import annotations

import textwrap
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from registry import __version__
from registry.drawing.lines import clean
from registry.drawing.placement import Labels
from registry.drawing.plot import svg_text
from registry.patient.course import (
    Document,
    drugs,
    events,
    gene_words,
    in_weeks,
    ticks,
    window,
)
from registry.patient.strips import (
    GREY,
    INK,
    SIZE,
    Scene,
    draw_drugs,
    draw_events,
    draw_infusions,
    draw_levels,
    draw_scores,
    event_lanes,
    measured_levels,
)
from registry.records.registry_setting import data_cut_of
from registry.whole_file import write_whole
from registry.words import tr

WIDTH, HEIGHT = 14.0, 7.875  # inches
_MARGIN = 0.25
_LEFT, _RIGHT = 1.0, 2.75  # inches beside the axes: their names, and those of the thresholds
_GAP = 0.12
_BELOW = 1.35  # inches: the time axis, the legend, the footer
_LEAST = 2.2  # inches of the scores, however much else there is
_TICKS = 9
# Signs of other scripts, in the words of operations and diseases, where the machine has a font.
_FONTS = ("DejaVu Sans", "Noto Sans CJK SC", "Noto Sans SC", "WenQuanYi Micro Hei", "SimHei")

Strip = tuple[float, Callable[[Axes, Scene], None]]


def patient_figure(document: Document) -> Figure:
    """Draws the document of a record.

    Args:
        document: `PatientRecord.to_json()`, with `explanation` (its `conclusion`) beside.

    Returns:
        A figure that no window and no global state knows of.
    """
    with _settings():
        return _Drawing(document).figure


def save(figure: Figure, path: Path) -> None:
    """Writes `path` as SVG or PNG by its ending; the same figure gives the same bytes."""
    with _settings(), warnings.catch_warnings():
        # A sign that no font of the machine has is drawn as a box.
        warnings.filterwarnings("ignore", message="Glyph .* missing")

        def write(part: Path) -> None:
            if path.suffix.lower() == ".svg":
                part.write_text(svg_text(figure), encoding="utf-8")
            else:
                figure.savefig(part, format="png", dpi=130, metadata={"Software": None})

        write_whole(path, write, make_folder=True)


@contextmanager
def _settings() -> Iterator[None]:
    known = set(font_manager.get_font_names())
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(
            {
                "font.family": [name for name in _FONTS if name in known] or ["sans-serif"],
                "font.size": SIZE,
                "svg.fonttype": "none",
                "hatch.linewidth": 0.9,
                "hatch.color": "white",
            }
        )
        yield


class _Drawing:
    """The figure of one document: strips on one time axis."""

    def __init__(self, document: Document) -> None:
        self._document = document
        subtitle = self._subtitle()
        strips = self._strips()
        above = 0.72 + 0.27 * len(subtitle)
        others = sum(height for height, _ in strips) + _GAP * len(strips)
        self._total = max(HEIGHT, above + others + _LEAST + _BELOW)
        self.figure = Figure(figsize=(WIDTH, self._total))
        labels = Labels(FigureCanvasAgg(self.figure))
        self._write(_MARGIN, 0.5, self._title(), fontsize=SIZE + 8, weight="bold")
        for number, line in enumerate(subtitle):
            self._write(_MARGIN, 0.86 + 0.27 * number, line, fontsize=SIZE + 1)
        self._write(_MARGIN, self._total - 0.12, self._footer(), fontsize=SIZE - 2, color=GREY)
        shown = window(document)
        if shown is None:
            words = tr("Nothing dated is recorded.")
            self._write(_LEFT, self._total / 2, words, fontsize=SIZE + 4, color=GREY)
            return
        self._scene = Scene(document, *shown, labels)
        for height, draw in strips:
            # The scores take what the others leave.
            inches = height or self._total - (0.72 + 0.27 * len(subtitle)) - others - _BELOW
            axes = self._axes(above, inches)
            draw(axes, self._scene)
            above += inches + _GAP
        self._add_time(axes)
        self._add_legend()

    def _strips(self) -> list[Strip]:
        """What there is to draw, from the top, with its height in inches; 0 is the rest."""
        document = self._document
        strips: list[Strip] = []
        if events(document):
            strips.append((0.3 * event_lanes(document), draw_events))
        if document["pcdai_visits"]:
            strips.append((0, draw_scores))
        if document["infusions"]:
            strips.append((0.95, draw_infusions))
        if measured_levels(document):
            strips.append((1.1, draw_levels))
        if drugs(document):
            strips.append((0.3 * len(drugs(document)) + 0.1, draw_drugs))
        return strips

    def _write(self, x: float, y: float, words: str, **style: Any) -> None:
        """Words at inches from the left and from the top."""
        style = {"color": INK} | style
        self.figure.text(x / WIDTH, 1 - y / self._total, clean(words), parse_math=False, **style)

    def _title(self) -> str:
        document = self._document
        patient, sex, age = document["patient_id"], document["sex"], document["age_at_start"]
        if age is None:
            return tr("{patient}: {sex}, no infliximab", patient=patient, sex=sex)
        return tr(
            "{patient}: {sex}, {age} years at the first infusion", patient=patient, sex=sex, age=age
        )

    def _subtitle(self) -> list[str]:
        document = self._document
        parts = [document["explanation"]["conclusion"]]
        if document["mechanism"] is not None:
            mechanism = document["mechanism"]["mechanism"].replace("_", " ")
            parts.append(tr("Mechanism: {mechanism}.", mechanism=mechanism))
        parts += [f"{gene_words(row)}." for row in document["gene_findings"]]
        return textwrap.wrap(clean(" ".join(parts)), 130)[:4]

    def _footer(self) -> str:
        held = self._document["definition"]
        return tr(
            "Definition {name} ({hash}). Data cut {cut}. Crohn registry {version}.",
            name=held["name"],
            hash=held["hash"][:12],
            cut=data_cut_of(held),
            version=__version__,
        )

    def _axes(self, top: float, height: float) -> Axes:
        """A strip so many inches from the top; every strip has the same days across."""
        scene = self._scene
        width = WIDTH - _LEFT - _RIGHT
        bottom = self._total - top - height
        axes = self.figure.add_axes(
            (_LEFT / WIDTH, bottom / self._total, width / WIDTH, height / self._total)
        )
        days = scene.day(scene.last)
        axes.set_xlim(-0.015 * days, 1.03 * days)
        axes.set_xticks([])
        axes.tick_params(labelsize=SIZE - 1)
        axes.spines[["top", "right", "bottom"]].set_visible(False)
        for tick in ticks(self._document, _TICKS):
            axes.axvline(scene.day(tick.on), color="#e4e4e4", linewidth=0.8, zorder=0)
        end_on = self._document["status"]["end_on"]
        if end_on is not None:
            style: dict[str, Any] = {"color": GREY, "linestyle": (0, (2, 2)), "linewidth": 1.2}
            axes.axvline(scene.day(end_on), gid="end", **style)
            scene.explain(tr("end of observation"), **style)
        return axes

    def _add_time(self, axes: Axes) -> None:
        """The time axis under the last strip: months or weeks, and the dates below them."""
        found = ticks(self._document, _TICKS)
        words = [f"{tick.number}\n{tick.date}".strip() for tick in found]
        axes.set_xticks([self._scene.day(tick.on) for tick in found], words)
        axes.spines["bottom"].set_visible(True)
        if self._document["status"]["start_on"] is not None:
            weeks = in_weeks(self._document)
            axes.annotate(
                tr("weeks since the\nfirst infusion")
                if weeks
                else tr("months since the\nfirst infusion"),
                (1, 0), xycoords="axes fraction", xytext=(18, -5), textcoords="offset points",
                va="top", fontsize=SIZE - 1,
            )  # fmt: skip

    def _add_legend(self) -> None:
        legend = self._scene.legend
        self.figure.legend(
            list(legend.values()), list(legend), loc="lower left", ncols=6, frameon=False,
            bbox_to_anchor=((_MARGIN - 0.07) / WIDTH, 0.22 / self._total), fontsize=SIZE - 1,
            borderaxespad=0.3, handlelength=1.6, columnspacing=1.4, handletextpad=0.4,
        )  # fmt: skip
