"""What the codes and units of laboratories mean here: the program's table, and what amends it.

LOINC's codes stand in `registry/codes`; a row of `reference.lab_code` says what another code means,
or one of these in this registry.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from registry.codes import known_codes
from registry.errors import NotFound, WrongUsage, there_are
from registry.feeds.message import LOINC, Result, system_name
from registry.feeds.reasons import Said
from registry.models import LabResult, TdmLevel
from registry.models.feed import OF_LEVELS, REPORTED
from registry.parsing.names import read_named
from registry.parsing.numbers import read_measured
from registry.parsing.text import Unreadable
from registry.parsing.units import same_unit
from registry.records.change import declare_change, summarise_change
from registry.records.rows import Entity, dictionary_columns
from registry.vocabulary import ANALYTE_UNITS
from registry.words import tr

COLUMNS = ("system", "code", "analyte", "assay", "name", "source", "checked")
NOT_WANTED = "none"


@dataclass(frozen=True)
class Meaning:
    """What a code stands for: an analyte, IFX or ADA; None is not of this registry."""

    analyte: str | None
    assay: str | None
    checked: bool


@dataclass(frozen=True)
class Measured:
    """A result in the registry's own terms: a value of a column of one record."""

    what: str
    entity: Entity
    column: str
    value: str
    unit: str
    assay: str | None


class Codes:
    """The table of codes as it stands at a reading."""

    def __init__(self, connection: Connection) -> None:
        self._meanings = {
            (row["system"], row["code"]): Meaning(row["analyte"], row["assay"], row["checked"])
            for row in list_codes(connection)
        }
        assays = connection.execute(text("select name from reference.assay")).scalars()
        self._assays = {name.casefold(): name for name in assays}

    def measured(self, result: Result) -> Measured | Said:
        """What was measured, or why that is not known. The value is not looked at where the code
        is not of this registry."""
        meaning = self._meaning(result)
        if isinstance(meaning, Said):
            return meaning
        what = str(meaning.analyte)
        if not result.value:
            return Said("no_value")
        try:
            value = read_measured(result.value)
        except Unreadable:
            return Said("no_number")
        units = list(ANALYTE_UNITS[what]) if what in ANALYTE_UNITS else [_unit_of(what)]
        unit = same_unit(result.unit, units) if result.unit else None
        if unit is None:
            return Said(
                "unknown_unit",
                {"what": what, "unit": result.unit or "-", "units": ", ".join(units)},
            )
        if what in ANALYTE_UNITS:
            return Measured(what, LabResult, "value", value, unit, None)
        assay = meaning.assay or self._assays.get(result.method.casefold())
        if result.method and assay is None:
            return Said("unknown_assay")
        return Measured(what, TdmLevel, OF_LEVELS[what], value, unit, assay)

    def _meaning(self, result: Result) -> Meaning | Said:
        if not result.codes:
            return Said("no_code")
        system, code = result.codes[0]
        facts = {"code": code, "system": system or "-"}
        found = {pair: m for pair in result.codes if (m := self._meanings.get(pair)) is not None}
        checked = [meaning for meaning in found.values() if meaning.checked]
        if not checked:
            return Said("unchecked_code" if found else "unknown_code", facts)
        if len({meaning.analyte for meaning in checked}) > 1:
            return Said("two_analytes")
        if checked[0].analyte is None:
            return Said("not_wanted", facts)
        # The laboratory's own code may say the assay where LOINC's does not.
        return next((one for one in checked if one.assay), checked[0])


def _unit_of(what: str) -> str:
    return str(dictionary_columns(TdmLevel)[OF_LEVELS[what]].unit)


def same_value(analyte: str | None, one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Whether two values, each with its unit, say the same, after exact conversion."""
    return _exact(analyte, *one) == _exact(analyte, *other)


def _exact(analyte: str | None, value: str, unit: str) -> tuple[str, Decimal]:
    comparator = value[:1] if value[:1] in ("<", ">") else ""
    factor = ANALYTE_UNITS[analyte][unit] if analyte in ANALYTE_UNITS else Decimal(1)
    return comparator, Decimal(value[len(comparator) :].strip()) * factor


def list_codes(connection: Connection) -> list[dict[str, Any]]:
    """Every code with its meaning; what this registry says of one wins."""
    found = {(one["system"], one["code"]): one for one in _shipped()}
    own = connection.execute(text("select *, true as checked from reference.lab_code")).mappings()
    found |= {(row["system"], row["code"]): {name: row[name] for name in COLUMNS} for row in own}
    return sorted(
        found.values(), key=lambda one: (one["analyte"] or "~", one["system"], one["code"])
    )


def _shipped() -> Iterator[dict[str, Any]]:
    """LOINC's codes of the program's own table."""
    levels = {column: what for what, column in OF_LEVELS.items()}
    for row in known_codes():
        what = row.name if row.kind == "analyte" else levels.get(row.name)
        if row.system == LOINC and row.kind in ("analyte", "measure") and what is not None:
            yield {"system": LOINC, "code": row.code, "analyte": what, "assay": None,
                   "name": row.display, "source": row.source, "checked": row.checked}  # fmt: skip


def map_code(
    connection: Connection,
    code: str,
    analyte: str,
    *,
    system: str,
    assay: str | None,
    name: str | None,
    source: str | None,
    user: str,
    reason: str | None,
) -> dict[str, Any]:
    """Says what a code means, anew or for the first time; whoever says so has checked it.

    Raises WrongUsage for an analyte that is none, or a blank code.
    """
    code, system = code.strip(), system_name(system)
    if not code:
        raise WrongUsage(tr("The code is empty."))
    what: str | None = None
    if analyte.strip().casefold() != NOT_WANTED:
        try:
            what = read_named(analyte, REPORTED)
        except Unreadable:
            raise WrongUsage(
                tr("{analyte} is no analyte of this registry.", analyte=repr(analyte)),
                cure=there_are((*REPORTED, NOT_WANTED)),
            ) from None
    declare_change(connection, user=user, command="feed map", reason=reason)
    row = {
        "system": system,
        "code": code,
        "analyte": what,
        "assay": assay,
        "name": name or code,
        "source": source or user,
    }
    connection.execute(
        text(
            "insert into reference.lab_code (system, code, analyte, assay, name, source) "
            "values (:system, :code, :analyte, :assay, :name, :source) "
            "on conflict (system, code) do update set analyte = excluded.analyte, "
            "assay = excluded.assay, source = excluded.source, name = "
            "case when :named then excluded.name else lab_code.name end"
        ),
        {**row, "named": name is not None},
    )
    summarise_change(connection, f"{system} {code}: {what or NOT_WANTED}")
    return next(
        one for one in list_codes(connection) if (one["system"], one["code"]) == (system, code)
    )


def unmap_code(connection: Connection, code: str, *, system: str, user: str, reason: str) -> None:
    """Takes out what this registry says of a code. Raises NotFound where it says nothing."""
    declare_change(connection, user=user, command="feed unmap", reason=reason)
    named = {"system": system_name(system), "code": code.strip()}
    done = connection.execute(
        text("delete from reference.lab_code where system = :system and code = :code"), named
    ).rowcount
    if not done:
        raise NotFound(
            tr("This registry says nothing of the code {code} of {system}.", **named),
            cure=tr(
                "The program's own is passed over by: registry feed map {code} none",
                code=named["code"],
            ),
        )
    summarise_change(connection, f"{named['system']} {named['code']}")
