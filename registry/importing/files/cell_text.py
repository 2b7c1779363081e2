"""The value of a spreadsheet's cell as text, as it would stand in a CSV file."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from decimal import Decimal

from registry.parsing.typed import FaultText, NumberText
from registry.words import tr

# Text inside a number format that is shown as it stands.
_LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.')
_ONLY_ZEROS = re.compile("0{2,}")


def fault(shown: str) -> FaultText:
    """A cell that shows an error of the sheet."""
    return FaultText(shown, tr("is an error of the workbook"))


def moment_text(value: date | datetime | time) -> str:
    """A day, with its time of day where that is not midnight."""
    if isinstance(value, datetime):
        whole = value.replace(microsecond=0, tzinfo=None)
        return str(whole.date() if value.time() == time() else whole)
    return value.isoformat()


def number_text(
    value: int | float, style: str | None = None, number: type[NumberText] = NumberText
) -> str:
    """A number as the sheet has it: 15 digits, which is all a spreadsheet keeps.

    One shown as per cent is the number shown, with its sign; one shown with leading zeros has them.
    Raises ValueError for what is no number.
    """
    exact = Decimal(value) if isinstance(value, int) else Decimal(f"{value:.15g}")
    if not exact.is_finite():
        raise ValueError
    if style and style != "General":
        if "%" in style and "%" in _LITERAL.sub("", style):
            return f"{_plain(exact * 100)}%"
        if _ONLY_ZEROS.fullmatch(style) and exact == exact.to_integral_value() and exact >= 0:
            return f"{int(exact):0{len(style)}}"
    return number(_plain(exact))


def _plain(exact: Decimal) -> str:
    """Without an exponent and without trailing zeros behind the point."""
    text = f"{exact:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
