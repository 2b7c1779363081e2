"""What a command says after it has changed a record: the record, what it means, what follows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from registry.cli.frame.context import warn
from registry.cli.frame.output import Format, print_json, print_rows
from registry.terminal_width import columns, padded
from registry.words import tr

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from registry.entry.answers.consequences import Consequence, Statuses
    from registry.entry.answers.findings import Fact
    from registry.entry.stored import Stored
    from registry.records.rows import Entity


class Told:
    """Gathered around a change: the status before it, the record and the status after it."""

    def __init__(self, before: Statuses) -> None:
        self._before = before
        self.stored: Stored | None = None
        self.facts: list[Fact] = []
        self.warnings: list[str] = []
        self.document: dict[str, Any] = {}
        self.consequences: list[Consequence] = []

    def about(self, connection: Connection, stored: Stored) -> None:
        """The record as it now is, and what it means."""
        from registry.entry.answers.answer import answer

        said = answer(connection, stored.entity, stored.patient, stored.record)
        self.stored = stored
        self.facts = said.facts
        self.warnings = said.warnings
        self.document = {**stored.to_json(), "answer": said.to_json(), "warnings": said.warnings}
        self._compare(connection, stored)

    def gone(self, connection: Connection, stored: Stored) -> None:
        """The record as it was, and what its going means."""
        self.stored = stored
        self.document = stored.to_json()
        self._compare(connection, stored)

    def _compare(self, connection: Connection, stored: Stored) -> None:
        from registry.entry.answers.consequences import differences, status_of

        if self._before is not None:
            self.consequences = differences(self._before, status_of(connection, [stored.patient]))
        self.document["status_changes"] = [c.to_json() for c in self.consequences]


def told(connection: Connection, entity: Entity, study_id: str | None) -> Told:
    """Begins before the change: the status of the patient as it still is."""
    from registry.entry.answers.consequences import status_of
    from registry.errors import NotFound
    from registry.records.patient_number import patient_number

    if study_id is None:
        return Told({})
    try:
        number = patient_number(connection, study_id)
    except NotFound:
        return Told({})
    return Told(status_of(connection, [number]))


def print_told(
    said: Told, form: Format, words: str | None, *, history: list[dict[str, Any]] | None = None
) -> None:
    """Prints it: facts and what follows for people, the whole document for programs."""
    if form is Format.JSON:
        extra = {} if history is None else {"history": history}
        print_json({**said.document, **extra})
        return
    if form is Format.CSV:
        flat = {
            name: value
            for name, value in said.document.items()
            if not isinstance(value, list | dict)
        }
        print_rows([flat], form)
    else:
        if words:
            typer.echo(words)
        shown = [fact for fact in said.facts if fact.text]
        width = max((columns(fact.label) for fact in shown), default=0)
        for fact in shown:
            typer.echo(f"  {padded(fact.label, width)}  {fact.text}")
        for consequence in said.consequences:
            typer.echo(f"  {consequence.text}")
        for row in history or []:
            why = f": {row['reason']}" if row["reason"] else ""
            typer.echo(
                f"  {row['changed_at']:%Y-%m-%d %H:%M}  {row['changed_by']}  {row['command']}{why}"
                f"  ({tr('change {number}', number=row['audit_id'])})"
            )
    for warning in said.warnings:
        warn(f"{tr('Warning')}: {warning}")
