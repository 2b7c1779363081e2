"""What a visit comes to: records to enter, to change and to take out. Nothing is written here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from registry.entry.lab_text import read_lab
from registry.entry.save import Complaint, Draft
from registry.entry.stored import Stored, dated
from registry.entry.visit.day import Visit
from registry.entry.visit.fields import (
    ASSAY,
    FIELDS,
    ON,
    SECTION_OF,
    SECTIONS,
    STARTED,
    STOPPED,
    WEIGHT,
    Field,
    canonical,
    drugs_of,
)
from registry.models import Infusion, LabResult, Medication, TdmLevel
from registry.parsing.text import Unreadable
from registry.records.rows import PATIENT_COLUMN, Entity
from registry.words import tr

# Columns that alone are not a record: nobody enters an assay without a level.
BESIDE: dict[Entity, set[str]] = {
    TdmLevel: {"assay"},
    Infusion: {"weight_kg"},
    LabResult: {"unit"},
}


@dataclass(frozen=True)
class FieldComplaint:
    """What is wrong with a field of a visit; without a field it is about the visit."""

    field: str | None
    value: str | None
    problem: str

    def __str__(self) -> str:
        subject = self.field or ""
        if self.value:
            subject += f" {self.value!r}"
        return f"{subject} {self.problem}".strip()


@dataclass
class Plan:
    """Records to enter, to change with the new cells, and to take out.

    `stops` are the changes that only end a course of a drug: they have their reason in the visit.
    """

    new: list[Draft] = field(default_factory=list)
    changed: list[tuple[Stored, dict[str, str]]] = field(default_factory=list)
    stops: list[tuple[Stored, dict[str, str]]] = field(default_factory=list)
    gone: list[Stored] = field(default_factory=list)
    complaints: list[FieldComplaint] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.new or self.changed or self.stops or self.gone)

    def needs_reason(self) -> bool:
        """Whether something that was entered before is changed or taken out."""
        return bool(self.changed or self.gone)


def plan_of(visit: Visit) -> Plan:
    """What the visit comes to against the day as it was read."""
    plan = Plan()
    for entity in SECTIONS.values():
        if entity not in (LabResult, Medication):
            _plan_record(plan, visit, entity)
    for one in FIELDS.values():
        if one.entity is LabResult:
            _plan_lab(plan, visit, one)
    _plan_started(plan, visit)
    _plan_stopped(plan, visit)
    return plan


def field_of(draft: Draft | Stored, column: str | None) -> str | None:
    """The field that a complaint about a record's column is about."""
    entity = draft.entity
    if column == dated(entity) and entity is not Medication:
        return ON
    if entity is Infusion and column == "weight_kg":
        return WEIGHT
    if entity is LabResult:
        return f"lab.{draft.cells['analyte']}"
    if entity is Medication:
        return STOPPED if column == "stopped_on" else STARTED
    name = f"{SECTION_OF[entity]}.{column}"
    return name if name in FIELDS else None


def complaint_of_field(draft: Draft | Stored, complaint: Complaint) -> FieldComplaint:
    """A complaint about a record as one about a field."""
    return FieldComplaint(field_of(draft, complaint.column), complaint.value, complaint.problem)


def _plan_record(plan: Plan, visit: Visit, entity: Entity) -> None:
    """The one record that the day has of a table."""
    names = {one.column: name for name, one in FIELDS.items() if one.entity is entity}
    if entity is Infusion:
        # There is one weight of the day.
        names["weight_kg"] = WEIGHT
    cells = {column: visit.cell(name) for column, name in names.items()}
    changed = {column for column, name in names.items() if visit.is_changed(name)}
    stored = visit.day.record(entity)
    if stored is not None:
        _plan_change(plan, stored, {column: cells[column] for column in sorted(changed)})
    elif any(cells[column] for column in changed - BESIDE.get(entity, set())):
        _plan_new(plan, visit, entity, cells)
    elif entity is TdmLevel and "assay" in changed:
        plan.complaints.append(FieldComplaint(ASSAY, cells["assay"], tr("stands without a level")))


def _plan_lab(plan: Plan, visit: Visit, one: Field) -> None:
    """The row of one analyte."""
    assert one.analyte is not None
    stored = visit.day.record(LabResult, analyte=one.analyte)
    typed = visit.text(one.name)
    cells = {"value": ""}
    if typed:
        try:
            lab = read_lab(typed, one.analyte, visit.day.units[one.analyte])
        except Unreadable as error:
            plan.complaints.append(FieldComplaint(one.name, typed, error.problem))
            return
        cells = {"value": canonical(lab.value, one.variable), "unit": lab.unit}
    if stored is not None:
        changed = {column: cell for column, cell in cells.items() if cell != stored.cells[column]}
        _plan_change(plan, stored, changed)
    elif typed:
        _plan_new(plan, visit, LabResult, {"analyte": one.analyte, **cells})


def _plan_started(plan: Plan, visit: Visit) -> None:
    there = [record for record in visit.day.records if record.entity is Medication]
    wanted = drugs_of(visit.text(STARTED))
    for drug in wanted:
        if drug not in {record.cells["drug"] for record in there}:
            _plan_new(plan, visit, Medication, {"drug": drug})
    plan.gone += [record for record in there if record.cells["drug"] not in wanted]


def _plan_stopped(plan: Plan, visit: Visit) -> None:
    wanted = drugs_of(visit.text(STOPPED))
    taken = {str(course.cells["drug"]): course for course in visit.day.courses}
    for drug in wanted:
        if drug not in taken:
            listed = ", ".join(taken) or tr("none")
            words = tr("is not taken on that day; taken are: {drugs}", drugs=listed)
            plan.complaints.append(FieldComplaint(STOPPED, drug, words))
    for drug, course in taken.items():
        stops = course.cells["stopped_on"] == visit.day.on.isoformat()
        if drug in wanted and not stops:
            plan.stops.append((course, {"stopped_on": visit.day.on.isoformat()}))
        elif drug not in wanted and stops:
            plan.changed.append((course, {"stopped_on": ""}))


def _plan_new(plan: Plan, visit: Visit, entity: Entity, cells: Mapping[str, str]) -> None:
    key = {PATIENT_COLUMN: visit.day.study_id, dated(entity): visit.day.on.isoformat()}
    plan.new.append(Draft(entity, key | {column: cell for column, cell in cells.items() if cell}))


def _plan_change(plan: Plan, stored: Stored, cells: dict[str, str]) -> None:
    """The record with these cells; one in which nothing would be left is taken out."""
    if not cells:
        return
    said = set(stored.cells) - set(stored.entity.natural_key) - BESIDE.get(stored.entity, set())
    if any((stored.cells | cells)[column] for column in said):
        plan.changed.append((stored, cells))
    else:
        plan.gone.append(stored)
