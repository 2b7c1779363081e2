"""A specification curve: hazard ratios under every reading, and below which choices made each."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from registry.drawing.plot import settings
from registry.report.model_tables import excludes_one, name_of
from registry.report.tables import Document
from registry.words import in_english

_WIDTH = 7.2
_LEFT, _PANEL = 0.3, 0.675
_CURVE, _ROW, _GAP = 1.15, 0.155, 0.3  # inches
_EXCLUDES, _INCLUDES, _REFERENCE = "#123f6d", "#9a9a9a", "#c8641b"
_LEAST, _MOST = 0.02, 50.0
_TICKS = (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50)
Specification = Mapping[str, Any]


@in_english()
def specification_curve(document: Document) -> Figure:
    """Draw a panel of hazard ratios for each covariate, and the matrix of choices below.

    The readings stand in the order of the hazard ratio of the first covariate that is acquired
    after the start, or without one of the first covariate.

    Args:
        document: `Sensitivity.to_json()`.
    """
    covariates = document["covariates"]
    leading = next((one for one in covariates if one["acquired_after_start"]), covariates[0])
    ordered = _ordered(document["specifications"], leading["covariate"])
    matrix = _matrix(document)
    n_rows = sum(len(values) + 1 for _, values in matrix)
    with settings():
        words = textwrap.wrap(_subtitle(document, leading), 106)
        above = 0.42 + 0.17 * len(words)
        panels = len(covariates) * (_CURVE + _GAP)
        height = above + panels + _ROW * n_rows + 0.25
        figure = Figure(figsize=(_WIDTH, height))
        FigureCanvasAgg(figure)
        figure.text(
            0.012, 1 - 0.23 / height, "Every reading of the rules", fontsize=11, weight="bold"
        )
        for i, line in enumerate(words):
            figure.text(0.012, 1 - (0.45 + 0.17 * i) / height, line, color="#444444")
        top = above
        for covariate in [leading, *(one for one in covariates if one is not leading)]:
            top += _GAP
            place = (_LEFT, 1 - (top + _CURVE) / height, _PANEL, _CURVE / height)
            _curve(figure.add_axes(place), ordered, covariate)
            top += _CURVE
        place = (_LEFT, 0.06 / height, _PANEL, (height - top - 0.16) / height)
        _choices(figure.add_axes(place), ordered, matrix)
    return figure


def _ordered(specifications: Sequence[Specification], covariate: str) -> list[Specification]:
    """From the smallest hazard ratio to the largest; those without a model last."""

    def ratio(one: Specification) -> float:
        numbers = one["terms"][covariate]
        return float("inf") if numbers is None else float(numbers["hr"])

    return sorted(specifications, key=ratio)


def _subtitle(document: Document, leading: Mapping[str, Any]) -> str:
    readings = len({one["definition_hash"] for one in document["specifications"]})
    return (
        f"{readings} readings, {len(document['specifications'])} models, in the order of the hazard"
        f" ratio of {name_of(leading)}. Bars: 95 % limits, dark where they exclude 1; orange: the"
        f" reference, definition {document['definition']}."
    )


def _curve(axes: Axes, ordered: Sequence[Specification], covariate: Mapping[str, Any]) -> None:
    values = [1.0]
    for x, one in enumerate(ordered):
        numbers = one["terms"][covariate["covariate"]]
        if numbers is None:
            continue
        colour = _EXCLUDES if excludes_one(numbers) else _INCLUDES
        low, high = (
            min(max(limit if limit is not None else end, _LEAST), _MOST)
            for limit, end in ((numbers["hr_lower"], _LEAST), (numbers["hr_upper"], _MOST))
        )
        axes.plot([x, x], [low, high], color=colour, linewidth=1.1, solid_capstyle="butt")
        marker = "D" if one["reference"] else "o"
        axes.plot(
            [x], [min(max(numbers["hr"], _LEAST), _MOST)], marker=marker, linestyle="none",
            color=_REFERENCE if one["reference"] else colour, markersize=4.5, zorder=3,
        )  # fmt: skip
        values += [low, high]
    axes.axhline(1, color="#555555", linewidth=0.7, zorder=0)
    axes.set_yscale("log")
    axes.set_ylim(min(values) / 1.2, max(values) * 1.2)
    bottom, top = axes.get_ylim()
    ticks = [tick for tick in _TICKS if bottom <= tick <= top]
    if len(ticks) > 6:
        ticks = [tick for tick in ticks if tick in (0.02, 0.1, 0.5, 1, 2, 10, 50)]
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_xlim(-0.7, len(ordered) - 0.3)
    axes.set_xticks([])
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    axes.set_title(f"{name_of(covariate)}, hazard ratio", fontsize=8.5, loc="left", pad=3)


def _matrix(document: Document) -> list[tuple[str, list[str]]]:
    """Each choice with its values, in the order in which they first stand."""
    specifications = document["specifications"]
    found = [
        ("Model", _values(one["model"] for one in specifications)),
        ("Definition", _values(one["definition"] for one in specifications)),
    ]
    found += [
        (key, _values(one["choices"][key] for one in specifications)) for key in document["varied"]
    ]
    return found


def _values(values: Any) -> list[str]:
    return list(dict.fromkeys(values))


def _value(one: Specification, choice: str) -> str | None:
    if choice in ("Model", "Definition"):
        return str(one[choice.lower()])
    found: str | None = one["choices"].get(choice)
    return found


def _choices(
    axes: Axes, ordered: Sequence[Specification], matrix: Sequence[tuple[str, list[str]]]
) -> None:
    n_rows = sum(len(values) + 1 for _, values in matrix)
    axes.set_ylim(n_rows, 0)
    axes.set_xlim(-0.7, len(ordered) - 0.3)
    axes.set_axis_off()
    names = axes.get_yaxis_transform()
    y = 0.5
    size = max(1.5, min(4.0, 180 / len(ordered)))
    for choice, values in matrix:
        axes.text(-0.43, y, choice, transform=names, va="center", weight="bold", fontsize=8)
        y += 1
        for value in values:
            axes.axhline(y, color="#e4e4e4", linewidth=0.6, zorder=0)
            axes.text(-0.4, y, value, transform=names, va="center", fontsize=8)
            for x, one in enumerate(ordered):
                if _value(one, choice) == value:
                    colour = _REFERENCE if one["reference"] else "#333333"
                    axes.plot([x], [y], marker="s", markersize=size, color=colour)
            y += 1
