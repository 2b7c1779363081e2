"""The patient's figure: the data its marks carry, what it says, and that no words overlap."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import numpy as np
import pytest
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.lines import Line2D
from matplotlib.text import Text

from registry import __version__
from registry.database.engine import Database
from registry.drawing.plot import write
from registry.drawing.scene import Mark, Scene
from registry.drawing.svg import svg
from registry.patient.figure import course_scene, patient_figure
from tests.patient.conftest import HAND_MADE, RANDOM, Read, document_of

# LOST is drawn from ten days before its first infusion.
BEFORE = 10
NAMES = [*list(RANDOM)[:9], *(records["patients"][0]["patient_id"] for records in HAND_MADE)]


@pytest.fixture(scope="module")
def lost(read: Read) -> Scene:
    return course_scene(read("LOST"))


def drawn(scene: Scene, name: str) -> list[Mark]:
    """The marks of this look that show numbers, in the order in which they were drawn."""
    return [mark for mark in scene.marks if mark.name == name and mark.x is not None]


def day_and_value(marks: list[Mark]) -> list[tuple[float, float]]:
    """Where signs stand: days since the first infusion, and their number."""
    return [(mark.at[0][0] - BEFORE, mark.at[0][1]) for mark in marks if mark.kind != "line"]


def words(scene: Scene) -> list[str]:
    return [scene.title, scene.description, *(mark.words for mark in scene.marks if mark.words)]


def test_the_course_is_that_of_the_visits(lost: Scene) -> None:
    [course] = drawn(lost, "course")
    assert [(x - BEFORE, y) for x, y in course.at] == [(0, 40), (98, 5), (154, 22.5), (210, 10)]


def test_the_thresholds_are_those_of_the_definition(lost: Scene) -> None:
    heights = {
        role: [mark.at[0][1] for mark in drawn(lost, f"threshold {role}")]
        for role in ("loss", "remission", "response")
    }
    assert heights == {"loss": [15], "remission": [10], "response": [25]}
    assert {
        *("Loss of response:", "above 15"),
        *("Remission at week 14:", "below 10"),
        *("Response at week 14:", "40 − 15 = 25 or less"),
    } <= set(words(lost))


def test_the_visit_that_decides_is_ringed(lost: Scene, read: Read) -> None:
    assert day_and_value(drawn(lost, "visit deciding")) == [(154, 22.5)]
    weak = course_scene(read("WEAK"))
    assert [mark.at[0] for mark in drawn(weak, "visit deciding")] == [(98, 27.5)]


def test_infusions_with_those_that_intensify_apart(lost: Scene) -> None:
    assert day_and_value(drawn(lost, "infusion")) == [
        (0, 5), (14, 5), (42, 5), (98, 5), (210, 5),
    ]  # fmt: skip
    assert day_and_value(drawn(lost, "infusion raised")) == [(154, 8)]
    assert {mark.kind for mark in drawn(lost, "infusion raised")} == {"line", "area"}


def test_levels_by_what_they_are(lost: Scene) -> None:
    """Below the limit an open triangle, no trough an open square, a trough a disc."""
    assert day_and_value(drawn(lost, "level open")) == [(98, 0.4), (150, 9.5)]
    assert day_and_value(drawn(lost, "level trough")) == [(210, 8)]
    assert [mark.kind for mark in drawn(lost, "level open")] == ["area", "box"]
    assert [mark.kind for mark in drawn(lost, "level trough")] == ["dot"]
    assert [mark.at[0][1] for mark in drawn(lost, "level held")] == [12.7, 5, 5]


def test_drugs_are_bars(lost: Scene) -> None:
    def days(kind: str) -> list[tuple[float, float]]:
        bars = [mark for mark in drawn(lost, f"drug {kind}") if mark.kind == "box"]
        return [(bar.at[0][0] - BEFORE, bar.at[1][0] - BEFORE) for bar in bars]

    # Azathioprine since day -30, before the drawing begins; prednisone still taken at its end.
    assert days("immunomodulator") == [(-10, 60)]
    assert days("glucocorticoid") == [(154, 224)]


@pytest.mark.parametrize("patient", NAMES)
def test_strokes_of_a_bar_stay_within_it(read: Read, patient: str) -> None:
    scene = course_scene(read(patient))
    bars = [m.places for m in scene.marks if m.name.startswith("drug ") and m.kind == "box"]
    for stroke in (mark.places for mark in scene.marks if mark.name == "hatch"):
        assert any(
            left - 0.01 <= x <= right + 0.01 and top - 0.01 <= y <= bottom + 0.01
            for (left, top), (right, bottom) in bars
            for x, y in stroke
        )


def test_the_words_of_the_figure(lost: Scene, read: Read) -> None:
    found = words(lost)
    definition = read("LOST")["definition"]
    for expected in (
        "LOST: male, 11 years at the first infusion",
        "baseline: 40",
        "week 14: 5, remission",
        "loss: 22.5",
        "endoscopy, CDEIS 12",
        "surgery: fistulotomy",
        "<0.4, held to 12.7, antibodies <10 undetected no cut off",
        "azathioprine",
        f"Definition paper ({definition['hash'][:12]}). Data cut 2023-12-31. "
        f"Crohn registry {__version__}.",
    ):
        assert expected in found
    assert any("XIAP c.664C>T p.(Arg222Ter)" in line for line in found)


def test_who_was_never_seen_is_said_so(read: Read) -> None:
    assert "Nothing dated is recorded." in words(course_scene(read("NOBODY")))


@pytest.mark.parametrize("patient", NAMES)
def test_any_child_is_drawn_without_the_birth_date(read: Read, patient: str) -> None:
    document = read(patient)
    scene = course_scene(document)
    assert not any(document["birth_date"].isoformat() in line for line in words(scene))
    visits = document["pcdai_visits"]
    courses = [[y for _, y in mark.at] for mark in drawn(scene, "course")]
    assert courses == ([[float(visit["score"]) for visit in visits]] if visits else [])


def test_both_painters_show_the_same_numbers_and_words(lost: Scene, read: Read) -> None:
    page = fromstring(svg(lost))
    space = "{http://www.w3.org/2000/svg}"
    told = [text.text for text in page.iter(f"{space}text")]
    figure = patient_figure(read("LOST"))
    file = [text.get_text() for text in figure.findobj(Text) if text.get_text().strip()]
    marks = [mark.words for mark in lost.marks if mark.kind == "text"]
    assert told == marks
    assert sorted(file) == sorted([*marks, lost.title, lost.description])
    [course] = [one for one in page.iter(f"{space}path") if one.get("class") == "course"]
    [places] = [mark.places for mark in drawn(lost, "course")]
    lines = [line for line in figure.findobj(Line2D) if len(line.get_xdata()) == len(places)]
    numbers = [float(one) for one in re.findall(r"[\d.]+", str(course.get("d")))]
    assert numbers == pytest.approx([one for place in places for one in place], abs=0.01)
    assert any(
        list(np.diff(line.get_xdata())) == pytest.approx(list(np.diff([x for x, _ in places])))
        for line in lines
    )


@pytest.mark.parametrize("patient", ["P008", "P016", "P055", "P067"])
def test_no_words_lie_on_other_words(shared_study: Database, patient: str) -> None:
    figure = patient_figure(document_of(shared_study, patient))
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer: Any = canvas.get_renderer()  # type: ignore[no-untyped-call]
    boxes = [
        (text.get_text(), Text.get_window_extent(text, renderer))
        for text in figure.findobj(Text)
        if text.get_text().strip() and text.get_visible()
    ]
    for (one, box), (other, beside) in combinations(boxes, 2):
        assert not box.padded(-1).overlaps(beside.padded(-1)), (one, other)
    page = figure.bbox
    assert [text for text, box in boxes if box.x0 < page.x0 or box.x1 > page.x1] == []


def test_files_hold_text_and_are_the_same_every_time(read: Read, tmp_path: Path) -> None:
    document = read("LOST")
    [surgery] = document["surgeries"]
    document["surgeries"] = (surgery | {"procedure": "cost $5 & <b>$\x1b"},)
    for ending in ("svg", "png"):
        files = [tmp_path / f"{number}.{ending}" for number in (1, 2)]
        for file in files:
            write(patient_figure(document), file)
        assert files[0].read_bytes() == files[1].read_bytes()
        assert files[0].stat().st_size < 300_000
    svg = (tmp_path / "1.svg").read_text(encoding="utf-8")
    assert re.search(r"<text[^>]*>LOST: male, 11 years at the first infusion</text>", svg)
    assert "surgery: cost $5 &amp; &lt;b&gt;$" in svg
    assert "2008-05-01" not in svg


def test_the_callers_settings_stay(read: Read) -> None:
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    figure = patient_figure(read("WEAK"))
    assert isinstance(figure, Artist)
    assert dict(mpl.rcParams) == before
