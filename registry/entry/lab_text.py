"""A laboratory value as people type it: with its unit behind it, or without."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from registry.parsing.names import read_named
from registry.parsing.numbers import split_number
from registry.parsing.text import Unreadable
from registry.parsing.units import read_unit
from registry.vocabulary import ANALYTE_UNITS, ANALYTES
from registry.words import tr


class LabText(NamedTuple):
    """A laboratory value as typed: `3.6 g/dL` apart, the unit as the registry spells it."""

    value: str
    unit: str


def read_lab(typed: str, analyte: str, unit: str) -> LabText:
    """A value with its unit, which without one written is `unit`.

    Raises Unreadable for a unit that the analyte is not reported in; a value that is none is passed
    on as it is, for the registry's own checks to complain of.
    """
    operator, number, behind = split_number(typed)
    if behind:
        try:
            unit = read_unit(behind, analyte)
        except Unreadable:
            units = ", ".join(ANALYTE_UNITS[analyte])
            words = tr("is not in a unit of {analyte}: {units}", analyte=analyte, units=units)
            raise Unreadable(words) from None
    return LabText(operator + number, unit)


def taken_apart(cells: Mapping[str, str], analyte: str | None = None) -> dict[str, str]:
    """The cells of a laboratory value with its unit apart.

    `analyte` is that of a record which is there. A unit that is none of the analyte's, or another
    than the one that is given beside, is left where it stands, for the checks to complain of.
    """
    found = dict(cells)
    given = cells.get("unit", "").strip()
    try:
        known = read_named(cells.get("analyte") or analyte or "", ANALYTES)
        lab = read_lab(cells.get("value", ""), known, "")
        if lab.unit and (not given or read_unit(given, known) == lab.unit):
            found |= {"value": lab.value, "unit": lab.unit}
    except Unreadable:
        pass
    return found
