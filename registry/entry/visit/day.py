"""One clinic day of a child: what is there, what would change, and writing it in one go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import Connection

from registry.entry.save import read_typed
from registry.entry.stored import Stored, dated, find_record, find_records
from registry.entry.visit.fields import ASSAY, FIELDS, SECTIONS, STARTED, STOPPED, WEIGHT, canonical
from registry.errors import WrongUsage
from registry.models import Infusion, LabResult, Medication, Patient, PcdaiVisit
from registry.parsing.text import Unreadable
from registry.records.rows import Entity, dictionary_columns
from registry.vocabulary import ANALYTE_UNITS
from registry.words import tr

PRODUCT = "infusion.product"


@dataclass(frozen=True)
class Known:
    """A value of an earlier day."""

    value: str
    on: date

    def __str__(self) -> str:
        return f"{self.value}, {self.on}"


@dataclass(frozen=True)
class Day:
    """A child's records of one day, as they were when they were read, and what was known before.

    `courses` are those begun before the day and taken until then: still open, or stopped on it.
    `filled` are the fields that have a value, by name; `units` the unit in which a laboratory value
    is meant that is written without one: the patient's last, else the analyte's own; `last` the
    values before, with their unit where it is another.
    """

    patient: Stored
    on: date
    records: list[Stored]
    courses: list[Stored]
    filled: dict[str, str] = field(default_factory=dict)
    last: dict[str, Known] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)

    @property
    def study_id(self) -> str:
        """The patient's."""
        return self.patient.study_id

    def age(self) -> int:
        """Completed years on that day."""
        born: date = self.patient.values["birth_date"]
        return self.on.year - born.year - ((self.on.month, self.on.day) < (born.month, born.day))

    def record(self, entity: Entity, **key: str) -> Stored | None:
        """The record of that day; of several, as levels by two assays, the first."""
        return next(
            (
                one
                for one in self.records
                if one.entity is entity and all(one.cells[c] == v for c, v in key.items())
            ),
            None,
        )

    def suggested(self) -> dict[str, str]:
        """What a field most often has again: the last assay and the last product."""
        return {name: self.last[name].value for name in (ASSAY, PRODUCT) if name in self.last}


@dataclass(frozen=True)
class Visit:
    """What somebody means to enter for a day: typed values by field.

    A field that is not named stays as it is; an empty one empties what is there.
    """

    day: Day
    values: Mapping[str, str]

    def text(self, name: str) -> str:
        """The field as it would be: typed, else as it is filled."""
        return self.values.get(name, self.day.filled.get(name, "")).strip()

    def cell(self, name: str) -> str:
        """The same as the registry spells it, where it can be read."""
        return canonical(self.text(name), FIELDS[name].variable)

    def is_changed(self, name: str) -> bool:
        """Whether the field would have another value than it has."""
        return self.cell(name) != self.day.filled.get(name, "")


def read_on(typed: str) -> date:
    """The day that was typed, also `today` or `yesterday`. Raises WrongUsage for what is none."""
    variable = dictionary_columns(PcdaiVisit)["visited_on"]
    try:
        return date.fromisoformat(read_typed(typed, variable).strip())
    except ValueError as error:
        problem = error.problem if isinstance(error, Unreadable) else tr("is not a date")
        raise WrongUsage(
            f"{typed!r} {problem}", cure=tr("today and yesterday are taken too.")
        ) from None


def read_day(connection: Connection, study_id: str, on: date) -> Day:
    """The day as it stands. Raises NotFound for a patient who is not there."""
    patient = find_record(connection, Patient, study_id)
    found = {
        entity: find_records(connection, entity, study_id=study_id, until=on)
        for entity in SECTIONS.values()
    }
    records = [
        record
        for entity, held in found.items()
        for record in held
        if record.values[dated(entity)] == on
    ]
    courses = [
        course
        for course in found[Medication]
        if course.values["started_on"] < on and course.cells["stopped_on"] in (None, on.isoformat())
    ]
    day = Day(patient, on, records, courses)
    earlier = {entity: [r for r in held if r not in records] for entity, held in found.items()}
    day.units.update(_units(found[LabResult]))
    day.last.update(_last(earlier, day.units))
    day.filled.update(_filled(day))
    return day


def _filled(day: Day) -> dict[str, str]:
    filled = {}
    for name, one in FIELDS.items():
        key = {} if one.analyte is None else {"analyte": one.analyte}
        record = None if one.entity is Medication else day.record(one.entity, **key)
        if record is not None and record.cells[one.column]:
            filled[name] = str(record.cells[one.column])
    infusion = day.record(Infusion)
    if infusion is not None:
        filled.setdefault(WEIGHT, str(infusion.cells["weight_kg"]))
    started = [r.cells["drug"] for r in day.records if r.entity is Medication]
    stopped = [r.cells["drug"] for r in day.courses if r.cells["stopped_on"] == day.on.isoformat()]
    for name, drugs in ((STARTED, started), (STOPPED, stopped)):
        if drugs:
            filled[name] = ", ".join(filter(None, drugs))
    return filled


def _last(earlier: Mapping[Entity, list[Stored]], units: Mapping[str, str]) -> dict[str, Known]:
    """The newest earlier value of each field; a weight may come from an infusion."""
    last: dict[str, Known] = {}
    for name, one in FIELDS.items():
        if one.entity is Medication:
            continue
        for record in earlier[one.entity]:
            value = record.cells[one.column]
            if value and one.analyte in (None, record.cells.get("analyte")):
                if one.analyte and record.cells["unit"] != units[one.analyte]:
                    value += f" {record.cells['unit']}"
                last[name] = Known(value, record.values[dated(one.entity)])
    for record in earlier[Infusion]:
        weighed = Known(str(record.cells["weight_kg"]), record.values["infused_on"])
        if WEIGHT not in last or last[WEIGHT].on < weighed.on:
            last[WEIGHT] = weighed
    return last


def _units(results: list[Stored]) -> dict[str, str]:
    units = {analyte: next(iter(known)) for analyte, known in ANALYTE_UNITS.items()}
    return units | {str(r.cells["analyte"]): str(r.cells["unit"]) for r in results}
