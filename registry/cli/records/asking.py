"""Asks at a terminal for what a record lacks, one value at a time; in a pipe nothing is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import TYPE_CHECKING

import typer

from registry.cli.records.prompts import ask_in_turn, ask_until, choose
from registry.parsing.names import listed, names_of
from registry.words import spoken, tr

if TYPE_CHECKING:
    from registry.database.engine import Database
    from registry.entry.answers.pcdai_points import Levels
    from registry.entry.visit.proposals import Proposal
    from registry.records.rows import Entity
    from registry.variables import Variable

Cells = dict[str, str]
# What a person types to leave a proposed value out.
NONE = "-"
# Beside the cells while a PCDAI is asked for: what of it the person has.
SCORED_BY = "items or total"


def ask_for_missing(
    database: Database, entity: Entity, given: Mapping[str, str], *, allow_ids: bool = False
) -> Cells:
    """The cells with what was answered for the others; nothing is asked when nothing is needed.

    Each answer is held to the registry's own checks at once; a wrong one is asked again with the
    reason. No transaction stays open while a person thinks.
    """
    from registry.models.patient import STUDY_ID
    from registry.records.rows import PATIENT_COLUMN, dictionary_columns, lacking_columns
    from registry.vocabulary import NULL_FLAVOURS

    dialogue = Dialogue(database, entity, given, allow_ids=allow_ids)
    variables = {PATIENT_COLUMN: STUDY_ID, **dictionary_columns(entity)}
    if not dialogue.complaints():
        return dialogue.cells
    typer.echo(tr("< goes back one question, Ctrl-C gives up."), err=True)
    if lacking_columns(entity):
        words = tr("Why a value is missing can stand in its place: {codes}.",
                   codes=", ".join(NULL_FLAVOURS))  # fmt: skip
        typer.echo(words, err=True)
    asked = dialogue.order(variables)
    # What the values are together may be wrong still: nothing that was typed is lost by it.
    while asked:
        dialogue.ask_all({column: variables[column] for column in asked})
        asked = dialogue.to_ask_again(variables)
    order = [*variables, *dialogue.cells]
    return {column: dialogue.cells[column] for column in order if column in dialogue.cells}


class Dialogue:
    """One record that is being asked for."""

    def __init__(
        self,
        database: Database,
        entity: Entity,
        given: Mapping[str, str],
        *,
        allow_ids: bool = False,
    ) -> None:
        self._database = database
        self._allow_ids = allow_ids
        self._entity = entity
        self.cells: Cells = dict(given)
        # Whether the person scores a PCDAI by its items or by its total.
        self._scored_by: str | None = None
        self._proposals: dict[str, Proposal] | None = None
        self._item_levels: dict[str, Levels] | None = None

    def order(self, variables: Mapping[str, Variable]) -> list[str]:
        """The columns as they are asked: a PCDAI's total before its items."""
        columns = list(variables)
        if "total" in columns:
            columns.remove("total")
            columns.insert(2, "total")
        return columns

    def ask_all(self, variables: Mapping[str, Variable]) -> None:
        """Asks for these columns in turn; the person may go back."""
        from registry.models import PcdaiVisit

        def question(column: str) -> Callable[[Cells], bool]:
            def put(cells: Cells) -> bool:
                self.cells = dict(cells)
                self._scored_by = self.cells.pop(SCORED_BY, None)
                # They are of the day that has been answered, which may be another one now.
                self._proposals = self._item_levels = None
                is_asked = self.ask(column, variables[column])
                cells.clear()
                cells.update(self.cells)
                if self._scored_by is not None:
                    cells[SCORED_BY] = self._scored_by
                return is_asked

            return put

        questions = [question(column) for column in variables]
        if self._entity is PcdaiVisit and "total" in variables:
            questions.insert(list(variables).index("total"), self._ask_how_it_is_scored)
        ask_in_turn(dict(self.cells), questions)

    def _ask_how_it_is_scored(self, cells: Cells) -> bool:
        """Whether the person has the items or the total alone, unless one of them is given."""
        from registry.models.pcdai_visit import ITEMS

        if not {"total", *ITEMS}.isdisjoint(cells):
            return False
        cells[SCORED_BY] = choose(
            tr("Items or total?"),
            {
                "items": tr("items: all that were scored; their sum is the total"),
                "total": tr("total: the sum alone"),
            },
        )
        return True

    def ask(self, column: str, variable: Variable) -> bool:
        """Asks for one column, unless it is known and right, or another has made it needless.

        Says whether it asked.
        """
        from registry.entry.lab_text import taken_apart
        from registry.models import LabResult
        from registry.models.missing_reason import reason_column

        if column in self.cells:
            problem = self._problem(column, self.cells[column])
            if problem is None:
                return False
            typer.echo(f"  {column} {self.cells.pop(column)!r} {problem}", err=True)
        if reason_column(column) in self.cells or self._is_needless(column):
            return False
        if column == "unit":
            variable = self._unit_of_analyte(variable)
        proposal = self._proposal(column)
        answer = ask_until(
            self._words(column, variable, proposal),
            lambda answer: self._against(column, variable, proposal, answer),
            (*(variable.codes or ()), *names_of(variable)),
        )
        if not answer and proposal is not None:
            answer = f"{proposal.points.normalize():f}"
        if answer and answer != NONE:
            self.cells = {**self.cells, column: answer}
            if self._entity is LabResult:
                self.cells = taken_apart(self.cells)
        return True

    def _unit_of_analyte(self, variable: Variable) -> Variable:
        """The unit with those alone in which the analyte is reported."""
        from registry.parsing.names import read_named
        from registry.vocabulary import ANALYTE_UNITS

        units = ANALYTE_UNITS[read_named(self.cells["analyte"], tuple(ANALYTE_UNITS))]
        return variable._replace(codes=tuple(units))

    def to_ask_again(self, variables: Mapping[str, Variable]) -> list[str]:
        """Says what is wrong with the record as a whole; the columns that could mend it."""
        found = self.complaints()
        for column, problem in found:
            typer.echo(f"  {column or ''} {problem}".rstrip(), err=True)
        named = {column for column, _ in found}
        if "total" in named or any(column and column not in self.cells for column in named):
            # Of what is missing another column may do as well.
            named |= {column for column in variables if column not in self.cells}
        for column in named:
            self.cells.pop(column or "", None)
        return [column for column in self.order(variables) if column in named]

    def complaints(self) -> list[tuple[str | None, str]]:
        """What would be said against the record as it stands: column and problem."""
        from registry.entry.save import Draft, complaints_of
        from registry.records.rows import PATIENT_COLUMN

        with self._database.engine.connect() as connection:
            found = complaints_of(
                connection,
                [Draft(self._entity, {PATIENT_COLUMN: "", **self.cells})],
                allow_ids=self._allow_ids,
            )
        return [(complaint.column, complaint.problem) for complaint in found]

    def _against(
        self, column: str, variable: Variable, proposal: Proposal | None, answer: str
    ) -> str | None:
        if answer in ("", NONE):
            needed = variable.required and proposal is None
            return tr("is needed") if needed else None
        return self._problem(column, answer)

    def _problem(self, column: str, answer: str) -> str | None:
        """What is wrong with an answer; None if nothing is."""
        from registry.records.rows import PATIENT_COLUMN

        before, self.cells = self.cells, {**self.cells, column: answer}
        try:
            for name, problem in self.complaints():
                if name == column:
                    return problem
            key = (PATIENT_COLUMN, *self._entity.natural_key)
            if self._entity.natural_key and column == key[-1] and self._is_there():
                return tr("is that of a record that is there already; amend that one")
        finally:
            self.cells = before
        return None

    def _is_there(self) -> bool:
        """Whether a record with the key that was answered stands in the registry."""
        from registry.entry.save import read_typed
        from registry.entry.stored import find_records
        from registry.records.rows import PATIENT_COLUMN, dictionary_columns

        variables = dictionary_columns(self._entity)
        key = {
            name: read_typed(self.cells.get(name, ""), variables[name])
            for name in self._entity.natural_key
        }
        with self._database.engine.connect() as connection:
            return bool(
                find_records(connection, self._entity, study_id=self.cells[PATIENT_COLUMN], key=key)
            )

    def _is_needless(self, column: str) -> bool:
        from registry.models import PcdaiVisit
        from registry.models.pcdai_visit import ITEMS

        if self._entity is not PcdaiVisit:
            return False
        if column == "total":
            return self._scored_by == "items"
        return column in ITEMS and (self._scored_by == "total" or "total" in self.cells)

    def _proposal(self, column: str) -> Proposal | None:
        """What the registry proposes for an item of a PCDAI on the day of the visit."""
        from registry.models import PcdaiVisit

        if self._entity is not PcdaiVisit or "visited_on" not in self.cells:
            return None
        if self._proposals is None:
            self._proposals = proposals(self._database, self.cells)
        return self._proposals.get(column)

    def _words(self, column: str, variable: Variable, proposal: Proposal | None) -> str:
        """The question: label, unit, allowed values, what was last known."""
        words = question(variable)
        last = self._last(column)
        if last is not None:
            words += f" [{tr('last {value}', value=last)}]"
        words += "".join(f"\n  {level}" for level in self._levels(column))
        if proposal is not None:
            words += "\n  " + tr(
                "proposed {points}: {why}; Enter takes it, - leaves it out",
                points=f"{proposal.points.normalize():f}",
                why=proposal.why,
            )
        return words

    def _levels(self, column: str) -> list[str]:
        """What the points of an item of a PCDAI mean for the child on that day."""
        from registry.entry.answers.findings import shown
        from registry.entry.answers.pcdai_points import levels_of_items
        from registry.models import PcdaiVisit
        from registry.models.pcdai_visit import ITEMS
        from registry.records.patient_number import patient_number
        from registry.records.rows import PATIENT_COLUMN

        if self._entity is not PcdaiVisit or column not in ITEMS or "visited_on" not in self.cells:
            return []
        if self._item_levels is None:
            with self._database.engine.connect() as connection:
                number = patient_number(connection, self.cells[PATIENT_COLUMN])
                self._item_levels = levels_of_items(connection, number, _visited_on(self.cells))
        levels = self._item_levels[column]
        return [f"{shown(points):>3} = {words}" for points, words in levels.items() if words]

    def _last(self, column: str) -> str | None:
        """The patient's last known value: weight, drug, phenotype ..."""
        from registry.entry.stored import last_known
        from registry.records.rows import PATIENT_COLUMN

        study_id = self.cells.get(PATIENT_COLUMN)
        if study_id is None or column == PATIENT_COLUMN:
            return None
        with self._database.engine.connect() as connection:
            return last_known(connection, self._entity, study_id, column, self.cells)


def question(variable: Variable) -> str:
    """Label, unit and what is allowed, with the names of codes."""
    about = [
        variable.unit and spoken(variable.unit),
        listed(variable) or variable.limits(),
        _form(variable),
    ]
    if variable.required:
        about.append(tr("required"))
    return f"{spoken(variable.label)} ({'; '.join(filter(None, about))})".replace(" ()", "")


def proposals(database: Database, cells: Mapping[str, str]) -> dict[str, Proposal]:
    """What the registry proposes for the items of a PCDAI, by item."""
    from registry.entry.visit.proposals import propose_items
    from registry.records.rows import PATIENT_COLUMN

    with database.engine.connect() as connection:
        found = propose_items(connection, cells[PATIENT_COLUMN], _visited_on(cells), {})
    return {proposal.item: proposal for proposal in found}


def _visited_on(cells: Mapping[str, str]) -> date:
    from registry.entry.visit.day import read_on

    return read_on(cells["visited_on"])


def _form(variable: Variable) -> str | None:
    from registry.variables import Kind

    match variable.kind:
        case Kind.DATE:
            return tr("YYYY-MM-DD or today")
        case Kind.PARTIAL_DATE:
            return tr("YYYY-MM-DD, YYYY-MM or YYYY")
        case Kind.MEASURED:
            return tr("a number, <number or >number")
        case _:
            return None


def with_proposals(database: Database, cells: dict[str, str]) -> dict[str, str]:
    """The cells with what the registry proposes for items that were not given."""
    from registry.records.rows import PATIENT_COLUMN

    if "visited_on" not in cells or PATIENT_COLUMN not in cells:
        return cells
    found = proposals(database, cells)
    return {name: f"{one.points.normalize():f}" for name, one in found.items()} | cells
