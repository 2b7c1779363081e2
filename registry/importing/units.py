"""Units that convert to the dictionary's by an exact factor.

A laboratory value keeps the unit it was entered in; the columns here have one unit alone, so their
values are converted on the way in. What differs between assays is not here.
"""

from __future__ import annotations

from decimal import Context, Decimal

# Unit of the dictionary -> unit of a file -> factor: value in the file's unit times factor.
CONVERSIONS: dict[str, dict[str, Decimal]] = {
    "cm": {"m": Decimal(100), "mm": Decimal("0.1"), "in": Decimal("2.54")},
    "kg": {"g": Decimal("0.001"), "lb": Decimal("0.45359237"), "斤": Decimal("0.5")},
    "mg": {"g": Decimal(1000), "ug": Decimal("0.001")},
    "ug/mL": {"ng/mL": Decimal("0.001"), "ug/L": Decimal("0.001")},
    "AU/mL": {"AU/L": Decimal("0.001")},
}

_EXACT = Context(prec=100)


def units_of(dictionary_unit: str) -> list[str]:
    """The units that a column may be given in, its own first."""
    return [dictionary_unit, *CONVERSIONS.get(dictionary_unit, {})]


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
