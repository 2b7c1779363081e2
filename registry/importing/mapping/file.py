"""Reads a mapping from its TOML file, and refuses with the line what makes no sense in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar, get_args

from registry.errors import Refused
from registry.importing.mapping.factors import units_of
from registry.importing.mapping.mapping import (
    Codes,
    FileMapping,
    RecordMapping,
    RowsMapping,
    SourceMapping,
    Taken,
    with_own_headers,
)
from registry.importing.mapping.toml_file import Section, read_toml
from registry.models import LabResult
from registry.parsing.conventions import Conventions, DateOrder, DecimalMark
from registry.parsing.missing import MissingWords
from registry.parsing.units import same_unit
from registry.records.rows import BY_FILE_NAME, PATIENT_COLUMN, Entity, file_columns
from registry.variables import Kind, Variable
from registry.vocabulary import ANALYTE_UNITS, ANALYTES
from registry.words import tr

DAYS_IN_WEEK = 7
# The key of a source that has the hospital's number where others have the study id.
HOSPITAL_NUMBER = "patient"
# Behind a unit that a draft only proposes; an import asks a person first.
UNCONFIRMED = "?"
FLAGS = ("yes", "no")
DATES = (Kind.DATE, Kind.PARTIAL_DATE)

Word = TypeVar("Word", bound=str)
# What {name} in a header stands for, in one repetition.
Values = Mapping[str, str]


@dataclass(frozen=True)
class _Shared:
    """What holds for every source, unless it says otherwise."""

    missing: MissingWords
    conventions: Conventions
    codes: Mapping[str, Codes]
    centre: str | None


def read_mapping(path: Path) -> FileMapping:
    """Reads a mapping. Raises NotFound, and Refused with the line where it is wrong."""
    top = read_toml(path)
    shared = _Shared(
        MissingWords.of(top.texts("missing")),
        _conventions(top, Conventions()),
        _codes(top.section("codes")),
        top.text("centre"),
    )
    sources = tuple(_source(section, shared) for section in top.sections("source"))
    top.finish()
    if not sources:
        raise top.refused(
            tr("It maps nothing."), cure=tr("Add a [[source]], or draft one with --suggest-map.")
        )
    return FileMapping(path.name, sources)


def _conventions(section: Section, given: Conventions) -> Conventions:
    """How values are written: what the section says, else what was said outside it."""
    orders: tuple[DateOrder, ...] = get_args(DateOrder)
    marks: tuple[DecimalMark, ...] = get_args(DecimalMark)
    return Conventions(
        date_order=_one_of(section, "date_order", orders) or given.date_order,
        decimal=_one_of(section, "decimal", marks) or given.decimal,
        encoding=section.text("encoding") or given.encoding,
    )


def _one_of(section: Section, key: str, allowed: tuple[Word, ...]) -> Word | None:
    """The word that the key has, which is one of those allowed; None where it is not there."""
    said = section.text(key)
    found = next((word for word in allowed if word == said), None)
    if said is not None and found is None:
        raise section.refused(
            tr("{key} is one of {allowed}.", key=key, allowed=" ".join(allowed)), key
        )
    return found


def _codes(section: Section) -> dict[str, Codes]:
    """Column -> cell -> code, for every table that has such a column."""
    found: dict[str, Codes] = {}
    for name in section.left:
        variables = [
            variable
            for entity in BY_FILE_NAME.values()
            for column, variable in file_columns(entity).items()
            if column == name
        ]
        if not variables:
            raise section.refused(tr("{column} is a column of no table.", column=name), name)
        inner = section.section(name)
        found[name] = _texts(inner)
        allowed = [codes_of(variable) for variable in variables]
        for cell, code in found[name].items():
            if code and not any(not codes or code in codes for codes in allowed):
                raise _no_code(inner, cell, name, code, max(allowed, key=len))
    return found


def _no_code(section: Section, key: str, column: str, code: str, codes: tuple[str, ...]) -> Refused:
    return section.refused(
        tr("{code} is not a code of {column}.", code=code, column=column),
        key,
        cure=tr("Its codes are {codes}.", codes=", ".join(codes)),
    )


def _texts(section: Section) -> dict[str, str]:
    """Every key of the section with its value as text."""
    return {key.strip(): section.scalar(key) or "" for key in section.left}


def _source(section: Section, shared: _Shared) -> SourceMapping:
    patient, number = section.text(PATIENT_COLUMN), section.text(HOSPITAL_NUMBER)
    inner = section.sections("rows")
    source = SourceMapping(
        file=section.text("file") or "*",
        sheet=section.text("sheet"),
        skip=section.flag("skip"),
        ignore=tuple(section.texts("ignore")),
        fill_down=tuple(section.texts("fill_down")),
        missing=shared.missing | MissingWords.of(section.texts("missing")),
        conventions=_conventions(section, shared.conventions),
        by_number=number is not None,
        centre=section.text("centre") or shared.centre,
    )
    section.finish()
    if patient is not None and number is not None:
        both = {"one": PATIENT_COLUMN, "other": HOSPITAL_NUMBER}
        raise section.refused(tr("A [[source]] has either {one} or {other}.", **both))
    if bool(inner) == source.skip:
        raise section.refused(tr("A [[source]] has either [[source.rows]] or skip = true."))
    rows = tuple(_RowsReader(one, patient or number, shared.codes).rows() for one in inner)
    return with_own_headers(replace(source, rows=rows))


class _RowsReader:
    """Reads one [[source.rows]]."""

    def __init__(self, section: Section, patient: str | None, codes: Mapping[str, Codes]) -> None:
        name = section.text("table") or ""
        if name not in BY_FILE_NAME:
            raise section.refused(
                tr("table is one of the dictionary's."),
                "table",
                cure=tr("The tables are {tables}.", tables=", ".join(BY_FILE_NAME)),
            )
        self._section = section
        self._entity: Entity = BY_FILE_NAME[name]
        self._variables: dict[str, Variable] = file_columns(self._entity)
        self._patient = patient
        self._shared_codes = codes
        # Date column -> the section that counts it from another date, and the text of the days.
        self._counted: dict[str, tuple[Section, str, int]] = {}

    def rows(self) -> RowsMapping:
        """What the section says."""
        columns = self._columns()
        self._take_codes(columns)
        analytes = self._analytes()
        analyte_units = self._take_units(columns, analytes)
        where = self._section.section("where")
        chosen = {
            key: frozenset(one.strip() for one in where.texts(key)) for key in list(where.left)
        }
        only_if = self._section.texts("only_if")
        repetitions = self._repetitions()
        self._section.finish()
        self._check_complete(columns, analytes)
        records = []
        for values in repetitions:
            base = {name: self._filled(name, taken, values) for name, taken in columns.items()}
            records += [
                RecordMapping(
                    base | {"analyte": Taken(constant=name), "value": Taken(_fill(header, values))}
                )
                for name, header in analytes.items()
            ] or [RecordMapping(base)]
        return RowsMapping(
            self._entity,
            tuple(records),
            chosen,
            tuple(dict.fromkeys(_fill(one, values) for values in repetitions for one in only_if)),
            analyte_units,
            repeated=len(repetitions) > 1,
        )

    def _columns(self) -> dict[str, Taken]:
        """Column -> header, constant, boxes or a date counted from another."""
        given, constants = self._section.section("columns"), self._section.section("constants")
        found = {PATIENT_COLUMN: Taken(self._patient)} if self._patient is not None else {}
        for name in given.left:
            self._check_column(given, name)
            value = given.text_or_section(name)
            found[name] = self._taken(name, value) if isinstance(value, Section) else Taken(value)
        for name in constants.left:
            self._check_column(constants, name)
            if name in found and name != PATIENT_COLUMN:
                raise constants.refused(tr("{column} has a header already.", column=name), name)
            constant = constants.scalar(name) or ""
            self._check_code(constants, name, name, constant)
            found[name] = Taken(constant=constant)
        order = [PATIENT_COLUMN, *self._variables]
        return dict(sorted(found.items(), key=lambda item: order.index(item[0])))

    def _check_column(self, section: Section, name: str) -> None:
        if name != PATIENT_COLUMN and name not in self._variables:
            raise section.refused(
                tr("{column} is not a column of {table}.", column=name, table=self._name),
                name,
                cure=tr(
                    "Its columns are {columns}.",
                    columns=", ".join((PATIENT_COLUMN, *self._variables)),
                ),
            )

    @property
    def _name(self) -> str:
        return self._entity.file_name

    def _taken(self, name: str, section: Section) -> Taken:
        """A column that is more than a header."""
        if "ticked" in section.left:
            boxes = section.section("ticked")
            ticked = {box: boxes.scalar(box) or "" for box in boxes.left}
            section.finish()
            for box, code in ticked.items():
                self._check_code(boxes, box, name, code)
            return Taken(ticked=ticked)
        header = section.text("on")
        weeks, days = section.scalar("weeks"), section.scalar("days")
        section.finish()
        if header is None or (weeks is None) == (days is None):
            raise section.refused(
                tr('{column} is a header, {{ ticked = ... }} or {{ on = "header", weeks = 14 }}.',
                   column=name)
            )  # fmt: skip
        if self._kind(name) not in DATES:
            raise section.refused(tr("{column} is not a date.", column=name))
        self._counted[name] = (section, weeks or days or "", DAYS_IN_WEEK if weeks else 1)
        return Taken(header)

    def _kind(self, name: str) -> Kind:
        return Kind.TEXT if name == PATIENT_COLUMN else self._variables[name].kind

    def _check_code(self, section: Section, key: str, name: str, code: str) -> None:
        """A code, once it is written in the mapping, is one of the dictionary's."""
        codes = codes_of(self._variables.get(name))
        if code and codes and code not in codes:
            raise _no_code(section, key, name, code, codes)

    def _take_codes(self, columns: dict[str, Taken]) -> None:
        """Gives each column its codes, those said here over those said for all."""
        section = self._section.section("codes")
        here = {}
        for name in section.left:
            self._check_column(section, name)
            if name not in columns:
                raise section.refused(tr("{column} has no header here.", column=name), name)
            inner = section.section(name)
            here[name] = _texts(inner)
            for cell, code in here[name].items():
                self._check_code(inner, cell, name, code)
        for name, taken in columns.items():
            codes = {**self._shared_codes.get(name, {}), **here.get(name, {})}
            if codes and taken.constant is None:
                columns[name] = replace(taken, codes=codes)

    def _analytes(self) -> dict[str, str]:
        """Analyte -> header of its values."""
        section = self._section.section("analytes")
        found = {}
        for name in section.left:
            if self._entity is not LabResult or name not in ANALYTES:
                raise section.refused(
                    tr("{analyte} is not an analyte of lab_results.", analyte=name),
                    name,
                    cure=tr("The analytes are {analytes}.", analytes=", ".join(ANALYTES)),
                )
            found[name] = section.text(name) or ""
        return found

    def _take_units(self, columns: dict[str, Taken], analytes: dict[str, str]) -> dict[str, str]:
        """Gives columns their units; returns those of analytes, for values without one beside."""
        section = self._section.section("units")
        for_analytes = {
            name: next(iter(units)) for name, units in ANALYTE_UNITS.items() if len(units) == 1
        }
        for name in section.left:
            unit = section.text(name) or ""
            if self._entity is LabResult and name in ANALYTES:
                for_analytes[name] = self._unit(section, name, unit, list(ANALYTE_UNITS[name]))
                continue
            variable = self._variables.get(name)
            if name not in columns or variable is None or variable.unit is None:
                raise section.refused(tr("{column} has no unit here.", column=name), name)
            known = self._unit(section, name, unit, units_of(variable.unit))
            columns[name] = replace(columns[name], unit=known if known != variable.unit else None)
        without = [] if "unit" in columns else [n for n in analytes if n not in for_analytes]
        if without:
            raise self._section.refused(
                tr("The unit of {analyte} is not said.", analyte=without[0]),
                "analytes",
                cure=tr(
                    "Add to [source.rows.units] one of {units}.",
                    units=", ".join(ANALYTE_UNITS[without[0]]),
                ),
            )
        return for_analytes if self._entity is LabResult else {}

    def _unit(self, section: Section, name: str, unit: str, known: list[str]) -> str:
        if unit.endswith(UNCONFIRMED):
            raise section.refused(
                tr("The unit of {column} is not confirmed: {unit}", column=name, unit=unit),
                name,
                cure=tr(
                    "Look at the values, then take the {mark} away or write the unit they are in.",
                    mark=UNCONFIRMED,
                ),
            )
        found = same_unit(unit, known)
        if found is None:
            raise section.refused(
                tr("{unit} is not a unit that {column} can be converted from.", unit=unit,
                   column=name),
                name,
                cure=tr("Known are {units}.", units=", ".join(known)),
            )  # fmt: skip
        return found

    def _repetitions(self) -> list[Values]:
        """What {name} stands for, repetition by repetition; one without any where none is said."""
        section = self._section.section("repeat")
        lists = {name: section.texts(name) for name in section.left}
        if len({len(values) for values in lists.values()}) > 1:
            raise self._section.refused(tr("The lists of repeat are equally long."), "repeat")
        rows = zip(*lists.values(), strict=True)
        return [dict(zip(lists, values, strict=True)) for values in rows] or [{}]

    def _filled(self, name: str, taken: Taken, values: Values) -> Taken:
        """The column in one repetition."""
        days = None
        if name in self._counted:
            section, text, unit = self._counted[name]
            try:
                days = int(_fill(text, values)) * unit
            except ValueError:
                raise section.refused(
                    tr("{text} is not a whole number.", text=_fill(text, values))
                ) from None
        return replace(
            taken,
            header=None if taken.header is None else _fill(taken.header, values),
            constant=None if taken.constant is None else _fill(taken.constant, values),
            ticked={_fill(header, values): code for header, code in taken.ticked.items()},
            days=days,
        )

    def _check_complete(self, columns: dict[str, Taken], analytes: dict[str, str]) -> None:
        """The patient and what the table cannot do without have somewhere to come from."""
        needed = [PATIENT_COLUMN, *(n for n, v in self._variables.items() if v.required)]
        if self._entity is LabResult:
            needed.remove("unit")
        given = {*columns, *(("analyte", "value") if analytes else ())}
        lacking = [name for name in needed if name not in given]
        if lacking:
            raise self._section.refused(
                tr("{table} needs {columns}.", table=self._name, columns=", ".join(lacking)),
                cure=tr("Add them to [source.rows.columns] or [source.rows.constants]."),
            )


def codes_of(variable: Variable | None) -> tuple[str, ...]:
    """The codes a column may hold, none where it holds anything else."""
    if variable is None:
        return ()
    return FLAGS if variable.kind is Kind.FLAG else variable.codes or ()


def _fill(text: str, values: Values) -> str:
    """The text with {name} replaced by its value in this repetition."""
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text
