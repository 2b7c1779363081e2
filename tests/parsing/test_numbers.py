"""Numbers and limits: one meaning, or refused with the setting that decides."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from registry.parsing.conventions import Conventions, DecimalMark
from registry.parsing.numbers import read_measured, read_number, split_number
from registry.parsing.text import NotOfKind, Unreadable

from .texts import any_text, read_or_refused

CANONICAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)")
WIDE = str.maketrans("0123456789.+-<>", "０１２３４５６７８９．＋－＜＞")
marks: st.SearchStrategy[DecimalMark | None] = st.sampled_from((None, ",", "."))
numbers = st.decimals(-10_000, 10_000, allow_nan=False, places=3).map(lambda one: f"{one:f}")
plain_digits = st.text("0123456789", min_size=1, max_size=6)


@given(any_text, marks)
@example("1" * 200_000, None)
@example("1" + " " * 100_000 + "x", None)
@example("1," * 50_000, ",")
def test_any_text_is_a_number_or_refused(text: str, mark: DecimalMark | None) -> None:
    read = read_or_refused(lambda: read_number(text, mark))
    if isinstance(read, Unreadable):
        assert read.problem
        return
    assert CANONICAL.fullmatch(read)
    # What was written has the digits of what was read, in their order.
    assert [c for c in read if c.isdigit()] == [str(int(c)) for c in text if c.isdigit()]
    assert read_number(read) == read


@given(numbers)
def test_a_number_is_read_from_every_spelling(text: str) -> None:
    value = Decimal(text)
    for spelled in (text, f" {text}\u00a0", text.translate(WIDE), text.replace("-", "−")):
        assert Decimal(read_number(spelled)) == value
        assert Decimal(read_number(spelled, ".")) == value
    assert Decimal(read_number(text.replace(".", ","), ",")) == value


@given(plain_digits, plain_digits)
def test_a_comma_is_read_only_where_it_cannot_part_thousands(whole: str, rest: str) -> None:
    text = f"{whole},{rest}"
    decimal = f"{whole}.{rest}"
    may_part_thousands = re.fullmatch(r"[1-9][0-9]{0,2},[0-9]{3}", text)
    if may_part_thousands:
        with pytest.raises(Unreadable, match=re.escape("--decimal ,")) as refused:
            read_number(text)
        assert decimal in refused.value.problem
        assert whole + rest in refused.value.problem
    else:
        assert read_number(text) == decimal
    assert read_number(text, ",") == decimal
    with pytest.raises(Unreadable, match="said to be a point"):
        read_number(text, ".")


@given(st.integers(1000, 10**9), st.sampled_from(" .'’\u00a0\u202f"))
def test_thousands_are_never_guessed(number: int, separator: str) -> None:
    text = f"{number:,}".replace(",", separator)
    if separator == "." and text.count(".") == 1:
        # One point is a decimal point, as it always was.
        assert Decimal(read_number(text)) == Decimal(text)
        return
    with pytest.raises(Unreadable):
        read_number(text)


@given(st.sampled_from(("", "<", ">")), st.decimals(0, 10_000, places=2), st.booleans())
def test_a_limit_keeps_its_operator(operator: str, value: Decimal, wide: bool) -> None:
    text = f" {operator} {value}"
    read = read_measured(text.translate(WIDE) if wide else text)
    assert read == f"{operator}{value}"
    assert read_measured(read) == read


@given(any_text, marks)
def test_any_text_is_a_measured_value_or_refused(text: str, mark: DecimalMark | None) -> None:
    conventions = Conventions(decimal=mark)
    try:
        read = read_measured(text, conventions)
    except Unreadable:
        return
    operator = read[:1] if read[:1] in "<>" else ""
    assert CANONICAL.fullmatch(read.removeprefix(operator))
    written = {"<": "<＜", ">": ">＞"}
    assert not operator or any(sign in text for sign in written[operator])
    assert bool(operator) == any(sign in text for sign in "<＜>＞")
    assert read_measured(read) == read


@pytest.mark.parametrize("text", ["≤0.4", "<=0.4", ">=20", "≥20", "＜＝0.4"])
def test_a_limit_that_is_reached_is_another_statement(text: str) -> None:
    with pytest.raises(Unreadable, match="neither < nor >"):
        read_measured(text)


@pytest.mark.parametrize("text", ["٣", "३", "１٢", "Ⅳ", "五", "1e3", "0x1F", "NaN", "inf", "1_000"])
def test_other_digits_and_notations_are_no_numbers(text: str) -> None:
    with pytest.raises(NotOfKind):
        read_number(text)


@given(any_text)
def test_a_number_is_taken_apart_without_a_loss(text: str) -> None:
    operator, number, behind = split_number(text)
    assert operator in ("", "<", ">")
    assert not behind or not behind[0].isascii() or not behind[0].isdigit()
    assert len(operator + number + behind) <= len(text)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("12 mg/L", ("", "12", "mg/L")),
        ("＜0.4mg/L", ("<", "0.4", "mg/L")),
        ("6.5 ×10^9/L", ("", "6.5", "×10^9/L")),
        ("35％", ("", "35", "%")),
        ("18 ↑", ("", "18", "")),
        ("1e3", ("", "1e3", "")),
        ("2020-01-01", ("", "2020-01-01", "")),
        ("mg 12", ("", "mg 12", "")),
    ],
)
def test_parts_of_a_number(text: str, parts: tuple[str, str, str]) -> None:
    assert split_number(text) == parts
