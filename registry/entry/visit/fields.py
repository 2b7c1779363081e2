"""The fields of a visit: which column of which table each fills, and how what is typed is read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from registry.entry.save import read_typed
from registry.models import Anthropometry, Infusion, LabResult, Medication, PcdaiVisit, TdmLevel
from registry.models.pcdai_visit import ITEMS
from registry.parsing.names import read_named
from registry.parsing.text import Unreadable, folded
from registry.records.rows import Entity, dictionary_columns
from registry.variables import Kind, Variable
from registry.vocabulary import ANALYTES, DRUGS
from registry.words import spoken, tr

# Section of a visit -> its table; a section is called as the command of its single records.
SECTIONS: dict[str, Entity] = {
    "anthropometry": Anthropometry,
    "lab": LabResult,
    "pcdai": PcdaiVisit,
    "tdm": TdmLevel,
    "infusion": Infusion,
    "medication": Medication,
}
SECTION_OF = {entity: section for section, entity in SECTIONS.items()}
ON = "on"
WEIGHT = "anthropometry.weight_kg"
TOTAL = "pcdai.total"
ASSAY = "tdm.assay"
STARTED = "medication.started"
STOPPED = "medication.stopped"


@dataclass(frozen=True)
class Field:
    """One value of a visit: its section and name there, and the column it fills.

    A laboratory value fills a row of its own, that of `analyte`. `variable` declares what is
    allowed; of drugs several can be named.
    """

    section: str
    key: str
    column: str
    variable: Variable
    analyte: str | None = None

    @property
    def name(self) -> str:
        """Section and key, as lab.CRP."""
        return f"{self.section}.{self.key}"

    @property
    def entity(self) -> Entity:
        """The table."""
        return SECTIONS[self.section]

    @property
    def label(self) -> str:
        """What people call it; a laboratory value by its usual short name."""
        if self.analyte is not None:
            return self.analyte
        if self.name == STARTED:
            return tr("Drugs started")
        return tr("Drugs stopped") if self.name == STOPPED else spoken(self.variable.label)


def _fields() -> Iterator[Field]:
    def of(section: str, *columns: str) -> Iterator[Field]:
        variables = dictionary_columns(SECTIONS[section])
        for column in columns:
            yield Field(section, column, column, variables[column])

    yield from of("anthropometry", "weight_kg", "height_cm")
    value = dictionary_columns(LabResult)["value"]
    for analyte in ANALYTES:
        yield Field("lab", analyte, "value", value, analyte)
    yield from of("pcdai", "total", *ITEMS)
    yield from of("tdm", "ifx_ug_ml", "ada_au_ml", "assay")
    yield from of("infusion", "dose_mg", "product")
    drugs = dictionary_columns(Medication)
    yield Field("medication", "started", "drug", drugs["drug"])
    yield Field("medication", "stopped", "stopped_on", drugs["drug"])


FIELDS = {field.name: field for field in _fields()}


def canonical(typed: str, variable: Variable) -> str:
    """What was typed as the registry spells it, or as it stands where it cannot be read."""
    text = typed.strip()
    try:
        text = read_typed(text, variable).strip() if text else ""
    except Unreadable:
        return text
    if variable.kind in (Kind.NUMBER, Kind.MEASURED):
        operator, number = (text[:1], text[1:].strip()) if text[:1] in "<>" else ("", text)
        return operator + _plain(number)
    return text


def _plain(number: str) -> str:
    """A number without padding zeros, 31.20 as 31.2; what is none stays."""
    try:
        value = Decimal(number)
    except InvalidOperation:
        return number
    digits = f"{value:f}"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def drugs_of(typed: str) -> list[str]:
    """Drugs separated by commas or blanks, each once, as the registry spells them where it can."""
    read = []
    for name in re.split(r"[\s,;、，]+", folded(typed)):
        try:
            read.append(read_named(name, DRUGS))
        except Unreadable:
            read.append(name)
    return list(dict.fromkeys(filter(None, read)))
