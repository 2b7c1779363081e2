"""Reads dates as people, spreadsheets and other programs write them."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date, timedelta
from typing import NamedTuple

from registry.parsing.conventions import DateOrder
from registry.parsing.text import AmbiguousDate, NotOfKind, Unreadable, folded, not_of_kind
from registry.variables import Kind
from registry.words import tr

_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_MONTH_OF = {name[:3]: month for month, name in enumerate(_MONTHS, start=1)}
_MONTH_OF |= {name: month for month, name in enumerate(_MONTHS, start=1)} | {"sept": 9}
_NAME = f"({'|'.join(sorted(_MONTH_OF, key=len, reverse=True))})"
_YEAR = "((?:18|19|20|21)[0-9]{2})"
_ONE_OR_TWO = "([0-9]{1,2})"

_ISO = re.compile(rf"{_YEAR}-([0-9]{{2}})-([0-9]{{2}})")
_ISO_PARTIAL = rf"{_YEAR}(?:-(0[1-9]|1[0-2]))?"
# The others are compiled when one is asked: few dates are written so where a person types one.
# The separator of day and month is the one of month and year.
_YEAR_FIRST = rf"{_YEAR}([-/.]){_ONE_OR_TWO}\2{_ONE_OR_TWO}"
_YEAR_LAST = rf"{_ONE_OR_TWO}([-/.]){_ONE_OR_TWO}\2{_YEAR}"
_BASIC = rf"{_YEAR}([0-9]{{2}})([0-9]{{2}})"
_CHINESE = rf"{_YEAR} ?年 ?{_ONE_OR_TWO} ?月 ?{_ONE_OR_TWO} ?[日号]"
_CHINESE_MONTH = rf"{_YEAR} ?年 ?{_ONE_OR_TWO} ?月份?"
_YEAR_ALONE = rf"{_YEAR}(?: ?年)?"
_DAY_NAME_YEAR = rf"{_ONE_OR_TWO}[ /-]?{_NAME}\.?,?[ /-]?{_YEAR}"
_NAME_DAY_YEAR = rf"{_NAME}\.?[ /-]?{_ONE_OR_TWO}(?:, ?|[ /-]){_YEAR}"
_YEAR_NAME_DAY = rf"{_YEAR}[ /-]?{_NAME}\.?[ /-]?{_ONE_OR_TWO}"
_NAME_YEAR = rf"{_NAME}\.?,?[ /-]?{_YEAR}"
_YEAR_MONTH = rf"{_YEAR}[-/]{_ONE_OR_TWO}"
_MONTH_YEAR = rf"{_ONE_OR_TWO}[-/]{_YEAR}"
_SHORT_YEAR = (
    rf"[0-9]{{1,2}}([-/.])[0-9]{{1,2}}\1[0-9]{{1,2}}|[0-9]{{1,2}} ?年.*"
    rf"|[0-9]{{1,2}}[ /-]?{_NAME}\.?,?[ /-]?'?[0-9]{{2}}"
    rf"|{_NAME}\.?[ /-]?(?:[0-9]{{1,2}}, ?)?'?[0-9]{{2}}"
)
_TIME = (
    r"(?P<day>.*[^ t])(?:t| +)(?P<hour>[0-9]{1,2}):(?P<rest>[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?)"
    r" ?(?P<half>[ap]m)?(?:z|[+-][0-9]{2}:?[0-9]{2})?"
)
_SERIAL = r"([0-9]{5})(?:\.([0-9]+))?"
# Day 1 is 1900-01-01, but a spreadsheet counts a 29 February 1900 that never was.
_BEFORE_SERIALS = date(1899, 12, 30)
_SERIALS = range(
    (date(1950, 1, 1) - _BEFORE_SERIALS).days, (date(2101, 1, 1) - _BEFORE_SERIALS).days
)
# A date with a time and a zone is no longer.
_LONGEST = 40


class DateReading(NamedTuple):
    """A date as the import format has it, and the order that its numbers prove, if they do."""

    text: str
    order: DateOrder | None = None


def read_date(
    text: str,
    order: DateOrder | None = None,
    *,
    partial: bool = False,
    serial_offset: int = 0,
) -> DateReading:
    """A day as YYYY-MM-DD; with `partial` also YYYY-MM or YYYY where no more is known.

    Read are ISO dates, also with `/` or `.`, with one digit or with none between; `1 Mar 2020`,
    `Mar 1, 2020`; `2020年3月1日`; day numbers of a spreadsheet of the years 1950 to 2100, to which
    `serial_offset` is added; a time of day only if it is midnight. `order` decides what day and
    month are where the year stands last.

    Raises AmbiguousDate for `03/04/2020` without an order, Unreadable for a year of two digits, a
    time of day, or a date that the order contradicts, and NotOfKind for what is no date.
    """
    plain = folded(text).lower()
    if len(plain) > _LONGEST:
        raise not_a_date(partial=partial)
    if _ISO.fullmatch(plain) or (partial and re.fullmatch(_ISO_PARTIAL, plain)):
        return DateReading(_checked(plain, partial=partial))
    plain = _without_midnight(plain)
    if (serial := re.fullmatch(_SERIAL, plain)) is not None:
        return DateReading(_of_serial(serial[1], serial[2], serial_offset, partial=partial))
    if (parts := re.fullmatch(_YEAR_LAST, plain)) is not None:
        return _year_last(int(parts[1]), int(parts[3]), int(parts[4]), order, partial=partial)
    found = _day_in_any_order(plain) or _known_part(plain)
    if found is None:
        if re.fullmatch(_SHORT_YEAR, plain):
            raise Unreadable(tr("has a year of two digits; write it with four"))
        raise not_a_date(partial=partial)
    year, month, day = found
    if day is None and not partial:
        raise Unreadable(tr("has no day; write YYYY-MM-DD"))
    written = "-".join([f"{year:04}", *(f"{part:02}" for part in (month, day) if part is not None)])
    return DateReading(_checked(written, partial=partial))


def not_a_date(*, partial: bool) -> NotOfKind:
    """What to say of a text that is no date."""
    return not_of_kind(Kind.PARTIAL_DATE if partial else Kind.DATE)


def _checked(written: str, *, partial: bool) -> str:
    """The text if the calendar has such a day or month."""
    try:
        date.fromisoformat((written + "-01-01")[:10])
    except ValueError:
        raise not_a_date(partial=partial) from None
    return written


def _without_midnight(plain: str) -> str:
    """The text without a time of day, which must be midnight: any other would be lost."""
    parts = re.fullmatch(_TIME, plain)
    if parts is None:
        return plain
    hour = int(parts["hour"]) % 12 if parts["half"] == "am" else int(parts["hour"])
    if hour or parts["half"] == "pm" or set(parts["rest"]) - set("0:.,"):
        raise Unreadable(tr("has a time of day; write the day alone"))
    return parts["day"].rstrip()


def _of_serial(days: str, fraction: str | None, offset: int, *, partial: bool) -> str:
    serial = int(days) + offset
    if serial not in _SERIALS:
        raise not_a_date(partial=partial)
    if fraction is not None and fraction.strip("0"):
        raise Unreadable(tr("has a time of day; write the day alone"))
    return (_BEFORE_SERIALS + timedelta(days=serial)).isoformat()


def _year_last(
    first: int, second: int, year: int, order: DateOrder | None, *, partial: bool
) -> DateReading:
    """A date whose year stands last; equal numbers, or one above twelve, need no order."""
    orders: dict[DateOrder, tuple[int, int]] = {"dmy": (first, second), "mdy": (second, first)}
    readings: dict[DateOrder, str] = {}
    for name, (day, month) in orders.items():
        with suppress(ValueError):
            readings[name] = date(year, month, day).isoformat()
    if not readings:
        raise not_a_date(partial=partial)
    if order is not None:
        if order not in readings:
            raise Unreadable(
                tr("is no date in the order that --date-order {order} says", order=order)
            )
        return DateReading(readings[order])
    if len(set(readings.values())) > 1:
        dmy, mdy = readings["dmy"], readings["mdy"]
        raise AmbiguousDate(
            tr(
                "may be {dmy} or {mdy}; say which with --date-order dmy or mdy, "
                "or write YYYY-MM-DD",
                dmy=dmy,
                mdy=mdy,
            ),
            typed=tr("may be {one} or {other}; write the one that is meant", one=dmy, other=mdy),
        )
    [(name, text), *others] = readings.items()
    return DateReading(text, None if others else name)


def _day_in_any_order(plain: str) -> tuple[int, int, int] | None:
    """Year, month and day where the text itself says which is which."""
    if (parts := re.fullmatch(_YEAR_FIRST, plain)) is not None:
        return int(parts[1]), int(parts[3]), int(parts[4])
    if (parts := re.fullmatch(_BASIC, plain) or re.fullmatch(_CHINESE, plain)) is not None:
        return int(parts[1]), int(parts[2]), int(parts[3])
    if (parts := re.fullmatch(_DAY_NAME_YEAR, plain)) is not None:
        return int(parts[3]), _MONTH_OF[parts[2]], int(parts[1])
    if (parts := re.fullmatch(_NAME_DAY_YEAR, plain)) is not None:
        return int(parts[3]), _MONTH_OF[parts[1]], int(parts[2])
    if (parts := re.fullmatch(_YEAR_NAME_DAY, plain)) is not None:
        return int(parts[1]), _MONTH_OF[parts[2]], int(parts[3])
    return None


def _known_part(plain: str) -> tuple[int, int | None, None] | None:
    """Year and month, or the year alone. A point would not do: 2020.1 may have been 2020.10."""
    if (
        parts := re.fullmatch(_CHINESE_MONTH, plain) or re.fullmatch(_YEAR_MONTH, plain)
    ) is not None:
        return int(parts[1]), int(parts[2]), None
    if (parts := re.fullmatch(_MONTH_YEAR, plain)) is not None:
        return int(parts[2]), int(parts[1]), None
    if (parts := re.fullmatch(_NAME_YEAR, plain)) is not None:
        return int(parts[2]), _MONTH_OF[parts[1]], None
    if (parts := re.fullmatch(_YEAR_ALONE, plain)) is not None:
        return int(parts[1]), None, None
    return None
