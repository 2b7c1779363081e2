"""Schoenfeld's residuals over time: where a curve leaves its line, the hazard ratio changes."""

from __future__ import annotations

import textwrap
import warnings

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from statsmodels.nonparametric.smoothers_lowess import lowess

from registry.drawing.numbers import p_equation
from registry.drawing.plot import STYLES, settings
from registry.report.tables import Document
from registry.words import in_english

_DAYS_PER_MONTH = 30.4375
_COLUMNS = 2
_SMOOTHED_FROM = 8  # events; a curve through fewer says nothing


@in_english()
def hazards_plot(document: Document) -> Figure:
    """Draw the scaled residuals of each term against time, with a smooth curve through them.

    Args:
        document: `Cox.to_json(details=True)`.
    """
    with settings():
        terms = document["terms"]
        n_rows = -(-len(terms) // _COLUMNS)
        height = 0.85 + 2.35 * n_rows
        figure = Figure(figsize=(7.2, height))
        FigureCanvasAgg(figure)
        figure.text(0.012, 1 - 0.23 / height, "Proportional hazards", fontsize=11, weight="bold")
        words = (
            f"Definition: {document['definition']}. Points: scaled Schoenfeld residuals, one a loss"
            " of response; dashed: the coefficient of the model; line: smoothed over time (lowess)."
        )
        for i, line in enumerate(textwrap.wrap(words, 106)):
            figure.text(0.012, 1 - (0.45 + 0.17 * i) / height, line, color="#444444")
        months = np.asarray(document["schoenfeld"]["days"], dtype=float) / _DAYS_PER_MONTH
        tests = document["proportional_hazards"]
        p = {one["covariate"]: one["p"] for one in tests[0]["terms"]} if tests else {}
        for number, term in enumerate(terms):
            row, column = divmod(number, _COLUMNS)
            bottom = (height - 0.85 - 2.35 * (row + 1) + 0.5) / height
            axes = figure.add_axes((0.08 + 0.5 * column, bottom, 0.4, 1.5 / height))
            scaled = np.asarray(document["schoenfeld"]["scaled"][term["covariate"]], dtype=float)
            _panel(axes, months, scaled, term["coef"])
            name = f"{term['label']}: {term['level']}"
            test = f", {p_equation(p[term['covariate']])}" if term["covariate"] in p else ""
            axes.set_title(
                "\n".join(textwrap.wrap(name + test, 46)), fontsize=8.5, loc="left", pad=4
            )
            if number + _COLUMNS >= len(terms):
                axes.set_xlabel("Months", labelpad=2)
            if column == 0:
                axes.set_ylabel("log HR at t", labelpad=2)
    return figure


def _panel(axes: Axes, months: np.ndarray, scaled: np.ndarray, coef: float) -> None:
    style = STYLES[0]
    axes.axhline(coef, color="#888888", linewidth=0.9, linestyle=(0, (4, 2)))
    axes.plot(months, scaled, "o", markersize=3.5, color=style["band"], markeredgecolor="#4d6d90")
    if len(np.unique(months)) >= _SMOOTHED_FROM:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            smooth = lowess(scaled, months, frac=0.8, it=0)
        axes.plot(smooth[:, 0], smooth[:, 1], color=style["color"], linewidth=1.6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8)
