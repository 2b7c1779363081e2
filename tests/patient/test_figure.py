"""The patient's figure: the data its artists carry, what it says, and that no words overlap."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from registry import __version__
from registry.database.engine import Database
from registry.patient.figure import patient_figure, save
from tests.patient.conftest import HAND_MADE, RANDOM, Read, document_of

# LOST is drawn from ten days before its first infusion.
BEFORE = 10
NAMES = [*list(RANDOM)[:9], *(records["patients"][0]["patient_id"] for records in HAND_MADE)]


@pytest.fixture(scope="module")
def lost(read: Read) -> Figure:
    return patient_figure(read("LOST"))


def drawn(figure: Figure, gid: str) -> list[Any]:
    """The artists with this id, in the order in which they were drawn."""
    return figure.findobj(lambda artist: artist.get_gid() == gid)


def data(line: Line2D) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in zip(*line.get_data(), strict=True)]


def words(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text) if text.get_text().strip()]


def test_the_course_is_that_of_the_visits(lost: Figure) -> None:
    [course] = drawn(lost, "course")
    assert [(x - BEFORE, y) for x, y in data(course)] == [(0, 40), (98, 5), (154, 22.5), (210, 10)]


def test_the_thresholds_are_those_of_the_definition(lost: Figure) -> None:
    heights = {
        role: [line.get_ydata()[0] for line in drawn(lost, f"threshold-{role}")]
        for role in ("loss", "remission", "response")
    }
    assert heights == {"loss": [15], "remission": [10], "response": [25]}
    assert {
        "Loss of response:\nabove 15",
        "Remission at week 14:\nbelow 10",
        "Response at week 14:\n40 − 15 = 25 or less",
    } <= set(words(lost))


def test_the_visit_that_decides_is_ringed(lost: Figure, read: Read) -> None:
    [ring] = drawn(lost, "deciding")
    assert [(x - BEFORE, y) for x, y in data(ring)] == [(154, 22.5)]
    [not_responding] = drawn(patient_figure(read("WEAK")), "deciding")
    assert data(not_responding) == [(98, 27.5)]


def test_infusions_with_those_that_intensify_apart(lost: Figure) -> None:
    plain, raised = drawn(lost, "infusions")
    assert [(x - BEFORE, y) for x, y in data(plain)] == [
        (0, 5), (14, 5), (42, 5), (98, 5), (210, 5),
    ]  # fmt: skip
    assert [(x - BEFORE, y) for x, y in data(raised)] == [(154, 8)]
    assert (plain.get_marker(), raised.get_marker()) == ("o", "^")


def test_levels_by_what_they_are(lost: Figure) -> None:
    """Below the limit an open triangle, no trough an open square, a trough a disc."""
    levels = drawn(lost, "levels")
    assert [(data(level)[0][0] - BEFORE, data(level)[0][1]) for level in levels] == [
        (98, 0.4), (150, 9.5), (210, 8),
    ]  # fmt: skip
    assert [level.get_marker() for level in levels] == ["v", "s", "o"]
    assert [level.get_markerfacecolor() == "white" for level in levels] == [True, True, False]
    held: list[LineCollection] = drawn(lost, "held")
    assert [float(one.get_segments()[0][0][1]) for one in held] == [12.7, 5, 5]


def test_drugs_are_bars(lost: Figure) -> None:
    def days(drug: str) -> list[tuple[float, float]]:
        bars: list[PolyCollection] = drawn(lost, f"drug-{drug}")
        boxes = [path.get_extents() for bar in bars for path in bar.get_paths()]
        return [(box.x0 - BEFORE, box.x1 - BEFORE) for box in boxes]

    # Azathioprine since day -30, before the drawing begins; prednisone still taken at its end.
    assert days("azathioprine") == [(-10, 60)]
    assert days("prednisone") == [(154, 224)]


def test_the_words_of_the_figure(lost: Figure, read: Read) -> None:
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
    assert "Nothing dated is recorded." in words(patient_figure(read("NOBODY")))


@pytest.mark.parametrize("patient", NAMES)
def test_any_child_is_drawn_without_the_birth_date(read: Read, patient: str) -> None:
    document = read(patient)
    figure = patient_figure(document)
    birth = document["birth_date"]
    assert not any(birth.isoformat() in line for line in words(figure))
    [course] = drawn(figure, "course") or [None]
    visits = document["pcdai_visits"]
    assert (course is None) == (not visits)
    if course is not None:
        assert [y for _, y in data(course)] == [float(visit["score"]) for visit in visits]


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
    assert all(page.x0 <= box.x0 and box.x1 <= page.x1 for _, box in boxes)


def test_files_hold_text_and_are_the_same_every_time(read: Read, tmp_path: Path) -> None:
    document = read("LOST")
    [surgery] = document["surgeries"]
    document["surgeries"] = (surgery | {"procedure": "cost $5 & <b>$\x1b"},)
    for ending in ("svg", "png"):
        files = [tmp_path / f"{number}.{ending}" for number in (1, 2)]
        for file in files:
            save(patient_figure(document), file)
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
