"""Dates: every spelling that has one meaning is read as it, every other is refused."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from registry.parsing.conventions import DateOrder
from registry.parsing.dates import read_date
from registry.parsing.text import AmbiguousDate, NotOfKind, Unreadable

from .texts import any_text, read_or_refused

ENGLISH = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
days = st.dates(date(1800, 1, 1), date(2199, 12, 31))
orders: st.SearchStrategy[DateOrder | None] = st.sampled_from((None, "ymd", "dmy", "mdy"))
WIDE = str.maketrans("0123456789-/", "０１２３４５６７８９－／")


def spellings(day: date) -> list[str]:
    """Ways to write a day that nobody can read as another day."""
    year, month, number = day.year, day.month, day.day
    name = ENGLISH[month - 1]
    return [
        day.isoformat(),
        f"{year}/{month}/{number}",
        f"{year}.{month:02}.{number:02}",
        f"{year}{month:02}{number:02}",
        f"{year}年{month}月{number}日",
        f"{year} 年 {month:02} 月 {number:02} 日",
        f"{number} {name[:3]} {year}",
        f"{number:02}-{name[:3].upper()}-{year}",
        f"{name} {number}, {year}",
        f"{name[:3]}. {number} {year}",
        f"{day.isoformat()}T00:00:00",
        f"{year}/{month}/{number} 0:00",
        f"{month}/{number}/{year} 12:00:00 AM" if number > 12 else day.isoformat(),
        f"\u3000{day.isoformat()}\u00a0",
        day.isoformat().translate(WIDE),
    ]


@given(days, orders)
def test_a_day_is_read_from_every_spelling_whatever_the_order(
    day: date, order: DateOrder | None
) -> None:
    for text in spellings(day):
        for partial in (False, True):
            if "/" in text[:3] and order in ("ymd", "dmy"):
                continue
            assert read_date(text, order, partial=partial).text == day.isoformat(), text


@given(days, st.sampled_from("-/."), orders)
def test_a_year_that_stands_last_needs_an_order_unless_the_numbers_show_it(
    day: date, separator: str, order: DateOrder | None
) -> None:
    text = f"{day.day}{separator}{day.month}{separator}{day.year}"
    if order in ("ymd", "mdy") and day.day > 12:
        with pytest.raises(Unreadable):
            read_date(text, order)
    elif order == "dmy" or (order is None and day.day > 12):
        assert read_date(text, order).text == day.isoformat()
    elif order is None and day.day != day.month:
        with pytest.raises(AmbiguousDate, match=r"--date-order dmy or mdy"):
            read_date(text, order)
    elif order == "mdy":
        assert read_date(text, order).text == date(day.year, day.day, day.month).isoformat()
    elif order is None:
        assert read_date(text, order).text == day.isoformat()


@given(days)
def test_an_order_that_is_shown_is_the_one_that_was_written(day: date) -> None:
    shown = read_date(f"{day.day}/{day.month}/{day.year}", "dmy" if day.day <= 12 else None).order
    assert shown == ("dmy" if day.day > 12 else None)
    if day.day > 12:
        assert read_date(f"{day.month}/{day.day}/{day.year}").order == "mdy"


@given(st.dates(date(1950, 1, 1), date(2100, 12, 31)))
def test_a_day_number_of_a_spreadsheet(day: date) -> None:
    number = (day - date(1900, 3, 1)).days + 61
    assert read_date(str(number)).text == day.isoformat()
    since_1904 = (day - date(1904, 1, 1)).days
    if since_1904 >= 10_000:
        assert read_date(str(since_1904), serial_offset=1462).text == day.isoformat()


@pytest.mark.parametrize("number", ["18263", "73416", "1", "00000", "99999", "123456"])
def test_a_day_number_of_no_likely_year_is_no_date(number: str) -> None:
    with pytest.raises(NotOfKind):
        read_date(number)


@given(any_text, orders, st.booleans())
@example("2020-W01-1", None, True)
@example("0000-00-00", None, False)
@example("2020年02月30日", None, True)
@example(" " * 100_000 + "1", None, False)
def test_any_text_is_a_day_of_the_calendar_or_refused(
    text: str, order: DateOrder | None, partial: bool
) -> None:
    read = read_or_refused(lambda: read_date(text, order, partial=partial).text)
    if isinstance(read, Unreadable):
        assert read.problem
        return
    assert re.fullmatch(r"[0-9]{4}(-[0-9]{2}){2}" if not partial else r"[0-9]{4}(-[0-9]{2}){0,2}",
                        read)  # fmt: skip
    date.fromisoformat((read + "-01-01")[:10])
    assert read_date(read, None, partial=partial).text == read


@given(days)
def test_what_is_known_of_a_date_is_kept_and_no_more(day: date) -> None:
    month, year = day.isoformat()[:7], day.isoformat()[:4]
    name = ENGLISH[day.month - 1]
    for text in (
        month,
        f"{day.year}/{day.month}",
        f"{day.month}/{day.year}",
        f"{day.year}年{day.month}月",
        f"{day.year}年{day.month}月份",
        f"{name} {day.year}",
        f"{name[:3]}-{day.year}",
    ):
        assert read_date(text, partial=True).text == month
        with pytest.raises(Unreadable, match="has no day"):
            read_date(text)
    for text in (year, f"{year}年"):
        assert read_date(text, partial=True).text == year
        with pytest.raises(Unreadable, match="has no day"):
            read_date(text)


@given(days, st.times())
def test_a_time_of_day_is_never_lost(day: date, time: object) -> None:
    text = f"{day.isoformat()} {time}"
    if str(time) == "00:00:00":
        assert read_date(text).text == day.isoformat()
    else:
        with pytest.raises(Unreadable, match="has a time of day"):
            read_date(text)


@given(days)
def test_a_year_of_two_digits_is_refused(day: date) -> None:
    short = f"{day.year % 100:02}"
    for text in (
        f"{day.day}/{day.month}/{short}",
        f"{short}-{day.month:02}-{day.day:02}",
        f"{short}年{day.month}月{day.day}日",
        f"{day.day} {ENGLISH[day.month - 1]} {short}",
        f"{ENGLISH[day.month - 1][:3]}-{short}",
    ):
        with pytest.raises(Unreadable):
            read_date(text, partial=True)


def test_the_days_of_a_century_are_all_there() -> None:
    first = date(2000, 1, 1)
    for number in range(0, 36_525, 11):
        day = first + timedelta(days=number)
        assert read_date(f"{day.year}年{day.month}月{day.day}日").text == day.isoformat()
