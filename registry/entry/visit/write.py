"""Writes a visit, all of it or nothing, and says before what it would come to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from registry.entry.answers.answer import Answer, answer
from registry.entry.answers.consequences import Consequence, differences, status_of
from registry.entry.lab_text import read_lab
from registry.entry.save import Draft, Rejected, add, amend, hold, void
from registry.entry.stored import Stored
from registry.entry.visit.day import Visit
from registry.entry.visit.fields import FIELDS, WEIGHT
from registry.entry.visit.plan import FieldComplaint, Plan, complaint_of_field, plan_of
from registry.entry.visit.proposals import ANALYTE_OF_ITEM, GIVEN_WEIGHT, Proposal, propose_items
from registry.errors import Refused, WrongUsage
from registry.parsing.text import Unreadable
from registry.records.change import declare_change, summarise_change
from registry.words import tr

ENTERED, AMENDED, STOPPED, VOIDED = "entered", "amended", "stopped", "voided"
# As the summary of every other change counts them.
DONE = {ENTERED: "inserted", AMENDED: "updated", STOPPED: "updated", VOIDED: "deleted"}


@dataclass(frozen=True)
class Said:
    """What was done to one record and what the registry says to it.

    `did`: entered, amended, stopped or voided. `before` is the record as it was, None if new.
    """

    did: str
    stored: Stored
    before: Stored | None
    answer: Answer

    def to_json(self) -> dict[str, Any]:
        """The record for programs, with its table and its answer."""
        return {
            "table": self.stored.entity.file_name,
            "did": self.did,
            **self.stored.to_json(),
            "answer": self.answer.to_json(),
            "warnings": self.answer.warnings,
        }


@dataclass
class Outcome:
    """What a visit comes to: what is wrong with it, or its records and what follows from them."""

    complaints: list[FieldComplaint] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    consequences: list[Consequence] = field(default_factory=list)

    def warnings(self) -> list[str]:
        """The warnings of all records, each once."""
        return list(dict.fromkeys(w for one in self.said for w in one.answer.warnings))

    def to_json(self) -> dict[str, Any]:
        """The outcome as one document."""
        return {
            "records": [one.to_json() for one in self.said],
            "warnings": self.warnings(),
            "status_changes": [one.to_json() for one in self.consequences],
        }


class VisitRejected(Refused):
    """A visit that breaks a rule; `complaints` says in which fields."""

    def __init__(self, complaints: list[FieldComplaint]) -> None:
        super().__init__("\n".join(map(str, complaints)), cure=tr("Nothing was stored."))
        self.complaints = complaints


def proposals(connection: Connection, visit: Visit) -> list[Proposal]:
    """The items of the PCDAI that follow from the visit's own values and from those stored."""
    given = {GIVEN_WEIGHT: visit.text(WEIGHT)}
    for analyte in ANALYTE_OF_ITEM.values():
        typed = visit.text(FIELDS[f"lab.{analyte}"].name)
        if typed:
            given[analyte] = _in_its_unit(typed, analyte, visit.day.units[analyte])
    return propose_items(connection, visit.day.study_id, visit.day.on, given)


def _in_its_unit(typed: str, analyte: str, unit: str) -> str:
    """The value with its unit written; what cannot be read stays, and gives no proposal."""
    try:
        lab = read_lab(typed, analyte, unit)
    except Unreadable:
        return typed
    return f"{lab.value} {lab.unit}"


def preview(connection: Connection, visit: Visit) -> Outcome:
    """What saving would say; whatever it takes to know is rolled back.

    With complaints, what is said is about the records that there is nothing against.
    """
    attempt = connection.begin_nested()
    try:
        # Nobody will read this: it goes with the rest.
        declare_change(connection, user="preview", command="visit", reason="preview")
        return _written(connection, visit, plan_of(visit))
    except Refused as error:
        return Outcome(complaints=[FieldComplaint(None, None, error.problem)])
    finally:
        attempt.rollback()


def save(connection: Connection, visit: Visit, *, user: str, reason: str | None = None) -> Outcome:
    """Writes the visit in the caller's transaction, all of it or nothing.

    Raises VisitRejected for what is wrong with it, WrongUsage where a record would be changed or
    taken out without a reason, and Refused where a record of the day has been changed since the
    day was read. That a drug was stopped has its reason in the visit.
    """
    plan = plan_of(visit)
    reason = (reason or "").strip()
    if plan.needs_reason() and not reason:
        raise WrongUsage(
            tr("A record is changed or taken out only for a reason."),
            cure=tr('Add --reason "why".'),
        )
    if plan.stops and not reason:
        reason = tr("visit of {on}", on=visit.day.on)
    for record in [*visit.day.records, *(course for course, _ in plan.stops)]:
        hold(connection, record)
    declare_change(connection, user=user, command="visit", reason=reason or None)
    outcome = _written(connection, visit, plan)
    if outcome.complaints:
        raise VisitRejected(outcome.complaints)
    did = Counter((one.stored.entity.file_name, DONE[one.did]) for one in outcome.said)
    summarise_change(
        connection, "; ".join(f"{table}: {number} {done}" for (table, done), number in did.items())
    )
    return outcome


def _written(connection: Connection, visit: Visit, plan: Plan) -> Outcome:
    """Takes out, changes and enters what there is nothing against; then asks what follows."""
    patient = visit.day.patient.patient
    before = status_of(connection, [patient])
    complaints = list(plan.complaints)
    done: list[tuple[str, Stored, Stored | None]] = []
    for stored in plan.gone:
        void(connection, stored)
        done.append((VOIDED, stored, stored))
    for stored, cells in [*plan.stops, *plan.changed]:
        try:
            with connection.begin_nested():
                did = STOPPED if cells.get("stopped_on") else AMENDED
                done.append((did, amend(connection, stored, cells), stored))
        except Rejected as error:
            complaints += [complaint_of_field(stored, one) for one in error.complaints]
    done += [(ENTERED, stored, None) for stored in _entered(connection, plan.new, complaints)]
    said = [
        Said(did, stored, old, Answer() if did == VOIDED else _answer(connection, stored))
        for did, stored, old in done
    ]
    consequences = differences(before, status_of(connection, [patient]))
    return Outcome(list(dict.fromkeys(complaints)), said, consequences)


def _entered(
    connection: Connection, drafts: list[Draft], complaints: list[FieldComplaint]
) -> list[Stored]:
    """Enters the drafts but for those that something is against, which joins the complaints."""
    while drafts:
        try:
            with connection.begin_nested():
                return add(connection, drafts)
        except Rejected as error:
            complaints += [complaint_of_field(drafts[one.draft], one) for one in error.complaints]
            against = {one.draft for one in error.complaints}
            drafts = [draft for place, draft in enumerate(drafts) if place not in against]
    return []


def _answer(connection: Connection, stored: Stored) -> Answer:
    return answer(connection, stored.entity, stored.patient, stored.record)
