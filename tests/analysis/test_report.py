"""Text, rows, figures and the page that are made of documents."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import matplotlib as mpl
import pandas as pd
import pytest

from registry.analysis.cohort import flow, outcome, table1, table2
from registry.analysis.cox import fit as cox
from registry.analysis.curves import competing, kaplan_meier
from registry.analysis.troughs import at_week as trough
from registry.cli.analyse.analyses import BY_NAME
from registry.drawing import numbers
from registry.drawing import plot as figure
from registry.drawing.scene import month_ticks
from registry.report import rows, tables, text
from registry.report.figures.curves import cumulative_incidence

from .frames import baseline_frame, flow_frame, outcome_frame, trough_frame

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def documents(lung: pd.DataFrame) -> dict[str, Any]:
    return {
        "flow": flow.cohort_flow(flow_frame(), "paper").to_json(),
        "table1": table1.baseline_table(baseline_frame(cdeis=[5, 6, None, 7]), "paper").to_json(),
        "table2": table2.univariate_table(lung, "paper").to_json(),
        "km": kaplan_meier.kaplan_meier(lung, "paper").to_json(curves=True),
        "cuminc": competing.cumulative_incidence(
            lung.assign(event_code=lung["event"].astype(int)), "paper"
        ).to_json(),
        "cox": cox.cox_regression(lung, "paper").to_json(),
        "tdm": trough.week14_troughs(trough_frame([1, 3], [4, 6, 8]), "paper").to_json(),
        "outcomes": outcome.outcomes_after_loss(
            outcome_frame([("optimised", True), ("stopped", None)]), "paper"
        ).to_json(),
    }


@pytest.fixture(scope="module")
def by_sex(lung: pd.DataFrame) -> dict[str, Any]:
    return kaplan_meier.kaplan_meier(lung, "paper", by="sex_female").to_json(curves=True)


@pytest.mark.parametrize(
    ("p", "written"),
    [
        (0.8516, "0.85"),
        (0.0249, "0.02"),
        (0.01, "0.01"),
        (0.00999, "0.010"),
        (0.0042, "0.004"),
        (0.001, "0.001"),
        (0.00099, "<0.001"),
        (0.0, "<0.001"),
        (None, "–"),
    ],
)
def test_p_values(p: float | None, written: str) -> None:
    assert numbers.p_value(p) == written


def test_numbers() -> None:
    assert numbers.fixed(-0.04, 1) == "0.0"
    assert numbers.fixed(-1.65, 2) == "-1.65"
    assert numbers.p_equation(0.0004) == "P < 0.001"
    assert numbers.p_equation(0.04) == "P = 0.04"
    assert numbers.median_months(None, None, None) == "not reached"
    assert numbers.median_months(36.07, 20.4, None) == "36.1 (20.4 to not reached)"
    assert numbers.limits(None, None, 1) == "–"


def test_text_fits_a_terminal(documents: dict[str, Any]) -> None:
    for name, document in documents.items():
        lines = printed(name, document).splitlines()
        assert max(len(line) for line in lines) <= text.WIDTH, name
        assert all(line == line.rstrip() for line in lines)


def printed(name: str, document: dict[str, Any]) -> str:
    return "\n\n".join(map(text.render, BY_NAME[name].laid_out(document)))


def test_text_says_the_numbers(documents: dict[str, Any]) -> None:
    table = printed("table2", documents["table2"])
    assert re.search(r"Sex: female +53 \(32\.1\) +37 \(58\.7\) +10\.327 +0\.001", table)
    assert re.search(r"    male +112 \(67\.9\) +26 \(41\.3\)", table)
    assert "Upper gastrointestinal disease: yes *" in table
    assert "* Upper gastrointestinal disease. No test: missing in every patient." in table
    curve = printed("km", documents["km"])
    assert "Median months to loss of response (95 % limits): 10.2 (9.3 to 11.9)." in curve
    assert "ties: Breslow" in printed("cox", documents["cox"])
    assert "Excluded" in printed("flow", documents["flow"])
    assert "Welch's t = 2.619" in printed("tdm", documents["tdm"])


def test_long_words_are_broken_and_numbers_are_not() -> None:
    table = tables.Table("T", ("word", "n"), (("  one two three four five six", "12 (3.4)"),))
    assert text.render(table, width=32).splitlines()[4:7] == [
        "  one two three four    12 (3.4)",
        "      five six",
        "─" * 32,
    ]


def test_rows_have_the_same_keys_and_plain_values(documents: dict[str, Any]) -> None:
    for name, document in documents.items():
        flat = next(iter(BY_NAME[name].rows.values()))(document)
        assert flat
        assert {tuple(row) for row in flat} == {tuple(flat[0])}
        values = [value for row in flat for value in row.values()]
        assert all(value is None or isinstance(value, str | int | float) for value in values)
    assert len(rows.km(documents["km"])) == 3
    assert rows.km(documents["km"])[0]["logrank_p"] is None


def test_numbers_at_risk_stand_under_their_ticks(by_sex: dict[str, Any]) -> None:
    drawn = cumulative_incidence(by_sex)
    drawn.canvas.draw()
    words = drawn.axes[0].texts
    counts = [one for one in words if one.get_gid()]
    under = {}
    for one in words[: words.index(counts[0])]:
        if one.get_text().isdecimal() and one.get_horizontalalignment() == "center":
            under[one.get_text()] = one.get_window_extent()
    assert list(under) == ["0", "6", "12", "18", "24", "30", "36"]
    assert len(counts) == 6 * len(under)
    for count in counts:
        tick = str(count.get_gid()).rsplit("-", 1)[1]
        box, above = count.get_window_extent(), under[tick]
        assert (box.x0 + box.x1) / 2 == pytest.approx((above.x0 + above.x1) / 2, abs=0.6)
        assert box.y1 < above.y0
    # 228 patients, 12 months = 365.25 days: at risk 30 women and 35 men as in R at day 365.
    shown = {str(one.get_gid()): one.get_text() for one in counts}
    assert (shown["at_risk-true-0"], shown["at_risk-false-0"]) == ("90", "138")
    assert (shown["at_risk-true-12"], shown["at_risk-false-12"]) == ("30", "35")


def test_numbers_at_risk_are_aligned_in_the_svg_too(by_sex: dict[str, Any]) -> None:
    root = ElementTree.fromstring(figure.svg_text(cumulative_incidence(by_sex)))

    def places(group: ElementTree.Element) -> Iterator[tuple[str, float]]:
        for one in group.iter(f"{SVG}text"):
            at = re.search(r"translate\(([\d.]+)", one.get("transform", ""))
            x = one.get("x") or (at.group(1) if at else "nan")
            yield one.text or "", float(x)

    groups = [(one.get("id", ""), one) for one in root.iter(f"{SVG}g")]
    counts = [(key, next(places(one))) for key, one in groups if re.match(r"\w+-\w+-\d+$", key)]
    assert len(counts) == 6 * 7
    # The first row stands under the ticks, every other under the first.
    ticks = dict(one for key, g in groups if key.startswith("text_") for one in places(g))
    for key, (_, x) in counts:
        assert x == pytest.approx(ticks[key.rsplit("-", 1)[1]], abs=0.01)


def test_words_stay_inside_the_figure(documents: dict[str, Any], lung: pd.DataFrame) -> None:
    long = kaplan_meier.kaplan_meier(
        lung.assign(im_over_6_months=lung["perianal"]), "paper", by="im_over_6_months"
    ).to_json(curves=True)
    for document in (documents["km"], long):
        drawn = cumulative_incidence(document)
        drawn.canvas.draw()
        frame = drawn.bbox
        words = drawn.axes[0].texts
        assert words
        for one in words:
            box = one.get_window_extent()
            assert box.x0 >= frame.x0
            assert box.x1 <= frame.x1
            assert box.y0 >= frame.y0
            assert box.y1 <= frame.y1


def test_the_test_stands_in_the_plot(documents: dict[str, Any], by_sex: dict[str, Any]) -> None:
    words = [one.get_text() for one in cumulative_incidence(by_sex).axes[0].texts]
    assert words.count("Log-rank P = 0.001") == 1
    alone = cumulative_incidence(documents["km"]).axes[0].texts
    assert not [one for one in alone if "Log-rank" in one.get_text()]


@pytest.mark.parametrize(
    ("time", "event"),
    [((400, 800), (False, False)), ((400,), (True,)), ((0,), (False,)), ((4000, 90), (True, True))],
)
def test_odd_curves_can_be_drawn(patients, tmp_path: Path, time, event) -> None:  # type: ignore[no-untyped-def]
    document = kaplan_meier.kaplan_meier(patients(time, event), "paper").to_json(curves=True)
    png, svg = figure.save(cumulative_incidence(document), tmp_path / "curve.all")
    assert (png.name, svg.name) == ("curve.all.png", "curve.all.svg")
    assert png.stat().st_size > 5000


@pytest.mark.parametrize(
    ("last", "months"),
    [
        (0.0, [0, 3]),
        (3.0, [0, 3]),
        (26.9, [0, 3, 6, 9, 12, 15, 18, 21, 24, 27]),
        (27.1, [0, 6, 12, 18, 24, 30]),
        (99.0, [0, 12, 24, 36, 48, 60, 72, 84, 96, 108]),
    ],
)
def test_ticks(last: float, months: list[int]) -> None:
    assert month_ticks(last) == months


def test_figures_are_the_same_bytes_every_time(by_sex: dict[str, Any], tmp_path: Path) -> None:
    first = figure.save(cumulative_incidence(by_sex), tmp_path / "first")
    with mpl.rc_context({"font.size": 20, "svg.fonttype": "path", "axes.grid": True}):
        second = figure.save(cumulative_incidence(by_sex), tmp_path / "second")
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes()
    assert "<dc:date>" not in first[1].read_text(encoding="utf-8")


def test_drawing_leaves_the_callers_settings_alone(by_sex: dict[str, Any]) -> None:
    before = dict(mpl.rcParams)
    figure.svg_text(cumulative_incidence(by_sex))
    assert dict(mpl.rcParams) == before
    code = "import sys, registry.drawing.plot; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
