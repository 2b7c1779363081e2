"""A mapping: how the files of a hospital, as they are, fill the tables of the dictionary.

A TOML file, described with examples in docs/mapping.md. In short:

    missing = ["-", "未查=NASK"]         # cells that mean nothing, or why there is nothing
    date_order = "dmy"                   # also decimal = ",", encoding = "gb18030"
    [codes.sex]                          # a cell -> a code of the dictionary; "" means nothing
    "男" = "male"

    [[source]]                           # one file, or one sheet of a workbook
    file = "随访*.xlsx"                   # name, * for any letters; without it any file
    sheet = "化验"                        # likewise
    patient_id = "研究编号"               # the header of the study id; or of the hospital number:
                                         # patient = "病历号", and which one's: centre = "BCH"
    ignore = ["姓名", "备注*"]            # headers that are not taken
    fill_down = ["研究编号"]              # an empty cell takes the one above (merged cells)

    [[source.rows]]                      # the records of one table that a row makes
    table = "infusions"
    columns.infused_on = "输注日期"       # column of the dictionary = header
    columns.dose_mg = "剂量"
    constants.product = "infliximab"
    units.dose_mg = "g"                  # the unit in the file, when it is not the dictionary's
    where."类型" = "输注"                 # only the rows that have this cell (or one of a list)
    only_if = ["剂量"]                   # only the rows in which one of these cells is filled

    [[source.rows]]                      # a laboratory value a column
    table = "lab_results"
    repeat.w = [0, 14]                   # {w} below stands for each in turn
    columns.collected_on = { on = "首次输注日期", weeks = "{w}" }   # or a header
    analytes.CRP = "CRP_w{w}"
    units.CRP = "mg/L"

Other forms of a column: `{ ticked = { "box___1" = "L1", "box___2" = "L2" } }`, the code whose box
is ticked, and `{ on = HEADER, days = 14 }`, a date counted from another one.

A row makes a record if one of the cells is filled that no other `rows` of its source uses; so a
sheet with one `rows` makes a record a row. Without `where` and `only_if` nothing else is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from registry.models import LabResult
from registry.parsing.conventions import NOTHING_SAID, Conventions
from registry.parsing.missing import NO_WORDS, MissingWords
from registry.records.rows import PATIENT_COLUMN, Entity, file_columns
from registry.variables import Kind

Codes = dict[str, str]


@dataclass(frozen=True)
class Taken:
    """Where the value of one column comes from: a header, a constant, or boxes that are ticked.

    `codes` say what a cell stands for, "" being nothing. With `days` it is a date so many days
    after the one under the header. `unit` is the file's, where it is not the dictionary's.
    """

    header: str | None = None
    constant: str | None = None
    ticked: Codes = field(default_factory=dict)
    days: int | None = None
    codes: Codes = field(default_factory=dict)
    unit: str | None = None

    def code(self, cell: str) -> str | None:
        """What the cell stands for, as it is written or else whatever its capitals."""
        if not self.codes:
            return None
        code = self.codes.get(cell)
        return self._folded.get(cell.casefold()) if code is None else code

    @cached_property
    def _folded(self) -> dict[str, str]:
        return {cell.casefold(): code for cell, code in reversed(self.codes.items())}

    @property
    def headers(self) -> list[str]:
        """The headers whose cells it reads."""
        return [*([] if self.header is None else [self.header]), *self.ticked]


@dataclass(frozen=True)
class RecordMapping:
    """One record that a row may make; `own` are the headers of which one must be filled."""

    columns: Mapping[str, Taken]
    own: frozenset[str] = frozenset()

    def headers(self, columns: Iterable[str] | None = None) -> set[str]:
        """The headers whose cells it reads, for these columns or for all."""
        names = self.columns if columns is None else columns
        return {
            header
            for name in names
            if name in self.columns
            for header in self.columns[name].headers
        }


@dataclass(frozen=True)
class RowsMapping:
    """The records of one table that a row may make: one, or one a repetition and analyte.

    `analyte_units` are the units of values beside which none stands. `repeated` says that a header
    may be lacking in some of the repetitions.
    """

    entity: Entity
    records: tuple[RecordMapping, ...]
    where: Mapping[str, frozenset[str]] = field(default_factory=dict)
    only_if: tuple[str, ...] = ()
    analyte_units: Codes = field(default_factory=dict)
    repeated: bool = False

    @property
    def columns(self) -> list[str]:
        """The columns of the table that are filled, in one order for all records."""
        names = dict.fromkeys(name for one in self.records for name in one.columns)
        return list(names | {"unit": None} if self.entity is LabResult else names)

    @cached_property
    def headers(self) -> set[str]:
        """Every header that is read or asked about."""
        used = {header for one in self.records for header in one.headers()}
        return used | set(self.where) | set(self.only_if)


@dataclass(frozen=True)
class SourceMapping:
    """What one file or sheet fills; `file`, `sheet` and `ignore` may hold * for any letters.

    With `by_number` the patient's header is that of the hospital number, which `centre` gave.
    """

    file: str = "*"
    sheet: str | None = None
    skip: bool = False
    ignore: tuple[str, ...] = ()
    fill_down: tuple[str, ...] = ()
    missing: MissingWords = NO_WORDS
    conventions: Conventions = NOTHING_SAID
    rows: tuple[RowsMapping, ...] = ()
    by_number: bool = False
    centre: str | None = None

    @property
    def patients(self) -> list[str]:
        """The headers whose cells name the child."""
        taken = (one.columns.get(PATIENT_COLUMN) for rows in self.rows for one in rows.records)
        return list(dict.fromkeys(header for one in taken if one for header in one.headers))

    @property
    def headers(self) -> set[str]:
        """Every header that is spoken of, but for those ignored."""
        return {header for rows in self.rows for header in rows.headers} | set(self.fill_down)

    def takes(self, file: str, sheet: str | None) -> bool:
        """Whether this is about the sheet, or about the file that has none."""
        return matches(self.file, file) and (
            self.sheet is None or sheet is None or matches(self.sheet, sheet)
        )


@dataclass(frozen=True)
class FileMapping:
    """A whole mapping; `name` is said where something is wrong with it."""

    name: str
    sources: tuple[SourceMapping, ...]

    def where_unsaid(self, given: Conventions) -> FileMapping:
        """The mapping with these conventions wherever it says nothing of them."""
        return replace(
            self,
            sources=tuple(
                replace(
                    source,
                    missing=source.missing | given.missing,
                    conventions=given._replace(
                        date_order=source.conventions.date_order or given.date_order,
                        decimal=source.conventions.decimal or given.decimal,
                        encoding=source.conventions.encoding or given.encoding,
                    ),
                )
                for source in self.sources
            ),
        )

    @property
    def by_number(self) -> bool:
        """Whether any of it names the child by a hospital number."""
        return any(source.by_number for source in self.sources)

    def all_by_number(self) -> FileMapping:
        """The mapping with hospital numbers wherever it says study ids."""
        return replace(
            self, sources=tuple(replace(source, by_number=True) for source in self.sources)
        )

    def of_file(self, file: str) -> list[SourceMapping]:
        """The sources that are about a file, whatever its sheets."""
        return [source for source in self.sources if matches(source.file, file)]

    def of_table(self, file: str, sheet: str | None) -> SourceMapping | None:
        """The first source that is about the sheet."""
        return next((source for source in self.sources if source.takes(file, sheet)), None)


def matches(pattern: str, text: str) -> bool:
    """Whether the text is the pattern, in which * stands for any letters."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.DOTALL) is not None


def with_own_headers(source: SourceMapping) -> SourceMapping:
    """The source with each record told its own headers: those that it shares with no other.

    Where all are shared, whatever is neither patient nor day is the record's own.
    """
    rows = tuple(
        replace(
            one,
            records=tuple(replace(record, own=_own(source, one, record)) for record in one.records),
        )
        for one in source.rows
    )
    return replace(source, rows=rows)


def _own(source: SourceMapping, rows: RowsMapping, record: RecordMapping) -> frozenset[str]:
    if rows.only_if:
        return frozenset(rows.only_if)
    if rows.entity is LabResult and len(rows.records) > 1:
        return frozenset(record.headers(["value"]))
    others = set(_others(source, rows, record))
    variables = file_columns(rows.entity)
    own = [name for name, taken in record.columns.items() if taken.days is None]
    values = [
        name
        for name in own
        if name != PATIENT_COLUMN
        and not (name in rows.entity.natural_key and variables[name].kind is Kind.DATE)
    ]
    return frozenset(record.headers(own) - others or record.headers(values) or record.headers())


def _others(source: SourceMapping, rows: RowsMapping, record: RecordMapping) -> Iterator[str]:
    """The headers that other records of the source read, or ask about."""
    for one in source.rows:
        for other in one.records:
            if other is not record:
                yield from other.headers()
        if one is not rows:
            yield from (*one.where, *one.only_if)
