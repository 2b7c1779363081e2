"""Reads numbers and limits of quantification as people write them."""

from __future__ import annotations

import re

from registry.parsing.conventions import NOTHING_SAID, Conventions, DecimalMark
from registry.parsing.text import NotOfKind, Unreadable, folded, not_of_kind
from registry.variables import Kind
from registry.words import tr

# Longer numbers are no measurements, and would be slow to compute with.
LONGEST_NUMBER = 32
# A number and its unit are no longer than this; what is would be slow to take apart.
_LONGEST = 100

CANONICAL_NUMBER = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"
_PLAIN = re.compile(CANONICAL_NUMBER)
_WITH_COMMA = r"([+-]?)([0-9]*),([0-9]+)"
_THOUSANDS = r"[+-]?[0-9]{1,3}(?:[., '’][0-9]{3})+(?:[.,][0-9]+)?"
_GROUPED = r"[+-]?[1-9][0-9]{0,2}\.[0-9]{3}"
_GROUPED_WITH_COMMA = r"[+-]?[1-9][0-9]{0,2}(?:\.[0-9]{3})+,[0-9]+"
_EXPONENT = r"[eE][+-]?[0-9]+"
_PARTS = r"([<>]?) *([+-]?[0-9.,][0-9., '’]*?) *([^0-9.,' ’:+<>-].*)?"
_ARROWS = " ↑↓"


def split_number(text: str) -> tuple[str, str, str]:
    """Operator, number and what stands behind it, all folded; nothing is interpreted.

    `＜0.4 mg/L` is (`<`, `0.4`, `mg/L`). The arrows that laboratories put behind a value which is
    high or low are taken off: they say nothing that the value does not. A text that does not begin
    with a number comes back whole as the number.
    """
    plain = folded(text).rstrip(_ARROWS)
    if len(plain) <= _LONGEST and _PLAIN.fullmatch(plain):
        return "", plain, ""
    parts = re.fullmatch(_PARTS, plain) if len(plain) <= _LONGEST else None
    if parts is None or (parts[3] and re.fullmatch(_EXPONENT, parts[3])):
        return "", plain, ""
    return parts[1], parts[2], parts[3] or ""


def read_number(text: str, decimal: DecimalMark | None = None) -> str:
    """A number as the import format has it: digits with a point; `decimal` is the mark in `text`.

    Full-width digits are digits. A comma is the decimal mark where nothing else can be meant:
    `1,5` is 1.5. Raises Unreadable for `1,234`, which may be 1.234 or 1234, unless `decimal` says
    which, for thousands separators, which are not guessed, and NotOfKind for what is no number.
    """
    plain = folded(text)
    if len(plain) > LONGEST_NUMBER:
        raise not_of_kind(Kind.NUMBER)
    if _PLAIN.fullmatch(plain):
        if decimal == "," and re.fullmatch(_GROUPED, plain):
            raise doubtful_point(plain)
        if decimal == "," and "." in plain:
            raise Unreadable(tr("has a point, but the decimal mark is said to be a comma"))
        return plain
    parts = re.fullmatch(_WITH_COMMA, plain)
    if parts is not None:
        return _with_comma(parts[1], parts[2], parts[3], decimal)
    if re.fullmatch(_THOUSANDS, plain):
        raise Unreadable(tr("has thousands separators; write the digits and one decimal mark"))
    raise not_of_kind(Kind.NUMBER)


def _with_comma(sign: str, whole: str, fraction: str, decimal: DecimalMark | None) -> str:
    if decimal == ".":
        raise Unreadable(tr("has a comma, but the decimal mark is said to be a point"))
    if decimal is None and len(fraction) == 3 and _may_lead_thousands(whole):
        small, large = f"{sign}{whole}.{fraction}", f"{sign}{whole}{fraction}"
        raise Unreadable(
            tr(
                "may be {small} or {large}; say which with --decimal , or --decimal .",
                small=small,
                large=large,
            ),
            typed=tr(
                "may be {one} or {other}; write the one that is meant", one=small, other=large
            ),
        )
    return f"{sign}{whole}.{fraction}"


def shows_decimal_comma(text: str) -> bool:
    """Whether the text is a number whose comma can be nothing but the decimal mark."""
    number = split_number(text)[1]
    parts = re.fullmatch(_WITH_COMMA, number)
    if parts is not None:
        return len(parts[3]) != 3 or not _may_lead_thousands(parts[2])
    return re.fullmatch(_GROUPED_WITH_COMMA, number) is not None


def may_be_grouped(text: str) -> bool:
    """Whether the text is a number whose point would part thousands where commas are decimal."""
    return re.fullmatch(_GROUPED, split_number(text)[1]) is not None


def doubtful_point(text: str, shown_by: str = "") -> Unreadable:
    """What to say of `1.234` where the decimal mark is a comma, as `shown_by` shows it is."""
    number = split_number(text)[1]
    large, comma = number.replace(".", ""), number.replace(".", ",")
    if not shown_by:
        return Unreadable(
            tr(
                "may be {small} or {large}, for the decimal mark is said to be a comma; "
                "write {large} or {comma}",
                small=number,
                large=large,
                comma=comma,
            )
        )
    return Unreadable(
        tr(
            "may be {small} or {large}, for the file has decimal commas as {shown}; "
            "write {large}, or {comma} with --decimal ,",
            small=number,
            large=large,
            comma=comma,
            shown=shown_by,
        )
    )


def _may_lead_thousands(whole: str) -> bool:
    """Whether the digits before a comma could be the first group of a number of thousands."""
    return 1 <= len(whole) <= 3 and not whole.startswith("0")


def read_measured(text: str, conventions: Conventions = NOTHING_SAID) -> str:
    """A number, or `<x` and `>x` for a value beyond a limit of quantification.

    Raises Unreadable as `read_number` does, and for `<=` and `>=`, which say something else.
    """
    plain = folded(text)
    if plain.startswith(("≤", "≥", "<=", ">=", "⩽", "⩾")):
        raise Unreadable(tr("is neither < nor >; a limit of quantification is <x or >x"))
    operator = plain[:1] if plain[:1] in ("<", ">") else ""
    try:
        return operator + read_number(plain[len(operator) :], conventions.decimal)
    except NotOfKind:
        raise not_of_kind(Kind.MEASURED) from None
