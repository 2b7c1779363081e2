"""Units that convert to the dictionary's by an exact factor.

A laboratory value keeps the unit it was entered in; the columns here have one unit alone, so their
values are converted on the way in. What differs between assays is not here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Context, Decimal

# Unit of the dictionary -> unit of a file -> factor: value in the file's unit times factor.
CONVERSIONS: dict[str, dict[str, Decimal]] = {
    "cm": {"m": Decimal(100), "mm": Decimal("0.1"), "in": Decimal("2.54")},
    "kg": {"g": Decimal("0.001"), "lb": Decimal("0.45359237"), "斤": Decimal("0.5")},
    "mg": {"g": Decimal(1000), "ug": Decimal("0.001")},
    "ug/mL": {"ng/mL": Decimal("0.001"), "ug/L": Decimal("0.001")},
    "AU/mL": {"AU/L": Decimal("0.001")},
}

# Where nearly all values of an analyte lie, in its first unit: only to tell its units apart in a
# draft. CRP has no such range in which a value of one unit could not be one of the other.
LIKELY: dict[str, tuple[float, float]] = {
    "HGB": (40, 220),
    "HCT": (12, 65),
    "PLT": (30, 2000),
    "WBC": (0.5, 80),
    "ALB": (10, 65),
}
# So many of the values must lie there.
_NEARLY_ALL = 0.9

_EXACT = Context(prec=100)


def units_of(dictionary_unit: str) -> list[str]:
    """The units that a column may be given in, its own first."""
    return [dictionary_unit, *CONVERSIONS.get(dictionary_unit, {})]


def likely_units(
    values: Sequence[float], factors: Mapping[str, Decimal], low: float, high: float
) -> list[str]:
    """The units of which nearly all values would lie between the limits, in the first unit."""
    return [
        unit
        for unit, factor in factors.items()
        if sum(low <= value * float(factor) <= high for value in values)
        >= _NEARLY_ALL * max(len(values), 1)
    ]


def converted(value: str, factor: Decimal) -> str:
    """A number, or one behind < or >, times the factor, exactly; other text stays as it is."""
    number = value.lstrip("<> ")
    try:
        product = _EXACT.multiply(Decimal(number), factor)
    except ArithmeticError:
        return value
    digits = f"{product:f}"
    if "." in digits:
        digits = digits.rstrip("0").rstrip(".")
    return value[: len(value) - len(number)].strip() + digits
