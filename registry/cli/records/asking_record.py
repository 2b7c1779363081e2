"""Asks at a terminal which patient and which record is meant, what it shall be changed to and why.

What was answered is put where the options would have put it, so a command goes on as if it had been
told all of it. In a pipe nothing is asked, and the command says what it lacks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from registry.cli.records.asking import NONE, question
from registry.cli.records.prompts import (
    ask_alone,
    ask_in_turn,
    ask_reason,
    ask_until,
    choose,
    may_ask,
)
from registry.errors import NotFound, WrongUsage
from registry.words import tr

if TYPE_CHECKING:
    from registry.database.engine import Database
    from registry.entry.stored import Stored
    from registry.records.rows import Entity
    from registry.variables import Variable

# More than a screen is not read; the key names one of the rest.
LISTED = 40
WIDTH = 110
Given = dict[str, Any]
State = dict[str, str]


def patient_or_asked(database: Database, patient: str | None) -> str:
    """The study id that was given, or else the answer of a person; raises WrongUsage without."""
    if patient is not None:
        return patient
    if not may_ask():
        raise WrongUsage(tr("Which patient?"), cure=tr("Name the study id."))
    return ask_alone(lambda state: _ask_patient(database, state))["patient"]


def ask_for_record(
    database: Database,
    entity: Entity,
    given: Given,
    *,
    user: str = "",
    values: bool = False,
    why: bool = False,
) -> None:
    """Puts into `given` what is missing of the patient, the record, its new values and the reason.

    Nothing is asked where there is nobody, or nothing is missing.
    """
    if may_ask(given.get("no_input", False)):
        _Questions(database, entity, given, user).ask(values=values, why=why)


class _Questions:
    """What is asked about one record, for one command."""

    def __init__(self, database: Database, entity: Entity, given: Given, user: str) -> None:
        from registry.records.rows import dictionary_columns

        self._database = database
        self._entity = entity
        self._given = given
        self._user = user
        self._variables = dictionary_columns(entity)

    def ask(self, *, values: bool, why: bool) -> None:
        """Asks for all of it in turn, and for what is wrong with the new values again."""
        state: State = {}
        patient = self._given["patient"] or self._given["patient_option"]
        if patient is not None:
            state["patient"] = patient
        questions = [self._patient, self._record]
        if values and not self._names_values():
            questions += [self._new_value(name) for name in self._variables]
        reason = self._given.get("reason")
        if why and not (reason and reason.strip()):
            questions.append(ask_reason)
        ask_in_turn(state, questions)
        while values and (wrong := self._against(state)):
            for column, problem in wrong.items():
                typer.echo(f"  {column or ''} {problem}".lstrip(), err=True)
                state.pop(_new(column or ""), None)
            again = [self._new_value(name) for name in self._variables if name in wrong]
            if not again:
                break
            ask_in_turn(state, again)
        self._put(state)

    def _put(self, state: State) -> None:
        from registry.cli.records.options import parameter_name

        if not (self._given["patient"] or self._given["patient_option"]):
            self._given["patient"] = state["patient"]
        if "record" in state:
            self._given["record"] = int(state["record"])
        for column in self._variables:
            if _new(column) in state:
                self._given[parameter_name(column)] = state[_new(column)]
        if "reason" in state:
            self._given["reason"] = state["reason"]

    def _names_record(self) -> bool:
        """Whether the options say which record it is."""
        from registry.cli.records.options import parameter_name

        named = [self._given.get(parameter_name(name)) for name in self._entity.natural_key]
        return bool(self._given.get("key") or self._given.get("record") or any(named))

    def _names_values(self) -> bool:
        """Whether the options give a new value: all but the key, where that names the record."""
        from registry.cli.records.options import parameter_name

        is_apart = self._given.get("key") or self._given.get("record")
        key = () if is_apart else self._entity.natural_key
        return any(
            self._given.get(parameter_name(name)) is not None
            for name in self._variables
            if name not in key
        )

    def _patient(self, state: State) -> bool:
        return "patient" not in state and _ask_patient(self._database, state)

    def _record(self, state: State) -> bool:
        from registry.entry.stored import find_records
        from registry.models import Patient

        if self._entity is Patient or self._names_record():
            return False
        with self._database.engine.connect() as connection:
            found = find_records(connection, self._entity, study_id=state["patient"])
        if len(found) < 2:
            return False
        if len(found) > LISTED:
            words = tr("The last {number} of {all}:", number=LISTED, all=len(found))
        else:
            words = tr("Records in {table}:", table=self._entity.file_name)
        listed = {_key(one): one for one in found[-LISTED:]}
        answer = choose(words, {key: _line(one) for key, one in listed.items()})
        state["record"] = str(listed[answer].record)
        return True

    def _new_value(self, column: str) -> Any:
        """The question for a column's new value; Enter keeps the one that it has."""
        variable = self._variables[column]

        def put(state: State) -> bool:
            now = self._stored(state).cells[column]
            words = f"{question(variable)} [{tr('now {value}', value=now or '-')}]"
            keys = tr("Enter keeps it") if variable.required else tr("Enter keeps it, - empties it")
            answer = ask_until(
                f"{words}\n  {keys}",
                lambda answer: self._problem(column, variable, answer, state),
                variable.codes or (),
            )
            if answer:
                state[_new(column)] = "" if answer == NONE else answer
            return True

        return put

    def _problem(self, column: str, variable: Variable, answer: str, state: State) -> str | None:
        if not answer:
            return None
        if answer == NONE:
            return tr("is needed") if variable.required else None
        return self._against({**state, _new(column): answer}).get(column)

    def _against(self, state: State) -> dict[str | None, str]:
        """What would be said against the record with the new values, by column."""
        from registry.entry.save import Rejected, amend
        from registry.records.change import declare_change

        cells = {column: state[_new(column)] for column in self._variables if _new(column) in state}
        if not cells:
            return {}
        with self._database.engine.connect() as connection:
            # For the check alone: the connection is closed without a commit.
            declare_change(connection, user=self._user, command="check", reason="check")
            try:
                amend(connection, self._stored(state), cells)
            except Rejected as rejected:
                return {one.column: one.problem for one in rejected.complaints}
        return {}

    def _stored(self, state: State) -> Stored:
        from registry.cli.records.options import sought

        given = {**self._given, "patient": state["patient"], "patient_option": None}
        if "record" in state:
            given["record"] = int(state["record"])
        return sought(self._database, self._entity, given)[0]


def _ask_patient(database: Database, state: State) -> bool:
    from registry.records.patient_number import patient_number

    def problem_of(answer: str) -> str | None:
        try:
            with database.engine.connect() as connection:
                patient_number(connection, answer)
        except NotFound:
            return tr("is not a patient of the registry")
        return None

    state["patient"] = ask_until(tr("Study id"), problem_of, _study_ids(database))
    return True


def _study_ids(database: Database) -> list[str]:
    """What the tab key offers."""
    from sqlalchemy import text

    with database.engine.connect() as connection:
        found = connection.execute(
            text(
                "select study_id from reference.patient_number "
                "join clinical.patient using (patient_id) order by 1"
            )
        )
        return list(found.scalars())


def _new(column: str) -> str:
    """Where the state holds the new value of a column."""
    return f"new {column}"


def _key(record: Stored) -> str:
    """What a person calls one of the patient's records: its natural key, or else its number."""
    key = " ".join(record.cells[column] or "-" for column in record.entity.natural_key)
    return key or str(record.record)


def _line(record: Stored) -> str:
    """A record in the list to choose from: its key first, then the rest of it."""
    key = record.entity.natural_key
    rest = [f"{name} {cell}" for name, cell in record.cells.items() if cell and name not in key]
    words = "  ".join([" ".join(record.cells[name] or "-" for name in key), *rest])
    return words.strip()[:WIDTH]
