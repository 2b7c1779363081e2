"""Writes single records by the same way as an import: the same checks, the same complaints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, text

from registry.entry.stored import Stored, find_record, find_records
from registry.errors import Refused
from registry.models import ENTITIES, LabResult, Patient, table_of
from registry.models.missing_reason import reason_column
from registry.models.patient import STUDY_ID
from registry.parsing.cells import read_cell
from registry.parsing.names import read_named
from registry.parsing.text import Unreadable
from registry.records.rows import (
    PATIENT_COLUMN,
    Entity,
    Problem,
    Row,
    Source,
    file_columns,
    lacking_columns,
    telling_columns,
)
from registry.records.staging import resolved
from registry.records.write import write_rows
from registry.variables import Kind, Variable
from registry.vocabulary import NULL_FLAVOURS
from registry.words import tr


class Draft(NamedTuple):
    """A record that somebody means to enter: cells by column, as a file spells them.

    The patient's study id stands under `patient_id`.
    """

    entity: Entity
    cells: Mapping[str, str]


class Complaint(NamedTuple):
    """What is wrong with a draft: which of them, in which column, and why."""

    draft: int
    column: str | None
    value: str | None
    problem: str

    def __str__(self) -> str:
        subject = self.column or ""
        if self.value is not None:
            subject += f" {self.value!r}"
        return f"{subject} {self.problem}".strip()


class Rejected(Refused):
    """Drafts that break a rule; `complaints` says where."""

    def __init__(self, drafts: Sequence[Draft], complaints: list[Complaint]) -> None:
        several = len(drafts) > 1
        lines = [
            f"{drafts[c.draft].entity.file_name}: {c}" if several else str(c) for c in complaints
        ]
        super().__init__("\n".join(lines), cure=tr("Nothing was stored."))
        self.complaints = complaints


def complaints_of(
    connection: Connection, drafts: Sequence[Draft], *, allow_ids: bool = False
) -> list[Complaint]:
    """What would be said against the drafts; whatever it takes to know is rolled back."""
    attempt = connection.begin_nested()
    try:
        return _written(connection, drafts, allow_ids=allow_ids)
    except Refused as error:
        return [Complaint(0, None, None, error.problem)]
    finally:
        attempt.rollback()


def add(
    connection: Connection, drafts: Sequence[Draft], *, allow_ids: bool = False
) -> list[Stored]:
    """Enters new records, all or none; each as it then stands in the registry.

    A record that is there already with the same values is no error. `allow_ids` takes study ids
    that look like a name or a number of another register. Raises Rejected.
    """
    complaints = _written(connection, drafts, allow_ids=allow_ids)
    if complaints:
        raise Rejected(drafts, complaints)
    return _stored(connection, drafts)


def amend(connection: Connection, stored: Stored, cells: Mapping[str, str]) -> Stored:
    """Gives a record other values in the named columns, its natural key among them.

    An empty cell empties the value. Raises Rejected, and Refused where the record has been changed
    since it was read.
    """
    hold(connection, stored)
    cells = _apart(stored.entity, cells, stored.cells.get("analyte"))
    draft = Draft(stored.entity, {PATIENT_COLUMN: stored.study_id, **cells})
    source = _source(1, stored.entity, [(0, draft)], amends=stored)
    problems = list(_emptied(stored, cells))
    complaints = _complaints(write_rows(connection, [source], problems, update=True).errors)
    if complaints:
        raise Rejected([draft], complaints)
    return find_record(connection, stored.entity, stored.study_id, record=stored.record)


def void(connection: Connection, stored: Stored, *, with_records: bool = False) -> int:
    """Takes a record out; returns how many records that were. The audit keeps them.

    A patient goes only when he has no records, or with all of them. Raises Refused otherwise, and
    where the record has been changed since it was read.
    """
    hold(connection, stored)
    if stored.entity is not Patient:
        _delete(connection, stored)
        return 1
    taken = 0
    for entity in ENTITIES:
        if entity is Patient:
            continue
        if with_records:
            taken += connection.execute(
                text(f"delete from {table_of(entity).fullname} where patient_id = :patient"),
                {"patient": stored.patient},
            ).rowcount
        elif number := len(find_records(connection, entity, study_id=stored.study_id)):
            raise Refused(
                tr(
                    "{patient} has {number:record|records} in {table}.",
                    patient=stored.study_id,
                    number=number,
                    table=entity.file_name,
                ),
                cure=tr("Take the patient out with all of them: --with-records"),
            )
    _delete(connection, stored)
    return taken + 1


def changed_since(stored: Stored, version: int) -> Refused:
    """The refusal to one who read an older version of a record."""
    return Refused(
        tr(
            "{record} in {table} has been changed meanwhile: it is at version {now}, not {then}.",
            record=stored.name(),
            table=stored.entity.file_name,
            now=stored.version,
            then=version,
        ),
        cure=tr("Look at it again, and then decide."),
    )


def _delete(connection: Connection, stored: Stored) -> None:
    record = "" if stored.record is None else " and record_id = :record"
    connection.execute(
        text(f"delete from {table_of(stored.entity).fullname} where patient_id = :patient{record}"),
        {"patient": stored.patient, "record": stored.record},
    )


def hold(connection: Connection, stored: Stored) -> None:
    """Holds the record until the transaction ends, if it is still as it was read; else Refused."""
    record = "" if stored.record is None else " and record_id = :record"
    version = connection.execute(
        text(
            f"select row_version from {table_of(stored.entity).fullname} "
            f"where patient_id = :patient{record} for update"
        ),
        {"patient": stored.patient, "record": stored.record},
    ).scalar_one_or_none()
    if version != stored.version:
        found = find_records(
            connection, stored.entity, study_id=stored.study_id, record=stored.record
        )
        if not found:
            raise Refused(
                tr(
                    "{record} has been taken out of {table} meanwhile.",
                    record=stored.name(),
                    table=stored.entity.file_name,
                )
            )
        raise changed_since(found[0], stored.version)


def _sources(drafts: Sequence[Draft]) -> list[Source]:
    """The drafts as rows, one source an entity."""
    entities = [entity for entity in ENTITIES if any(d.entity is entity for d in drafts)]
    return [
        _source(
            number, entity, [(place, d) for place, d in enumerate(drafts) if d.entity is entity]
        )
        for number, entity in enumerate(entities, start=1)
    ]


def _source(
    number: int, entity: Entity, drafts: list[tuple[int, Draft]], amends: Stored | None = None
) -> Source:
    """Rows of one entity; the line of each is the draft's place among all."""
    variables = {PATIENT_COLUMN: STUDY_ID, **file_columns(entity)}
    given = [column for _, draft in drafts for column in draft.cells]
    # What a new record must have is missed also where nobody speaks of it.
    needed = [name for name, variable in variables.items() if variable.required and amends is None]
    columns = list(dict.fromkeys([*needed, *given]))

    def rows(problems: list[Problem]) -> Iterator[Row]:
        for place, draft in drafts:
            cells = []
            for column in columns:
                cell = draft.cells.get(column, "")
                try:
                    cells.append(read_typed(cell, variables[column]))
                except Unreadable as error:
                    problems.append(Problem(entity.file_name, place, column, cell, str(error)))
                    cells.append(cell)
            yield Row(place, cells)

    record = None if amends is None else amends.record
    return Source(number, entity, entity.file_name, columns, rows, record, tr("amend that record"))


def read_typed(text: str, variable: Variable) -> str:
    """What a person typed as a file spells it; a code by its name too, `today` and `yesterday`.

    Raises Unreadable, which speaks of no option of an import.
    """
    days = {"today": 0, "yesterday": 1, tr("today"): 0, tr("yesterday"): 1}
    back = days.get(text.strip().lower())
    if back is not None and variable.kind in (Kind.DATE, Kind.PARTIAL_DATE):
        return (date.today() - timedelta(days=back)).isoformat()
    try:
        if variable.codes is not None and text.strip():
            return read_named(text, variable.codes)
        return read_cell(text, variable)
    except Unreadable as error:
        raise Unreadable(error.typed) from None


def _written(
    connection: Connection, drafts: Sequence[Draft], *, allow_ids: bool
) -> list[Complaint]:
    """Writes the drafts, unless there is something against them."""
    drafts = [Draft(one.entity, _apart(one.entity, one.cells)) for one in drafts]
    problems = [one for place, draft in enumerate(drafts) for one in _telling_nothing(place, draft)]
    result = write_rows(connection, _sources(drafts), problems, allow_ids=allow_ids)
    complaints = _complaints(result.errors)
    return list(_known_first(connection, drafts, complaints)) if complaints else []


def _telling_nothing(place: int, draft: Draft) -> Iterator[Problem]:
    """That nothing is given but when it was."""
    columns = telling_columns(draft.entity)
    if not columns or any(_is_given(draft.cells, column) for column in columns):
        return
    first, *others = columns
    words = tr(
        "is missing, and so is the rest: {others}; give at least one", others=", ".join(others)
    )
    yield Problem(draft.entity.file_name, place, first, None, words)


def _emptied(stored: Stored, cells: Mapping[str, str]) -> Iterator[Problem]:
    """That a record would lose the last value that tells something."""
    columns = telling_columns(stored.entity)
    before = [column for column in columns if stored.cells[column]]
    if before and not any(_is_given({**stored.cells, **cells}, column) for column in columns):
        words = tr("is the last value of the record; take the record out instead, with void")
        yield Problem(stored.entity.file_name, 0, before[-1], None, words)


def _is_given(cells: Mapping[str, str | None], column: str) -> bool:
    """Whether a column has a value, or at least the reason that it has none."""
    return any((cells.get(name) or "").strip() for name in (column, reason_column(column)))


def _known_first(
    connection: Connection, drafts: Sequence[Draft], complaints: list[Complaint]
) -> Iterator[Complaint]:
    """The complaints; of a record that is there already that it is, not what it lacks."""
    known = {
        int(line)
        for entity in {draft.entity for draft in drafts}
        for line in connection.execute(
            text(f"select line from {resolved(entity)} where known")
        ).scalars()
    }
    told = set()
    for complaint in complaints:
        place, draft = complaint.draft, drafts[complaint.draft]
        lacks = complaint.column and not _is_given(draft.cells, complaint.column)
        if place not in known or not lacks:
            yield complaint
        elif place not in told:
            told.add(place)
            column = (PATIENT_COLUMN, *draft.entity.natural_key)[-1]
            words = tr("is that of a record that is there already; amend that one")
            yield Complaint(place, column, draft.cells.get(column), words)


def _complaints(problems: list[Problem]) -> list[Complaint]:
    return [
        Complaint(problem.line or 0, problem.column, problem.value, problem.problem)
        for problem in problems
    ]


def _stored(connection: Connection, drafts: Sequence[Draft]) -> list[Stored]:
    """The drafts' records, in their order; the rows as values are still there."""
    found: dict[int, Stored] = {}
    for entity in dict.fromkeys(draft.entity for draft in drafts):
        table = table_of(entity)
        number = "null::bigint" if entity is Patient else "t.record_id"
        same_key = "".join(
            f" and t.{name} is not distinct from r.{name}" for name in entity.natural_key
        )
        rows = connection.execute(
            text(
                f"select r.line, r.study_id, {number} from {resolved(entity)} r "
                "join reference.patient_number n using (study_id) "
                f"join {table.fullname} t on t.patient_id = n.patient_id{same_key}"
            )
        )
        for line, study_id, record in rows.all():
            found[line] = find_record(connection, entity, study_id, record=record)
    return [found[place] for place in range(len(drafts)) if place in found]


def _apart(entity: Entity, cells: Mapping[str, str], analyte: str | None = None) -> dict[str, str]:
    """The cells with what was typed in one of them in two: a value's unit, a value's reason."""
    if entity is LabResult:
        from registry.entry.lab_text import taken_apart

        cells = taken_apart(cells, analyte)
    return reasons_apart(entity, cells)


def reasons_apart(entity: Entity, cells: Mapping[str, str]) -> dict[str, str]:
    """The cells with each reason that stands in place of a value in its own column.

    `UNK` in a column of numbers, dates or codes is a reason; in one of free text it is text.
    """
    found = dict(cells)
    for column, variable in lacking_columns(entity).items():
        reason = reason_column(column)
        if column not in cells or variable.kind is Kind.TEXT or cells.get(reason):
            continue
        try:
            found |= {reason: read_named(cells[column], NULL_FLAVOURS), column: ""}
        except Unreadable:
            continue
    return found
