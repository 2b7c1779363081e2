"""How numbers are written: decimals, P values, limits. A missing number is an en dash."""

from __future__ import annotations

from registry.words import tr

MISSING = "–"
SUPPRESSED = "[c]"
"""In place of a number that is kept confidential."""


def fixed(value: float | None, decimals: int) -> str:
    """A number with this many decimals; never '-0.0'."""
    if value is None:
        return MISSING
    text = f"{value:.{decimals}f}"
    return text.lstrip("-") if float(text) == 0 else text


def p_value(p: float | None) -> str:
    """Two decimals, three below 0.01, '<0.001' below that."""
    if p is None:
        return MISSING
    if p < 0.001:
        return "<0.001"
    return f"{p:.3f}" if p < 0.01 else f"{p:.2f}"


def p_equation(p: float | None) -> str:
    """'P = 0.04', 'P < 0.001'."""
    text = p_value(p)
    return f"P < {text[1:]}" if text.startswith("<") else f"P = {text}"


def percent(share: float | None, decimals: int = 1) -> str:
    """A proportion as a percentage without its sign."""
    return MISSING if share is None else fixed(100 * share, decimals)


def number(n: int | None) -> str:
    """A number of patients; one that is suppressed has a sign of its own."""
    return SUPPRESSED if n is None else str(n)


def count(n: int | None, of: int | None) -> str:
    """'16 (23.2)': a number and its percentage of the whole."""
    if n is None or of is None:
        return number(n)
    return f"{n} ({percent(n / of if of else None)})"


def limits(lower: float | None, upper: float | None, decimals: int) -> str:
    """'1.6 to 35.2'; a limit that does not exist is an en dash."""
    if lower is None and upper is None:
        return MISSING
    return tr("{low} to {high}", low=fixed(lower, decimals), high=fixed(upper, decimals))


def months(value: float | None) -> str:
    """A time in months, or 'not reached'."""
    return tr("not reached") if value is None else fixed(value, 1)


def median_months(median: float | None, lower: float | None, upper: float | None) -> str:
    """'16.2 (9.1 to not reached)'; without a median the limit that exists is still told."""
    if lower is None and upper is None:
        return months(median)
    return tr(
        "{median} ({lower} to {upper})",
        median=months(median),
        lower=months(lower),
        upper=months(upper),
    )


def whole(number: float) -> float:
    """As an integer, where it is one, so that words may count by it."""
    return int(number) if number == int(number) else number
