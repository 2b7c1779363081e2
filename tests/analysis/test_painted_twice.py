"""A figure is described once: its numbers are the document's, and both painters paint all of it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from registry.analysis.cohort.flow import cohort_flow
from registry.analysis.cohort.outcome import outcomes_after_loss
from registry.analysis.cox.choice import Choice
from registry.analysis.cox.fit import cox_regression
from registry.analysis.cox.published import compare_with_published
from registry.analysis.cox.sensitivity import Reading, sensitivity_analysis
from registry.analysis.curves.competing import cumulative_incidence
from registry.analysis.curves.kaplan_meier import kaplan_meier
from registry.analysis.risk.telling import risk_of_loss
from registry.analysis.troughs.levels_and_loss import drug_levels
from registry.drawing.plot import paint
from registry.drawing.scene import NARROW, WIDE, Mark, Scene
from registry.drawing.styles import STYLES
from registry.drawing.svg import svg
from registry.report.figures import (
    calibration,
    curves,
    flow,
    forest,
    funnel,
    hazards,
    performance,
    roc,
    specifications,
)
from registry.report.figures import imputed as imputed_figures
from registry.report.figures import troughs as trough_figures
from tests.analysis.frames import flow_frame, outcome_frame
from tests.analysis.test_drug_levels import FEW, LEVELS_OF_20, views
from tests.analysis.test_imputation import imputed_cohort
from tests.analysis.test_risk import MODEL, QUICK
from tests.analysis.test_risk import views as risk_views
from tests.analysis.test_sound_cox import BASIS, BOTH
from tests.analysis.test_sound_cox import cohort as treated
from tests.disclosure.test_centres import centre, told

PER_MONTH = 30.4375
Draw = Callable[[float], Scene]


@pytest.fixture(scope="module")
def figures() -> dict[str, tuple[Any, Draw]]:
    """Every kind of figure with the document that it is of."""
    frame, exposure = treated(80)
    frame = frame.assign(
        event_code=[1 if lost else 2 + i % 3 * (i % 2) for i, lost in enumerate(frame["event"])],
        left_days=[max(day - 40, 0) for day in frame["time_days"]],
        right_days=[
            day if lost else None
            for day, lost in zip(frame["time_days"], frame["event"], strict=True)
        ],
    )
    by = "response_without_remission"
    km = kaplan_meier(frame, "paper", by=by, interval_censored=True).to_json(curves=True)
    causes = cumulative_incidence(frame, "paper").to_json(curves=True)
    causes_by = cumulative_incidence(frame, "paper", by=by).to_json(curves=True)
    model = cox_regression(frame, "paper", covariates=BOTH).to_json(details=True)
    compared = compare_with_published(frame, exposure, "paper", covariates=BOTH).to_json()
    readings = [
        Reading("paper", {"lor_above": "15"}, BASIS, frame, exposure),
        Reading("paper", {"lor_above": "90"}, BASIS, frame.iloc[:60], exposure),
    ]
    varied = {"lor_above": ["15", "90"]}
    every = sensitivity_analysis(readings, Choice(tuple(BOTH), "named"), varied=varied).to_json()
    lost, time = [i % 3 == 0 for i in range(24)], [200 + 10 * i for i in range(24)]
    frames = views([*LEVELS_OF_20, None, None, None, None], lost, time, ["<", *[None] * 23])
    tdm = drug_levels(frames, "paper", bootstrap=FEW).to_json(levels=True)
    risk = risk_of_loss(risk_views(120), "paper", covariates=MODEL, rule=QUICK).to_json(curves=True)
    counted = cohort_flow(flow_frame(), "paper").to_json()
    after = outcomes_after_loss(
        outcome_frame([("optimised", True), ("stopped", None)]), "paper"
    ).to_json()
    completed = imputed_cohort(120).to_json(details=True)
    quartiles = trough_figures.quartiles_as_curves(tdm["quartiles"])
    term = model["terms"][0]
    beside = told({"A": centre(6, 30), "B": centre(8, 30), "C": centre(19, 40)})
    return {
        "km": (km, lambda width: curves.incidence_curves(km, "a", width)),
        "cuminc": (causes, lambda width: _competing(causes, width)),
        "cuminc by": (causes_by, lambda width: _competing(causes_by, width)),
        "cox": (model, lambda width: forest.cox_forest(model, "a", width)),
        "compared": (compared, lambda width: forest.compared_forest(compared, "a", width)),
        "sensitivity": (every, lambda width: specifications.specification_curve(every, "a", width)),
        "levels": (tdm, lambda width: trough_figures.level_dots(tdm["levels"], "a", width)),
        "course": (tdm, lambda width: trough_figures.trough_course(tdm["over_time"], "a", width)),
        "quartiles": (tdm, lambda width: curves.incidence_curves(quartiles, "a", width)),
        "roc": (tdm, lambda width: roc.roc_plot(tdm["roc"], "a", width)),
        "calibration": (risk, lambda width: calibration.calibration_plot(risk, 12.0, "a", width)),
        "brier": (risk, lambda width: performance.brier_plot(risk, "a", width)),
        "auc": (risk, lambda width: performance.auc_plot(risk, "a", width)),
        "hazards": (model, lambda width: hazards.residuals_plot(model, term, width)),
        "imputed": (
            completed,
            lambda width: imputed_figures.imputed_against_known(completed, "a", width),
        ),
        "funnel": (beside, lambda width: funnel.funnel_plot(beside, "a", width)),
        "flow": ([counted, after], lambda width: flow.flow_diagram(counted, after, "a", width)),
    }


def _competing(document: dict[str, Any], width: float) -> Scene:
    return curves.incidence_curves(curves.competing_as_curves(document), "a", width)


NAMES = (
    "km", "cuminc", "cuminc by", "cox", "compared", "sensitivity", "levels", "course", "quartiles",
    "roc", "calibration", "brier", "auc", "hazards", "imputed", "funnel",
    "flow",
)  # fmt: skip


def numbers_of(document: Any) -> Iterator[float]:
    """Every number of a document, wherever it stands."""
    if isinstance(document, dict):
        document = list(document.values())
    if isinstance(document, list):
        for one in document:
            yield from numbers_of(one)
    elif isinstance(document, int | float) and not isinstance(document, bool):
        yield float(document)


# What is no number of the document: axes, the line of agreement, a curve smoothed for the eye.
SCAFFOLD = {"axis", "grid", "tick", "threshold"}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_every_number_of_a_figure_is_the_documents(
    figures: dict[str, tuple[Any, Draw]], name: str, width: float
) -> None:
    document, draw = figures[name]
    known = np.array([0.0, *numbers_of(json.loads(json.dumps(document)))])
    # As they are, as shares in per cent, as days in months, and the false alarms of a specificity.
    told = np.sort(np.concatenate([known, 100 * known, known / PER_MONTH, 100 - 100 * known]))
    scene = draw(width)
    shown = 0
    for mark in scene.marks:
        summed = mark.name.startswith("fine") or (name == "hazards" and mark.kind == "path")
        if mark.name in SCAFFOLD or mark.kind == "text" or summed:
            continue
        held = [scale for scale in (mark.x, mark.y) if scale and scale.logarithmic]
        ends = {end for scale in held for end in (scale.low, scale.high)} | {1.0 for _ in held}
        for number in set(mark.numbers) - ends:
            near = told[
                [np.searchsorted(told, number) - 1, np.searchsorted(told, number) % len(told)]
            ]
            assert np.isclose(near, number, rtol=1e-9, atol=1e-9).any(), (mark, number)
            shown += 1
    assert shown >= 1 or name == "flow"


@pytest.mark.parametrize("name", NAMES)
def test_numbers_in_words_are_the_documents_too(
    figures: dict[str, tuple[Any, Draw]], name: str
) -> None:
    document, draw = figures[name]
    plain = json.loads(json.dumps(document))
    known = [0.0, *numbers_of(plain)]
    values = [*known, *(100 * one for one in known), *(one / PER_MONTH for one in known)]
    written = {f"{abs(one):.{places}f}" for one in values for places in range(4)}
    written |= {f"{one:g}" for one in known}
    # Numbers within the document's own words: of a level, of a week.
    written |= set(re.findall(r"\d+(?:\.\d+)?", json.dumps(plain)))
    for mark in draw(WIDE).marks:
        if mark.kind != "text" or mark.name == "tick" or mark.key:
            continue
        found = set(re.findall(r"\d+(?:\.\d+)?", mark.words))
        # The threshold of a P that is no longer written, and the share of the flow's own counts.
        if name != "flow":
            assert found - {"0.001", "100", "14", "95"} <= written, mark.words


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_both_painters_paint_every_mark(
    figures: dict[str, tuple[Any, Draw]], name: str, width: float
) -> None:
    scene = figures[name][1](width)
    assert {one.name for one in scene.marks if one.kind != "text"} <= set(STYLES)
    wanted = Counter(one.kind for one in scene.marks)
    root = ElementTree.fromstring(svg(scene))
    tags = Counter(one.tag.rpartition("}")[2] for one in root)
    assert tags == Counter(
        {
            "title": 1, "desc": 1, "text": wanted["text"], "line": wanted["line"],
            "rect": wanted["box"], "circle": wanted["dot"], "path": wanted["path"] + wanted["area"],
        }
    ) + Counter()  # fmt: skip
    (axes,) = paint(scene, title="A title").axes
    assert len(axes.lines) == wanted["line"] + wanted["path"]
    assert len(axes.patches) == wanted["box"] + wanted["dot"] + wanted["area"]
    words = [one.get_text() for one in axes.texts]
    assert words == ["A title", *(one.words for one in scene.marks if one.kind == "text")]
    # Both put a mark where the scene has it.
    lines = [one for one in scene.marks if one.kind in ("line", "path")]
    offset = np.array(axes.lines[0].get_xydata()[0]) - lines[0].places[0]
    for line, mark in zip(axes.lines, lines, strict=True):
        assert np.allclose(line.get_xydata() - offset, mark.places)


def _named(scene: Scene, name: str) -> list[Mark]:
    return [one for one in scene.marks if one.name == name]


def _cohort(time: tuple[int, ...], event: tuple[int, ...]) -> pd.DataFrame:
    from tests.analysis.test_degenerate_curves import cohort

    return cohort(time, event)


@pytest.mark.parametrize(
    "event",
    [
        pytest.param((1, 1, 0, 1, 1), id="the last one loses response"),
        pytest.param((1, 1, 0, 1, 0), id="the last one is censored"),
    ],
)
def test_a_band_reaches_from_the_first_limit_to_the_last_day(event: tuple[int, ...]) -> None:
    frame = _cohort((100, 200, 300, 400, 900), event)
    document = kaplan_meier(frame, "paper").to_json(curves=True)
    (band,) = _named(curves.incidence_curves(document, "a"), "band c0")
    days = [x * PER_MONTH for x, _ in band.at]
    assert (min(days), max(days)) == (pytest.approx(100), pytest.approx(900))


def test_the_line_of_the_levels_is_the_mean_and_says_so(
    figures: dict[str, tuple[Any, Draw]],
) -> None:
    document, draw = figures["levels"]
    scene = draw(WIDE)
    words = " ".join(one.words for one in scene.marks)
    for number, group in enumerate(document["levels"]["groups"]):
        values = [value / (2 if sign == "<" else 1) for value, sign in group["levels"]]
        (mean,) = _named(scene, f"mean s{number}")
        assert mean.at[0][0] == pytest.approx(np.mean(values))
        assert f"mean {np.mean(values):.2f}" in words
        dots = [one for one in scene.marks if one.name.startswith(f"dot s{number}")]
        assert sorted(one.at[0][0] for one in dots) == [value for value, _ in group["levels"]]


def test_between_two_visits_the_curve_holds_the_masses(
    figures: dict[str, tuple[Any, Draw]],
) -> None:
    document, draw = figures["km"]
    found = [one for one in draw(WIDE).marks if one.name[:4] == "fine" and one.kind == "path"]
    for mark, group in zip(found, document["groups"], strict=True):
        assert mark.at[-1][1] == pytest.approx(100 * sum(group["interval_censored"]["mass"]))
