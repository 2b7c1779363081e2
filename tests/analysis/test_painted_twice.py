"""The page and the file show the same: how far a band reaches, and which statistic a line is."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from matplotlib.collections import PolyCollection

from registry.analysis.cohort.listings import week14_levels
from registry.analysis.curves.kaplan_meier import kaplan_meier
from registry.analysis.troughs.levels_and_loss import drug_levels
from registry.drawing.plot import cumulative_incidence
from registry.report.figure_tdm import levels_figure
from registry.report.svg_curves import incidence_curves
from registry.report.svg_troughs import level_dots
from tests.analysis.test_degenerate_curves import cohort
from tests.analysis.test_drug_levels import FEW, LEVELS_OF_20, views

PER_MONTH = 30.4375


def figure_band(document: dict[str, Any]) -> set[tuple[float, float]]:
    """Corners of the file's band as months and per cent."""
    axes = cumulative_incidence(document).axes[0]
    (band,) = [one for one in axes.collections if isinstance(one, PolyCollection)]
    return {(x, y) for x, y in np.round(band.get_paths()[0].vertices, 1).tolist()}


def page_band(document: dict[str, Any]) -> set[tuple[float, float]]:
    """The same of the page's, read back from its places on the drawing."""
    drawn = incidence_curves(document, "test")
    (path,) = re.findall(r'<path d="M([^"]+) Z" class="band c0"/>', drawn.svg())
    places = [tuple(map(float, point.split())) for point in path.split(" L")]
    at = {key.removeprefix("data-"): value for key, value in drawn.attributes.items()}
    axis_top = max(float(percent) for percent in re.findall(r">(\d+)</text>", drawn.svg())[:6])
    return {
        (
            round((x - at["left"]) / (at["right"] - at["left"]) * at["months"], 1),
            round((at["bottom"] - y) / (at["bottom"] - at["top"]) * axis_top, 1),
        )
        for x, y in places
    }


@pytest.mark.parametrize(
    "event",
    [
        pytest.param((1, 1, 0, 1, 1), id="the last one loses response"),
        pytest.param((1, 1, 0, 1, 0), id="the last one is censored"),
    ],
)
def test_bands_reach_as_far(event: tuple[int, ...]) -> None:
    frame = cohort((100, 200, 300, 400, 900), event)
    document = kaplan_meier(frame, "paper").to_json(curves=True)
    page, figure = page_band(document), figure_band(document)
    first, last = round(100 / PER_MONTH, 1), round(900 / PER_MONTH, 1)
    for corners in (page, figure):
        assert min(corners)[0] == first
        assert max(corners)[0] == last
    # Corners on a level line are the painter's own business; the others are the same.
    ends = {corner for corner in figure if corner[0] in (first, last)}
    assert {x for x, _ in page} <= {x for x, _ in figure}
    assert {corner for corner in page if corner[0] == last} <= ends


def test_the_line_of_the_levels_is_the_mean_and_says_so() -> None:
    event = [i % 3 == 0 for i in range(24)]
    time = [200 + 10 * i for i in range(24)]
    frames = views([*LEVELS_OF_20, None, None, None, None], event, time, [None] * 24)
    troughs = frames["trough"].assign(phenotype_held_to="any", threshold_ug_ml=5.0)
    told = week14_levels(frames["tdm_week14"], troughs, "paper")
    figure = levels_figure(drug_levels(frames, "paper", bootstrap=FEW).to_json(levels=True))
    axes = figure.axes[0]
    lines = {line.get_gid(): line.get_ydata()[0] for line in axes.lines}
    for group in told["groups"]:
        values = [value for value, _ in group["levels"]]
        assert group["mean"] == pytest.approx(np.mean(values))
        assert lines[f"mean-{group['group']}"] == pytest.approx(np.mean(values))
        assert f"mean {np.mean(values):.2f}" in level_dots(told, "test").svg()
    assert axes.get_title(loc="left").endswith("lines: means")
