"""Reads the name of a unit in the many spellings of laboratories and spreadsheets.

Only spellings of one and the same unit are brought together here; nothing is converted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from registry.parsing.text import NotOfKind, Unreadable, folded
from registry.vocabulary import ANALYTE_UNITS, UNITS
from registry.words import tr

# Unit of the dictionary -> other names of the same unit, in plain spelling.
_SYNONYMS: dict[str, tuple[str, ...]] = {
    "mg/dL": ("mg%",),
    "g/dL": ("g%", "gm/dl"),
    "mm/h": ("mm/1h",),
    "10^9/L": ("10^3/ul", "10^3/mm^3", "10^3/mm3", "k/ul", "k/mm^3", "k/mm3", "/nl", "gpt/l"),
    # Arbitrary units, as UCUM writes them.
    "AU/mL": ("[arb'u]/ml", "{arb'u}/ml", "{au}/ml", "[au]/ml"),
    "/uL": ("cells/ul", "/mm^3", "/mm3", "cells/mm^3", "cells/mm3"),
    "ug/mL": ("mg/l",),
    "points": ("point", "分"),
}
# Giga is a capital G: g/L are grams.
_GIGA = "G/L"

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_RAISED = "[⁰¹²³⁴⁵⁶⁷⁸⁹]+"
_TEN_TO_THE = r"^[x×*·]?10(?:\^|\*\*?|e\+?)0?([0-9]{1,2})"
_WORDS = {
    "μ": "u", "µ": "u", "mcg": "ug", "hours": "h", "hour": "h", "hr": "h",
    "公斤": "kg", "千克": "kg", "毫克": "mg", "微克": "ug", "克": "g", "公分": "cm", "厘米": "cm",
    "毫米": "mm", "米": "m", "毫升": "ml", "微升": "ul", "分升": "dl", "升": "l", "小时": "h",
}  # fmt: skip
_WORD = "|".join(_WORDS)


@lru_cache(1024)
def plain_unit(text: str) -> str:
    """A unit so that spellings of one are equal: `×10⁹/L`, `10*9/l`, `10E9/L` are `10^9/l`."""
    plain = re.sub(_RAISED, lambda found: "^" + found[0].translate(_SUPERSCRIPTS), folded(text))
    plain = re.sub(_WORD, lambda found: _WORDS[found[0]], "".join(plain.split()).lower())
    return re.sub(_TEN_TO_THE, r"10^\1", plain)


def same_unit(text: str, units: Iterable[str]) -> str | None:
    """The one of the dictionary's units that the text is a spelling of; None if it is of none."""
    known = list(units)
    plain = plain_unit(text)
    if folded(text) == _GIGA and "10^9/L" in known:
        return "10^9/L"
    for unit in known:
        if plain == plain_unit(unit):
            return unit
    return next((unit for unit in known if plain in _SYNONYMS.get(unit, ())), None)


def read_unit(text: str, analyte: str | None = None) -> str:
    """The unit of a laboratory value; without its analyte the first that the text can mean.

    Raises Unreadable for a unit that the analyte is not reported in, NotOfKind for what is none.
    """
    of_analyte = tuple(ANALYTE_UNITS.get(analyte or "", ()))
    found = same_unit(text, of_analyte or UNITS)
    if found is not None:
        return found
    if same_unit(text, UNITS) is None:
        raise NotOfKind(tr("is not one of {codes}", codes=", ".join(UNITS)))
    units = ", ".join(of_analyte)
    raise Unreadable(tr("is not a unit of {analyte}: {units}", analyte=analyte, units=units))
