"""What becomes of each result: stored, held against what is there, corrected or taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import Connection

from registry.entry.save import Draft
from registry.entry.stored import Stored, find_records
from registry.feeds.children import Child, Children
from registry.feeds.codes import Codes, Measured, same_value
from registry.feeds.folder import Found
from registry.feeds.message import Message, Result, Status
from registry.feeds.reasons import AMENDED, SET_ASIDE, VOIDED, Said
from registry.feeds.store import Fate, Known, fate_of
from registry.feeds.writing import TOGETHER, New, Writing
from registry.models import LabResult, TdmLevel, table_of
from registry.models.feed import OF_LEVELS
from registry.records.rows import PATIENT_COLUMN, Entity
from registry.words import note

_ENTITIES: dict[str, Entity] = {table_of(one).name: one for one in (LabResult, TdmLevel)}


class Applying:
    """One reading's results, one after the other; `again` counts messages that came before."""

    def __init__(
        self,
        connection: Connection,
        known: Known,
        children: Children,
        codes: Codes,
        writing: Writing,
    ) -> None:
        self._connection = connection
        self._known = known
        self._children = children
        self._codes = codes
        self._writing = writing
        self._taken: set[str] = set()
        self.again = 0

    def take(self, file: Found, message: Message) -> None:
        """Does with a message's results what is to be done."""
        places = [result.place for result in message.results] or [0]
        before = [self._known.get(message.sha256, number) for number in places]
        known = all(one is not None and one.fate != SET_ASIDE for one in before)
        if known or message.sha256 in self._taken:
            if not file.again:
                self.again += 1
                self._writing.came_again(message.sha256)
            return
        self._taken.add(message.sha256)
        if message.trouble is not None:
            said = message.trouble
            if said.reason == "half" and before[0] is not None:
                said = Said("cut_off", said.facts)
            self._writing.tell(fate_of(message, file.name, said))
            return
        for result, earlier in zip(message.results, before, strict=True):
            if earlier is None or earlier.fate == SET_ASIDE:
                self._result(file, message, result)
        self._writing.flush(at_least=TOGETHER)

    def _result(self, file: Found, message: Message, result: Result) -> None:
        """Decides about one result."""
        measured = self._codes.measured(result)
        child = self._children.of(result.subject)

        def told(said: Said, **further: Any) -> None:
            fate = fate_of(message, file.name, said, place=result.place)
            what = measured.what if isinstance(measured, Measured) else None
            self._writing.tell(replace(fate, what=what or fate.facts.get("code"), **further))

        if isinstance(measured, Said) and measured.reason == "not_wanted":
            told(measured)
            return
        if isinstance(child, Said):
            told(child)
            return
        about = {"patient_id": child.number, "result_key": result.key}
        applied = self._known.applied(result.key) or self._waiting(result.key)
        match result.status:
            case None:
                told(Said("unknown_status"), **about)
            case Status.TAKEN_BACK:
                self._take_back(message, file, result, child, applied)
            case Status.PENDING:
                told(Said("preliminary" if applied is None else "older"), **about)
            case _ if result.trouble is not None:
                told(result.trouble, **about)
            case _ if isinstance(measured, Said):
                told(measured, **about)
            case _ if result.day is None:
                told(Said("no_day"), **about)
            case _:
                said = self._final(message, file, result, child, measured, applied)
                if said is not None:
                    told(said, **about)

    def _waiting(self, key: str) -> Fate | None:
        """A result that waits to be stored is stored at once where a version of it comes."""
        if any(one.fate.result_key == key for one in self._writing.waiting.values()):
            self._writing.flush()
        return self._known.applied(key)

    def _final(
        self,
        message: Message,
        file: Found,
        result: Result,
        child: Child,
        measured: Measured,
        applied: Fate | None,
    ) -> Said | None:
        """Stores or amends; or gives why that is not done."""
        if applied is not None and _is_older(message, applied):
            return Said("older")
        fate = replace(
            fate_of(message, file.name, Said("with_note"), place=result.place),
            reason="with_note" if result.noted else None,
            patient_id=child.number,
            result_key=result.key,
            what=measured.what,
            table_name=table_of(measured.entity).name,
        )
        if applied is None or applied.fate == VOIDED:
            return self._add(fate, result, child, measured)
        if applied.patient_id != child.number:
            return Said("other_child")
        record = self._record(applied, child)
        if record is not None and _is_same(record, result, measured):
            return Said("same")
        if record is None or record.version != applied.row_version:
            return Said("changed_by_hand")
        if result.status is Status.FINAL:
            return Said("not_corrected")
        return self._correct(replace(fate, fate=AMENDED), result, measured, record)

    def _add(self, fate: Fate, result: Result, child: Child, measured: Measured) -> Said | None:
        assert result.day is not None
        if measured.entity is LabResult:
            key = (child.study_id, result.day, measured.what)
            waiting = self._writing.waiting.get(key)
            if waiting is not None:
                there = waiting.draft.cells
                same = same_value(
                    measured.what, (there["value"], there["unit"]), (measured.value, measured.unit)
                )
                return Said("same") if same else Said("other_of_the_day", {"what": measured.what})
        record = self._of_the_day(child, result.day, measured)
        cells = _cells(result, measured)
        if record is not None and record.cells[measured.column] is not None:
            if _is_same(record, result, measured):
                return Said("same")
            return Said("other_of_the_day", {"what": measured.what})
        if record is not None:
            # The other value of a sample whose first one is there.
            only = {measured.column: measured.value}
            reason = note("{what} of the same sample", what=measured.what)
            return self._writing.amend(fate, record, only, reason)
        draft = Draft(measured.entity, {PATIENT_COLUMN: child.study_id, **cells})
        new = New(fate, draft)
        if measured.entity is LabResult:
            self._writing.waiting[child.study_id, result.day, measured.what] = new
        else:
            self._writing.add(new)
        return None

    def _correct(
        self, fate: Fate, result: Result, measured: Measured, record: Stored
    ) -> Said | None:
        cells = _cells(result, measured)
        key = {name: cells[name] for name in record.entity.natural_key if name in cells}
        moved = any((record.cells[name] or "") != cell for name, cell in key.items())
        if measured.entity is TdmLevel and moved and _others(record, measured.column):
            return Said("sample_of_two")
        reason = note("corrected by the laboratory")
        return self._writing.amend(fate, record, cells, reason)

    def _take_back(
        self, message: Message, file: Found, result: Result, child: Child, applied: Fate | None
    ) -> None:
        fate = replace(
            fate_of(message, file.name, Said("nothing_to_void"), place=result.place),
            patient_id=child.number,
            result_key=result.key,
            what=applied.what if applied is not None else None,
        )

        def told(said: Said) -> None:
            other = fate_of(message, file.name, said, place=result.place)
            self._writing.tell(replace(other, patient_id=child.number, result_key=result.key,
                               what=fate.what))  # fmt: skip

        if applied is None or applied.fate == VOIDED:
            self._writing.tell(fate)
            return
        if _is_older(message, applied):
            told(Said("older"))
            return
        if applied.patient_id != child.number:
            told(Said("other_child"))
            return
        record = self._record(applied, child)
        if record is None or record.version != applied.row_version:
            told(Said("changed_by_hand"))
            return
        fate = replace(fate, reason=None, table_name=applied.table_name)
        column = OF_LEVELS.get(applied.what or "")
        reason = note("taken back by the laboratory")
        if column is not None and _others(record, column):
            said = self._writing.amend(fate, record, {column: ""}, reason)
        else:
            said = self._writing.void(fate, record, reason)
        if said is not None:
            told(said)

    def _of_the_day(self, child: Child, day: date, measured: Measured) -> Stored | None:
        found = find_records(
            self._connection, measured.entity, study_id=child.study_id, key=_key(day, measured)
        )
        return found[0] if found else None

    def _record(self, applied: Fate, child: Child) -> Stored | None:
        if applied.table_name is None or applied.record_id is None:
            return None
        found = find_records(
            self._connection,
            _ENTITIES[applied.table_name],
            study_id=child.study_id,
            record=applied.record_id,
        )
        return found[0] if found else None


def _cells(result: Result, measured: Measured) -> dict[str, str]:
    assert result.day is not None
    unit = {"unit": measured.unit} if measured.entity is LabResult else {}
    key = {name: cell for name, cell in _key(result.day, measured).items() if cell}
    return {**key, measured.column: measured.value, **unit}


def _key(day: date, measured: Measured) -> dict[str, str]:
    """What names the record: its day with the analyte or the assay, if there is one."""
    what = measured.what if measured.entity is LabResult else measured.assay or ""
    return dict(zip(measured.entity.natural_key, (day.isoformat(), what), strict=True))


def _is_same(record: Stored, result: Result, measured: Measured) -> bool:
    """Whether the record says what the result says: the day, and exactly the value."""
    there = record.cells[measured.column]
    day = record.cells[record.entity.natural_key[0]]
    if there is None or result.day is None or day != result.day.isoformat():
        return False
    unit = record.cells["unit"] if record.entity is LabResult else measured.unit
    return same_value(measured.what, (there, unit or ""), (measured.value, measured.unit))


def _others(record: Stored, column: str) -> bool:
    """Whether a sample has its other value too."""
    return any(record.cells[name] is not None for name in OF_LEVELS.values() if name != column)


def _is_older(message: Message, applied: Fate) -> bool:
    if message.sent_at is None or applied.sent_at is None:
        return False
    if applied.fate == VOIDED:
        return message.sent_at <= applied.sent_at
    return message.sent_at < applied.sent_at
