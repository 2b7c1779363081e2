"""What a header of a hospital's file may mean: names in five languages, units, repetitions."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from registry.importing.mapping.factors import CONVERSIONS
from registry.models.redcap_fields import title
from registry.parsing.toml import parse_toml
from registry.parsing.units import same_unit
from registry.records.rows import BY_FILE_NAME, PATIENT_COLUMN, dictionary_columns
from registry.vocabulary import ANALYTES, UNITS

# What a header can mean beside a column of a table: the patient, any day, the first infusion.
EVERY = "every"
ANALYTE_NAMES = "analytes"

_IN_BRACKETS = re.compile(r"^(.*\S)\s*[(\[（【]([^()\[\]（）【】]*)[)\]）】]\s*$")
_BEHIND = re.compile(r"^(.*?\S)[\s,，_/]+(\S+)$")
_NOT_LETTERS = re.compile(r"[\s_\-·:：/.'’,，。()\[\]（）【】#*]+")
_NAME_PARTS = re.compile(r"[^\W\d_]+|[\d\W_]")
_WEEK = re.compile(
    r"(?:第\s*(?P<a>[0-9]+)\s*周)"
    r"|(?:(?<![a-z])(?:w|wk|week|woche|kw|semaine|sem|s|semana)[\s_.-]*(?P<b>[0-9]+)(?![0-9]))"
    r"|(?:(?<![0-9])(?P<c>[0-9]+)\s*"
    r"(?:周|(?:weeks?|wks?|wochen?|semaines?|semanas?|sem)(?![a-z])))",
    re.IGNORECASE,
)
_TURN = re.compile(
    r"(?:第\s*(?P<a>[0-9]+)\s*次)|(?:(?<=[^0-9\s])[\s_.-]*(?P<b>[0-9]+)\s*$)", re.IGNORECASE
)
# What stands before, behind or in brackets for week 0.
_BASELINE = re.compile(
    r"基线(?:时|期|值)?|(?<![a-z])(?:baseline|basal|ausgangswert|inclusion|inclusión)(?![a-z])",
    re.IGNORECASE,
)
BASELINE_WEEK = "0"


@dataclass(frozen=True)
class Meaning:
    """A table and a column of it; of `analytes` an analyte, of `every` what any table has."""

    table: str
    column: str


# The letter of a family of repetitions, and the number of one that stands alone in it.
Group = tuple[str | None, str | None]
NO_GROUP: Group = (None, None)


@dataclass(frozen=True)
class Heading:
    """A header taken apart: what it names, its unit, and which of several repetitions it is of.

    `template` is the header with {w} or {n} in the place of the repetition's number, `family` the
    letter of it. Of 基线CRP, which is of week 0, the template is the header as it stands.
    """

    header: str
    name: str
    unit: str | None = None
    family: str | None = None
    number: str | None = None
    template: str = ""

    @property
    def group(self) -> Group:
        """What can stand in one record with it: the family, and the number where none is filled."""
        return self.family, self.number if self.template == self.header else None


@cache
def synonyms() -> Mapping[str, dict[str, Any]]:
    """The list of names, as it stands in its file."""
    text = (
        files("registry.importing.drafting").joinpath("synonyms.toml").read_text(encoding="utf-8")
    )
    return parse_toml(text, "synonyms.toml")


def plain(name: str) -> str:
    """A name so that spellings of one are equal: without capitals, blanks and signs."""
    return _NOT_LETTERS.sub("", unicodedata.normalize("NFKC", name).casefold())


@cache
def identifiers() -> frozenset[str]:
    """Plain names of headers that tell who a patient is."""
    listed: Iterable[str] = synonyms()["identifiers"]
    return frozenset(map(plain, listed))


@cache
def missing_words() -> frozenset[str]:
    """Cells that mean nothing."""
    listed: Iterable[str] = synonyms()["missing"]
    return frozenset(listed)


@cache
def meanings() -> Mapping[str, tuple[Meaning, ...]]:
    """Plain name -> everything it may mean; the dictionary's own names come first."""
    found: dict[str, dict[Meaning, None]] = {}

    def know(meaning: Meaning, names: Iterable[str]) -> None:
        for name in names:
            found.setdefault(plain(name), {})[meaning] = None

    for table, entity in BY_FILE_NAME.items():
        said = synonyms().get(table, {})
        for column, variable in dictionary_columns(entity).items():
            know(Meaning(table, column), [column, variable.label, *said.get(column, [])])
    for analyte in ANALYTES:
        know(Meaning(ANALYTE_NAMES, analyte), [analyte, *synonyms()[ANALYTE_NAMES][analyte]])
    for column, names in synonyms()[EVERY].items():
        know(Meaning(EVERY, column), [column, *names])
    return {name: tuple(listed) for name, listed in found.items()}


@cache
def table_names() -> Mapping[str, str]:
    """Plain name of a sheet or file -> table."""
    listed = synonyms()["tables"]
    return {
        plain(name): table
        for table in BY_FILE_NAME
        for name in (table, title(table), *listed.get(table, []))
    }


def table_called(name: str) -> str | None:
    """The table after which a file or sheet is named, as infusions_A, labs-2 or 化验2023 are.

    What stands behind the table's name begins with a sign, a blank or a digit.
    """
    parts = _NAME_PARTS.findall(name)
    starts = (plain("".join(parts[:end])) for end in range(len(parts), 0, -1))
    return next((table_names()[start] for start in starts if start in table_names()), None)


def patient_headers() -> list[str]:
    """What the study id's column may be called, to find the header by."""
    return [PATIENT_COLUMN, *synonyms()[EVERY][PATIENT_COLUMN]]


def codes_for(column: str) -> Mapping[str, str]:
    """Cell without capitals -> code, for a column with known synonyms of its codes."""
    if column == "analyte":
        listed = {analyte: [analyte, *synonyms()[ANALYTE_NAMES][analyte]] for analyte in ANALYTES}
    else:
        listed = synonyms()["codes"].get(column, {})
    return {plain(name): code for code, names in listed.items() for name in names}


def read_heading(header: str) -> Heading:
    """Takes a header apart."""
    if plain(header) in meanings():
        return Heading(header, plain(header), template=header)
    rest, unit = _without_unit(header)
    if plain(rest) in meanings():
        return Heading(header, plain(rest), unit, template=header)
    for family, pattern in (("w", _WEEK), ("n", _TURN)):
        found = pattern.search(rest)
        if found is None:
            continue
        name, inner_unit = _without_unit(f"{rest[: found.start()]} {rest[found.end() :]}")
        if plain(name) in meanings():
            group = next(key for key, value in found.groupdict().items() if value is not None)
            start, end = found.span(group)
            template = f"{header[:start]}{{{family}}}{header[end:]}"
            return Heading(header, plain(name), unit or inner_unit, family, found[group], template)
    found = _BASELINE.search(rest)
    if found is not None:
        name, inner_unit = _without_unit(f"{rest[: found.start()]} {rest[found.end() :]}")
        if plain(name) in meanings():
            unit = unit or inner_unit
            return Heading(header, plain(name), unit, "w", BASELINE_WEEK, template=header)
    return Heading(header, plain(rest), unit, template=header)


def is_band(text: str) -> bool:
    """Whether the text says a week and nothing else, as it stands over the columns of a visit."""
    found = _WEEK.search(text) or _BASELINE.search(text)
    return found is not None and not plain(text[: found.start()] + text[found.end() :])


def _without_unit(header: str) -> tuple[str, str | None]:
    """The header without a unit in brackets or behind a blank, and the unit."""
    for pattern in (_IN_BRACKETS, _BEHIND):
        found = pattern.match(header)
        if found is not None and _is_unit(found[2]):
            return found[1], found[2].strip()
    return header, None


@cache
def _known_units() -> tuple[str, ...]:
    converted = [unit for own, others in CONVERSIONS.items() for unit in (own, *others)]
    return tuple(dict.fromkeys([*UNITS, *converted, "SD", "points"]))


def _is_unit(text: str) -> bool:
    return same_unit(text, _known_units()) is not None
