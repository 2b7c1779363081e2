"""The parts that screen and figure are made of: rows, windows, ticks, words in columns."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.drawing.lines import clean, fit
from registry.drawing.placement import spread
from registry.patient.chart import FINE, Rows
from registry.patient.course import Threshold, drugs, ticks, window
from registry.terminal_width import columns, padded, wrapped
from tests.patient.conftest import Read

words = st.text(
    st.characters(categories=("L", "N", "P", "S", "Zs", "M"), include_characters="瘘切 "),
    max_size=60,
)
scores = st.integers(0, 40).map(lambda steps: steps * FINE)


def limit(role: str, score: Decimal) -> Threshold:
    return Threshold(role, score, "", "")


@given(scores, scores, st.lists(scores, min_size=1, max_size=20))
def test_every_score_of_a_fine_chart_has_its_own_row(
    loss: Decimal, response: Decimal, found: list[Decimal]
) -> None:
    rows = Rows([limit("loss", loss), limit("response", response)], Decimal(50))
    drawn = sorted((score, rows.of(score)) for score in set(found))
    assert all(row == score / FINE for score, row in drawn)


@given(st.integers(0, 400), scores)
def test_a_score_stands_on_its_own_side_of_a_loss_off_the_grid(tenths: int, score: Decimal) -> None:
    loss = limit("loss", Decimal(tenths) / 10)
    rows = Rows([loss], Decimal(50))
    assert (rows.of(score) > rows.of_threshold(loss)) == (score > loss.score)


@given(scores)
def test_a_coarse_chart_keeps_the_sides_of_the_studys_thresholds(score: Decimal) -> None:
    loss, remission = limit("loss", Decimal(15)), limit("remission", Decimal(10))
    rows = Rows([loss, remission, limit("response", Decimal("57.5"))], Decimal("72.5"))
    assert rows.step == 5
    assert (rows.of(score) > rows.of_threshold(loss)) == (score > 15)
    assert (rows.of(score) < rows.of_threshold(remission)) == (score < 10)
    assert abs(rows.of(score) * 5 - score) <= 5


def test_the_window_holds_what_is_near_and_not_what_is_far(read: Read) -> None:
    document = read("LOST")
    start = date(2020, 1, 6)
    assert window(document) == (start - timedelta(10), start + timedelta(224))
    [endoscopy] = document["endoscopies"]
    far = endoscopy | {"performed_on": start - timedelta(93)}
    assert window(document | {"endoscopies": (far,)}) == (start, start + timedelta(224))
    assert window(read("NOBODY")) is None
    assert window(read("ONEVISIT")) == (start, start + timedelta(28))


def test_drugs_are_cut_at_the_window(read: Read) -> None:
    first, last = window(read("LOST")) or (None, None)
    [azathioprine, prednisone] = drugs(read("LOST"))
    assert azathioprine[:2] == ("azathioprine", "immunomodulator")
    [early], [late] = azathioprine[2], prednisone[2]
    assert (early.from_on, early.to_on) == (first, date(2020, 3, 6))
    assert (early.began_before, early.goes_on) == (True, False)
    assert (late.from_on, late.to_on) == (date(2020, 6, 8), last)
    assert (late.began_before, late.goes_on) == (False, True)


@pytest.mark.parametrize(
    ("most", "numbers"), [(9, "0 1 2 3 4 5 6 7"), (6, "0 2 4 6"), (4, "0 3 6")]
)
def test_ticks_are_whole_months_from_the_first_infusion(
    read: Read, most: int, numbers: str
) -> None:
    found = ticks(read("LOST"), most)
    assert [tick.number for tick in found] == numbers.split()
    # A month is 30.4375 days.
    assert [(tick.on - date(2020, 1, 6)).days for tick in found] == [
        round(int(number) * 30.4375) for number in numbers.split()
    ]


def test_a_short_course_is_counted_in_weeks(read: Read) -> None:
    found = ticks(read("WEAK"), 9)
    assert [(tick.number, tick.date) for tick in found[:3]] == [
        ("0", "2020-01-06"),
        ("2", "2020-01-20"),
        ("4", "2020-02-03"),
    ]


@given(words, st.integers(1, 30))
def test_text_is_cut_and_filled_to_its_columns(text: str, width: int) -> None:
    text = clean(text)
    cut = fit(text, width, "…")
    assert columns(cut) <= width
    assert cut == text or cut.endswith("…")
    assert columns(padded(cut, width)) == width


@given(words, st.integers(2, 30))
def test_wrapping_loses_nothing_but_blanks(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert all(columns(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


@given(st.lists(st.floats(0, 100), min_size=1, max_size=4).map(sorted))
def test_words_of_thresholds_are_moved_apart_within_the_panel(wanted: Any) -> None:
    heights = spread(wanted, 20, 0, 100)
    gaps = [high - low for low, high in pairwise(heights)]
    assert all(gap >= 20 - 1e-9 for gap in gaps)
    assert heights[0] >= 10 - 1e-9
    assert heights[-1] <= 90 + 1e-9


def test_words_of_thresholds_that_are_far_apart_stay() -> None:
    assert spread([15, 60], 20, 0, 100) == [15, 60]
