"""Rows that name their child by a hospital's number in place of the study id.

A stand-in goes through the import in the number's place, from the reading of the cell on, so that
the number reaches no table, no complaint and no note. Once all rows are read the numbers are asked
about in one query, and the stand-ins replaced by study ids in one join a table.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from sqlalchemy import Connection, text

from registry.errors import WrongUsage
from registry.models import Patient
from registry.parsing.hospital_number import number_key
from registry.parsing.text import Unreadable
from registry.records.rows import (
    MOST_COMPLAINTS,
    PATIENT_COLUMN,
    AnyProblem,
    Entity,
    Problem,
    Row,
    Source,
    WriteResult,
)
from registry.records.staging import staged
from registry.records.study_ids import MASK, merged
from registry.words import tr

_LONG_NUMBER = re.compile("[0-9]{4,}")


class Numbers(NamedTuple):
    """What is asked of whoever knows the numbers of the centres.

    `study_ids(centre, keys)` says whose each is, None where it was more than one child's; unknown
    ones are not in it. `give(connection, centre, numbers)` gives new study ids to numbers by their
    keys, which are theirs from then on.
    """

    study_ids: Callable[[str, list[str]], Mapping[str, str | None]]
    give: Callable[[Connection, str, Mapping[str, str]], dict[str, str]]


class _Met(NamedTuple):
    """A number that was met: the centre that its file names, its key, as it was first written."""

    centre: str | None
    key: str | None
    written: str


class Numbered:
    """The stand-ins of one import, and what becomes of them.

    `centre` gave the numbers where a mapping does not say which; `register` gives new study ids to
    unknown ones that come with a row of patients.
    """

    def __init__(self, numbers: Numbers, *, centre: str | None, register: bool) -> None:
        self._numbers = numbers
        self._centre = centre
        self._register = register
        # Of the form of a study id, so that reading a row costs no more than with one.
        self._prefix = f"n{secrets.token_hex(8)}-"
        self._stand_ins: dict[tuple[str | None, str], str] = {}
        self._of_keys: dict[tuple[str | None, str], str] = {}
        self._met: dict[str, _Met] = {}
        self.given: list[str] = []

    def source(self, source: Source) -> Source:
        """The source with stand-ins in its column of patients."""
        if PATIENT_COLUMN not in source.columns:
            return source
        places = [source.columns.index(PATIENT_COLUMN)]
        return source._replace(
            rows=lambda problems: self.rows(source.rows(problems), places, None),
            lines=None,
        )

    def rows(self, rows: Iterator[Row], places: list[int], centre: str | None) -> Iterator[Row]:
        """The rows with stand-ins in the cells of these places."""
        for row in rows:
            if row.cells is None:
                yield row
                continue
            cells = list(row.cells)
            for place in places:
                if place < len(cells):
                    cells[place] = self._stand_in(centre, cells[place])
            yield Row(row.line, cells)

    def _stand_in(self, centre: str | None, cell: str) -> str:
        known = self._stand_ins.get((centre, cell))
        # A word in the place of a number may head a row of totals; the checks refuse it elsewhere.
        if known is not None or not any(map(str.isdigit, cell)):
            return cell if known is None else known
        try:
            key = number_key(cell)
        except Unreadable:
            key = None
        # One number, however it is written in one row and another, is one child.
        new = f"{self._prefix}{len(self._met)}"
        stand_in = new if key is None else self._of_keys.setdefault((centre, key), new)
        if stand_in is new:
            self._met[stand_in] = _Met(centre, key, cell.strip())
        self._stand_ins[centre, cell] = stand_in
        return stand_in

    def rename(self, connection: Connection, sources: list[Source]) -> list[Problem]:
        """Puts study ids in the stand-ins' places; complains, by line, of those that have none."""
        if not self._met:
            return []
        entities = list(dict.fromkeys(source.entity for source in sources))
        by_centre: dict[str, dict[str, str]] = {}
        wrong = {}
        for stand_in, met in self._met.items():
            if met.key is None:
                wrong[stand_in] = tr("is not a hospital's number: it has a digit, and at most 40 "
                                     "signs")  # fmt: skip
            else:
                centre = met.centre or self._the_centre(connection)
                by_centre.setdefault(centre, {})[met.key] = stand_in
        names: dict[str, str] = {}
        for centre, keys in by_centre.items():
            found = self._numbers.study_ids(centre, list(keys))
            unknown = {key: one for key, one in keys.items() if key not in found}
            names |= {keys[key]: name for key, name in found.items() if name is not None}
            for key, name in found.items():
                if name is None:
                    wrong[keys[key]] = tr("was more than one child's at {centre}; write the study "
                                          "id", centre=centre)  # fmt: skip
            if self._register and Patient in entities:
                coming = _stand_ins_in(connection, Patient, list(unknown.values()))
                given = {key: self._met[one].written for key, one in unknown.items()
                         if one in coming}  # fmt: skip
                new = self._numbers.give(connection, centre, given) if given else {}
                names |= {unknown.pop(key): name for key, name in new.items()}
                self.given += new.values()
            for one in unknown.values():
                wrong[one] = (
                    tr("is of no child known by a number of {centre}", centre=centre)
                    if self._register
                    else tr(
                        "is of no child known by a number of {centre}; --register gives a new "
                        "study id to one with a row of patients",
                        centre=centre,
                    )
                )
        moved = merged(connection, list(names.values()))
        names = {one: moved.get(name, name) for one, name in names.items()}
        for entity in entities:
            connection.execute(
                text(
                    f'update {staged(entity)} s set "{PATIENT_COLUMN}" = r.study_id from unnest('
                    "cast(:stand_ins as text[]), cast(:names as text[])) as r (stand_in, study_id) "
                    f'where s."{PATIENT_COLUMN}" = r.stand_in'
                ),
                {"stand_ins": list(names), "names": list(names.values())},
            )
        return _complaints(connection, sources, wrong)

    def _the_centre(self, connection: Connection) -> str:
        """The centre that was said, or the only one that there is. Raises WrongUsage."""
        if self._centre is None:
            known = list(
                connection.execute(text("select code from reference.centre order by 1")).scalars()
            )
            if len(known) != 1:
                raise WrongUsage(
                    tr("It is not said which hospital gave the numbers."),
                    cure=tr("Add --centre, or `centre` to the mapping: {names}.",
                            names=", ".join(known) or "-"),
                )  # fmt: skip
            self._centre = known[0]
        return self._centre

    def hide(self, result: WriteResult) -> None:
        """Leaves no stand-in where a person reads."""
        result.errors = [self._hidden(one) for one in result.errors]
        result.warnings = [self._hidden(one) for one in result.warnings]
        result.notes = [self._masked(one) for one in result.notes]

    def _hidden(self, problem: AnyProblem) -> AnyProblem:
        if problem.value is None:
            # In a file without a header its first child stands there.
            column = problem.column and _LONG_NUMBER.sub(MASK, problem.column)
            words = _LONG_NUMBER.sub(MASK, problem.problem)
            return problem._replace(column=column, problem=self._masked(words))
        return problem._replace(
            value=self._masked(problem.value), problem=self._masked(problem.problem)
        )

    def _masked(self, words: str) -> str:
        if self._prefix not in words:
            return words
        before, *rest = words.split(self._prefix)
        return MASK.join([before, *(one.lstrip("0123456789") for one in rest)])


def _stand_ins_in(connection: Connection, entity: Entity, stand_ins: list[str]) -> set[str]:
    """Those of the stand-ins that a row of the table has."""
    return set(
        connection.execute(
            text(
                f'select distinct "{PATIENT_COLUMN}" from {staged(entity)} '
                f'where "{PATIENT_COLUMN}" = any(:stand_ins)'
            ),
            {"stand_ins": stand_ins},
        ).scalars()
    )


def _complaints(
    connection: Connection, sources: list[Source], wrong: Mapping[str, str]
) -> list[Problem]:
    found = []
    for source in sources if wrong else ():
        rows = connection.execute(
            text(
                f'select line, "{PATIENT_COLUMN}" from {staged(source.entity)} where file = :file '
                f'and "{PATIENT_COLUMN}" = any(:wrong) order by line limit :most'
            ),
            {"file": source.number, "wrong": list(wrong), "most": MOST_COMPLAINTS},
        )
        found += [
            Problem(source.shown, line, PATIENT_COLUMN, MASK, wrong[one]) for line, one in rows
        ]
    return found
