"""Drug levels in four panels: troughs by outcome, the ROC curve, quartiles over time, the course.

Drawn on figures of their own, without `pyplot`.
"""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from registry.drawing.numbers import fixed, limits, p_equation
from registry.drawing.plot import _RC
from registry.report.tables import Document
from registry.words import in_english

_LOST, _KEPT, _GREY = "#c8641b", "#123f6d", "#666666"
_QUARTERS = ("#c8641b", "#d9a05b", "#6f94ba", "#123f6d")
_DASHES = ("-", (0, (5, 1.6)), (0, (2, 1.2)), "-.")
_DAYS_PER_MONTH = 30.4375


@in_english()
def levels_figure(document: Document) -> Figure:
    """Draw the document of `registry analyse tdm`, made with `to_json(levels=True)`.

    A part that the data could not carry leaves its panel with the words "not estimated".
    """
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_RC)
        figure = Figure(figsize=(7.2, 6.4), layout="constrained")
        FigureCanvasAgg(figure)
        panels = figure.subplots(2, 2)
        _levels(panels[0, 0], document)
        for axes, name, draw in (
            (panels[0, 1], "roc", _roc),
            (panels[1, 0], "quartiles", _quarters),
            (panels[1, 1], "over_time", _course),
        ):
            axes.spines[["top", "right"]].set_visible(False)
            if document[name]:
                draw(axes, document[name])
            else:
                axes.set_axis_off()
                axes.text(0.5, 0.5, "not estimated", transform=axes.transAxes, ha="center")
    return figure


def _levels(axes: Axes, document: Document) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    for place, (group, colour) in enumerate(zip(document["groups"], (_LOST, _KEPT), strict=True)):
        values = np.sort(np.asarray(document["levels"][group["group"]], dtype=float))
        # Spread sideways in turn, the same every time.
        aside = ((np.arange(len(values)) * 0.618) % 1 - 0.5) * 0.5
        axes.plot(
            place + aside, values, "o", markersize=4, color=colour, alpha=0.8, markeredgewidth=0
        )
        axes.plot(
            [place - 0.32, place + 0.32], [group["mean"]] * 2, color=colour, linewidth=2,
            gid=f"mean-{group['group']}",
        )  # fmt: skip
    if document["roc"]:
        cut = document["roc"]["youden"]["cut"]
        axes.axhline(cut, color=_GREY, linewidth=0.9, linestyle=(0, (4, 3)))
        axes.text(0.5, cut, f"cut {fixed(cut, 1)}", va="bottom", ha="center", color=_GREY)
    axes.set_xticks(
        [0, 1],
        [f"{group['label']}\nn = {group['n']}" for group in document["groups"]],
    )
    axes.set_xlim(-0.5, 1.5)
    axes.set_ylim(0, None)
    axes.set_ylabel("Trough at week 14, ug/mL")
    axes.set_title(f"Welch {p_equation(document['p'])}; lines: means", loc="left", fontsize=9)


def _roc(axes: Axes, part: Document) -> None:
    band = part["band"]
    x = [100 * (1 - one["specificity"]) for one in band]
    axes.fill_between(
        x,
        [100 * one["lower"] for one in band],
        [100 * one["upper"] for one in band],
        step="post", color="#9fb6cf", alpha=0.45, linewidth=0,
    )  # fmt: skip
    axes.plot(
        [100 * (1 - one["specificity"]) for one in part["points"]],
        [100 * one["sensitivity"] for one in part["points"]],
        color=_KEPT, linewidth=1.8,
    )  # fmt: skip
    cut = part["youden"]
    axes.plot(
        100 * (1 - cut["specificity"]), 100 * cut["sensitivity"], "o", color=_LOST, markersize=6
    )
    axes.plot([0, 100], [0, 100], color=_GREY, linewidth=0.8, linestyle=(0, (4, 3)))
    axes.set_xlim(0, 100)
    axes.set_ylim(0, 102)
    axes.set_xlabel("False alarms, % (100 - specificity)")
    axes.set_ylabel("Sensitivity, %")
    area = f"Area {part['auc']:.2f} ({limits(part['lower'], part['upper'], 2)}); band: 95 %"
    axes.set_title(area, loc="left", fontsize=9)


def _quarters(axes: Axes, part: Document) -> None:
    for curve, group in zip(part["curves"], part["groups"], strict=True):
        number = group["quartile"] - 1
        low, high = group["above"], group["to"]
        name = (
            f"up to {fixed(high, 1)}"
            if low is None
            else f"above {fixed(low, 1)}"
            if high is None
            else f"{fixed(low, 1)} to {fixed(high, 1)}"
        )
        axes.step(
            np.asarray(curve["days"]) / _DAYS_PER_MONTH,
            100 * np.asarray(curve["incidence"]),
            where="post", color=_QUARTERS[number], linestyle=_DASHES[number], linewidth=1.8,
            label=f"{name} ({group['events']} of {group['n']})",
        )  # fmt: skip
    axes.set_xlim(0, None)
    axes.set_ylim(0, None)
    axes.set_xlabel("Months")
    axes.set_ylabel("Loss of response, %")
    axes.legend(frameon=False, fontsize=8, loc="upper left", handlelength=2.6)
    trend = part["trend"]
    words = f"By quartile, ug/mL; trend {p_equation(trend['p'])}" if trend else "By quartile, ug/mL"
    axes.set_title(words, loc="left", fontsize=9)


def _course(axes: Axes, part: Document) -> None:
    windows = part["windows"]
    for place, one in enumerate(windows):
        axes.plot([place, place], [one["q1"], one["q3"]], color=_KEPT, linewidth=2.2, alpha=0.6)
        axes.plot(place, one["median"], "o", color=_KEPT, markersize=6)
    shown = [
        one["label"].replace("Maintenance, months ", "").replace("Week ", "week ")
        for one in windows
    ]
    step = max(1, len(windows) // 18)
    turned = 90 if len(windows) > 5 else 0
    axes.set_xticks(range(0, len(windows), step), shown[::step], fontsize=8, rotation=turned)
    axes.set_xlabel("Induction by week, maintenance by months")
    axes.set_xlim(-0.6, max(len(windows) - 0.4, 0.6))
    axes.set_ylim(0, None)
    axes.set_ylabel("Trough, ug/mL")
    axes.set_title("Before any loss: median and quartiles", loc="left", fontsize=9)
