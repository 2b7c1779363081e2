"""Which tables and columns the headers of one file or sheet are likely to fill."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from registry.importing.drafting.names import (
    ANALYTE_NAMES,
    EVERY,
    NO_GROUP,
    Group,
    Heading,
    Meaning,
    identifiers,
    meanings,
    plain,
    read_heading,
    table_names,
)
from registry.importing.drafting.seen import Seen, look_at
from registry.importing.files.table import Table
from registry.models.pcdai_visit import ITEMS
from registry.records.rows import BY_FILE_NAME, PATIENT_COLUMN, dictionary_columns
from registry.variables import Kind
from registry.vocabulary import ANALYTES
from registry.words import tr

LAB = "lab_results"
PATIENTS = "patients"
# What a file of one centre, or of one disease, does not say in each row.
SAID_ONCE = ("centre", "diagnosis")
# A table, and a group of repetitions of it.
_Part = tuple[str, Group]
# Items of the index that are called as a measurement is, unless the sheet is of the index alone.
LIKE_MEASUREMENTS = frozenset(
    plain(item) for item in ITEMS if item in ("hematocrit", "esr", "albumin", "weight", "height")
)
_DAY, _FIRST = Meaning(EVERY, "day"), Meaning(EVERY, "first_infusion")
_PATIENT = Meaning(EVERY, PATIENT_COLUMN)
_SHORTEST_PART = 2


@dataclass
class GuessedRows:
    """The likely [[source.rows]] of one table, in one family of repetitions or in none.

    `alone` is the number of a repetition whose headers cannot be filled in, as 基线 is week 0.
    `counted_from` is a date column and the header from whose date its weeks are counted;
    `lacking` says of columns why they must be said by a person, `doubts` why one may be wrong.
    """

    table: str
    family: str | None
    alone: str | None = None
    columns: dict[str, Heading] = field(default_factory=dict)
    analytes: dict[str, Heading] = field(default_factory=dict)
    numbers: list[str] = field(default_factory=list)
    counted_from: tuple[str, str] | None = None
    lacking: dict[str, str] = field(default_factory=dict)
    doubts: dict[str, str] = field(default_factory=dict)
    headers: dict[str, list[str]] = field(default_factory=dict)

    def headers_of(self, heading: Heading) -> list[str]:
        """The headers that a template stands for in the file."""
        return self.headers.get(heading.template, [heading.header])

    def all_headers(self) -> Iterator[tuple[str, str]]:
        """Each column or analyte with each of its headers."""
        for name, heading in (*self.columns.items(), *self.analytes.items()):
            for header in self.headers_of(heading):
                yield name, header


@dataclass
class Guess:
    """One file or sheet: its study id, its likely rows, and the headers that are not taken."""

    table: Table
    seen: dict[str, Seen]
    patient: str | None = None
    rows: list[GuessedRows] = field(default_factory=list)
    identifiers: list[str] = field(default_factory=list)
    unknown: dict[str, str] = field(default_factory=dict)

    def headers_used(self) -> list[str]:
        """The headers that the rows take."""
        return list(dict.fromkeys(header for rows in self.rows for _, header in rows.all_headers()))


def guess(table: Table, patient: str | None = None) -> Guess:
    """Reads a table's headers and cells, and says what it is likely to fill.

    `patient` is the header of the study id where a person has said it.
    """
    found = Guess(table, dict(zip(table.header, look_at(table), strict=True)))
    headings = [read_heading(header) for header in table.header]
    patients = [one for one in headings if _PATIENT in meanings().get(one.name, ())]
    # "id" alone may count the rows, where another header names the patient.
    patients.sort(key=lambda one: one.name == "id")
    if patient is not None:
        patients = [one for one in headings if one.header == patient]
    if patients:
        found.patient = patients[0].header
    rest = [one for one in headings if one not in patients]
    found.identifiers = [one.header for one in rest if _tells_who(one)]
    rest = [one for one in rest if one.header not in found.identifiers]
    for one in patients[1:]:
        found.unknown[one.header] = tr("another study id?")
    if found.patient is not None:
        _Guesser(found, rest).guess()
    return found


def _tells_who(heading: Heading) -> bool:
    name = plain(heading.header)
    return name in identifiers() or any(
        part in name for part in identifiers() if not part.isascii() and len(part) >= _SHORTEST_PART
    )


class _Guesser:
    """Gives each heading of a table its meaning, and puts together what can be a record."""

    def __init__(self, found: Guess, headings: list[Heading]) -> None:
        self._found = found
        self._headings = headings
        table = found.table
        self._hint = table_names().get(plain(table.sheet or table.path.stem))
        self._candidates = {one.header: self._may_mean(one) for one in headings}

    def guess(self) -> None:
        """Fills the rows and the unknown headers of what is guessed."""
        parts: dict[_Part, GuessedRows] = {}
        scores = self._scores()
        # What can be of one table alone has its place before what can be of several.
        for heading in sorted(self._headings, key=lambda one: len(self._candidates[one.header])):
            candidates = self._candidates[heading.header]
            if not candidates:
                continue

            def likely(one: Meaning, heading: Heading = heading) -> tuple[bool, bool, bool, int]:
                part = (self._table(one), heading.group)
                rows = parts.get(part)
                there = rows.columns.get(one.column) if rows else None
                free = there is None or there.template == heading.template
                return free, self._may_be(*part), self._is_required(one), scores[part]

            best = max(candidates, key=likely)
            table = self._table(best)
            rows = parts.setdefault((table, heading.group), GuessedRows(table, *heading.group))
            if self._is_written_otherwise(rows, heading, best):
                alone = replace(heading, template=heading.header)
                rows = parts.setdefault((table, alone.group), GuessedRows(table, *alone.group))
                self._place(rows, alone, best)
            else:
                self._place(rows, heading, best)
        order = list(BY_FILE_NAME)
        for rows in sorted(
            (alike for part in parts.values() for alike in self._alike(part)),
            key=lambda one: (
                order.index(one.table),
                one.family or "",
                int(one.alone or min(one.numbers, key=int, default=0)),
            ),
        ):
            in_order = sorted(rows.headers.items(), key=lambda item: self._position(item[1][0]))
            rows.headers = {name: sorted(many, key=self._position) for name, many in in_order}
            self._finish(rows)
        used = set(self._found.headers_used())
        for rows in self._found.rows:
            if rows.counted_from:
                used.add(rows.counted_from[1])
                # It may also have stood for a column of a table that cannot be filled.
                self._found.unknown.pop(rows.counted_from[1], None)
        for heading in self._headings:
            if heading.header not in used:
                self._found.unknown.setdefault(
                    heading.header, tr("not known; name its column if it is one")
                )

    def _alike(self, rows: GuessedRows) -> Iterator[GuessedRows]:
        """The rows, apart where only some repetitions have a day or what no record can lack."""
        variables = dictionary_columns(BY_FILE_NAME[rows.table])
        needed = {one.template for name, one in rows.columns.items() if variables[name].required}
        together: dict[frozenset[str], list[str]] = {}
        for number in rows.numbers:
            has = {
                one.template
                for one in self._headings
                if one.number == number
                and (one.template in needed or _DAY in meanings().get(one.name, ()))
            }
            together.setdefault(frozenset(has), []).append(number)
        if len(together) < 2:
            yield rows
            return
        number_of = {one.header: one.number for one in self._headings}
        for numbers in together.values():
            headers = {
                template: there
                for template, listed in rows.headers.items()
                if (there := [header for header in listed if number_of[header] in numbers])
            }
            yield replace(
                rows,
                columns={n: one for n, one in rows.columns.items() if one.template in headers},
                analytes={n: one for n, one in rows.analytes.items() if one.template in headers},
                numbers=numbers,
                lacking={},
                doubts={},
                headers=headers,
            )

    def _position(self, header: str) -> int:
        return self._found.table.header.index(header)

    def _may_be(self, table: str, group: Group) -> bool:
        """Whether the headings can fill what a record of the table cannot do without."""
        entity = BY_FILE_NAME[table]
        needed = {
            name
            for name, one in dictionary_columns(entity).items()
            if one.required
            and not (one.kind is Kind.DATE and name in entity.not_before_birth)
            and not (table == PATIENTS and name in SAID_ONCE)
        }
        columns = {
            one.column
            for heading in self._headings
            if heading.group == group
            for one in self._candidates[heading.header]
            if one.table == table or (table == LAB and one.table == ANALYTE_NAMES)
        }
        return needed <= columns or (table == LAB and any(one in ANALYTES for one in columns))

    def _is_required(self, meaning: Meaning) -> bool:
        if meaning.table == ANALYTE_NAMES:
            return True
        return dictionary_columns(BY_FILE_NAME[meaning.table])[meaning.column].required

    def _table(self, meaning: Meaning) -> str:
        return LAB if meaning.table == ANALYTE_NAMES else meaning.table

    def _may_mean(self, heading: Heading) -> list[Meaning]:
        """What the heading may be a column of; of the sheet's own table if it may."""
        known = [one for one in meanings().get(heading.name, ()) if one.table != EVERY]
        own = [one for one in known if self._table(one) == self._hint]
        if own:
            return own
        return [
            one
            for one in known
            if not (one.table == "pcdai_visits" and heading.name in LIKE_MEASUREMENTS)
        ]

    def _scores(self) -> Counter[_Part]:
        """How much speaks for each table: twice for a heading that can be of no other."""
        scores: Counter[_Part] = Counter()
        for heading in self._headings:
            tables = {self._table(one) for one in self._candidates[heading.header]}
            for table in tables:
                scores[table, heading.group] += 2 if len(tables) == 1 else 1
        return scores

    def _is_written_otherwise(self, rows: GuessedRows, heading: Heading, meaning: Meaning) -> bool:
        """Whether it is a repetition of its own, which the others' way of writing does not reach.

        As CRP week 30 is beside 第14周CRP.
        """
        there = self._places(rows, meaning).get(meaning.column)
        if there is None or heading.number is None or there.template == heading.template:
            return False
        return heading.number not in {
            one.number for one in self._headings if one.template == there.template
        }

    def _places(self, rows: GuessedRows, meaning: Meaning) -> dict[str, Heading]:
        return rows.analytes if meaning.table == ANALYTE_NAMES else rows.columns

    def _place(self, rows: GuessedRows, heading: Heading, meaning: Meaning) -> None:
        """Puts the heading where it belongs; a second one for the same place is not taken."""
        there = self._places(rows, meaning).setdefault(meaning.column, heading)
        if there.template != heading.template:
            self._found.unknown[heading.header] = tr(
                "{header} is taken for {column} already",
                header=there.header,
                column=meaning.column,
            )
            return
        rows.headers.setdefault(heading.template, []).append(heading.header)
        if rows.alone is None and heading.number and heading.number not in rows.numbers:
            rows.numbers.append(heading.number)

    def _finish(self, rows: GuessedRows) -> None:
        """Looks for the day and for what a record cannot do without; keeps what can be taken."""
        entity = BY_FILE_NAME[rows.table]
        variables = dictionary_columns(entity)
        dates = (*entity.natural_key, *entity.not_before_birth)
        day = next((name for name in dates if variables[name].kind is Kind.DATE), None)
        if day is not None and day not in rows.columns:
            self._find_day(rows, day)
        given = {*rows.columns, *(("analyte", "value") if rows.analytes else ()), "unit"}
        if rows.counted_from:
            given.add(rows.counted_from[0])
        lacking = [name for name, one in variables.items() if one.required and name not in given]
        values = set(rows.columns) - {day}
        if rows.analytes:
            # A tall and a wide form in one: the wide one is taken.
            for name in values & {"value", "analyte", "unit"}:
                self._leave(rows, rows.columns.pop(name), tr("a column for each test is there"))
        if not values and not rows.analytes:
            return
        said_once = rows.table == PATIENTS and set(lacking) <= set(SAID_ONCE)
        if lacking and rows.table != self._hint and not said_once:
            why = tr("{table} needs {columns} as well",
                     table=rows.table, columns=", ".join(lacking))  # fmt: skip
            for _, header in rows.all_headers():
                self._found.unknown[header] = why
            return
        for name in lacking:
            rows.lacking[name] = tr("no header is known for it; say it once here, or as a column")
        rows.numbers.sort(key=int)
        self._found.rows.append(rows)

    def _leave(self, rows: GuessedRows, heading: Heading, why: str) -> None:
        for header in rows.headers_of(heading):
            self._found.unknown[header] = why

    def _find_day(self, rows: GuessedRows, day: str) -> None:
        """The date column of the family, or of all, or the weeks since the first infusion."""
        own = (rows.family, rows.alone)
        for group in dict.fromkeys((own, NO_GROUP)):
            days = [
                one
                for one in self._headings
                if (one.group == group or (one.group[0], one.number) == group)
                and _DAY in meanings().get(one.name, ())
            ]
            covered = {one.number for one in days if one.template == days[0].template}
            if group == own and not covered.issuperset(rows.numbers):
                continue
            if days and group[1] is not None:
                rows.columns[day] = replace(days[0], template=days[0].header)
                return
            if days:
                rows.columns[day] = days[0]
                rows.headers[days[0].template] = [
                    one.header
                    for one in days
                    if one.template == days[0].template and one.number in (None, *rows.numbers)
                ]
                if group != own:
                    rows.doubts[day] = tr("one date for every repetition?")
                return
        first = [
            one
            for one in self._headings
            if _FIRST in meanings().get(one.name, ()) or one.name == plain("infused_on")
        ]
        if rows.family == "w" and first:
            rows.counted_from = (day, first[0].header)
