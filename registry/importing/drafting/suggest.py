"""Drafts a mapping of files from their headers, the kinds of their cells and their codes.

What is not sure is said in a comment that begins "unsure:". No cell is shown but the codes of a
column with few of them; headers that tell who a patient is are proposed to be left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from registry.importing.drafting.guess import Guess, GuessedRows, guess
from registry.importing.drafting.names import (
    Heading,
    codes_for,
    missing_words,
    patient_headers,
    plain,
)
from registry.importing.drafting.seen import MOST_SHOWN, Seen, in_words, order_of
from registry.importing.mapping.factors import CONVERSIONS, LIKELY, likely_units, units_of
from registry.importing.mapping.file import UNCONFIRMED, codes_of
from registry.importing.mapping.run import tables_of
from registry.parsing.cells import read_cell
from registry.parsing.conventions import NOTHING_SAID, Conventions
from registry.parsing.text import Unreadable
from registry.parsing.units import same_unit
from registry.records.rows import BY_FILE_NAME, dictionary_columns
from registry.variables import Variable
from registry.vocabulary import ANALYTE_UNITS
from registry.words import tr


@dataclass(frozen=True)
class Draft:
    """A mapping as TOML, and what to say beside it of files that it takes nothing from."""

    text: str
    warnings: list[str]


def draft(paths: Sequence[Path], conventions: Conventions = NOTHING_SAID) -> Draft:
    """A mapping of the files; the same files give the same text.

    `conventions` may say which header is the study id's, which sheet is meant and what is missing.

    Raises NotFound and Refused where a file cannot be read.
    """
    warnings = []
    lines = [
        "# " + tr("A draft. Read every line; what needs a decision is marked unsure."),
        "# " + tr("The form of this file is described in docs/mapping.md."),
    ]
    patient = conventions.patient_id
    known = patient_headers() if patient is None else [patient]
    plain_reading = conventions._replace(patient_id=None)
    for table in tables_of(paths, header_names=known, conventions=plain_reading):
        found = guess(table, patient)
        lines += ["", *_source(found)]
        if found.patient is None:
            warnings.append(
                tr(
                    "{file}: no column of study ids was found, so the draft takes nothing from it. "
                    "{cure}",
                    file=table.shown,
                    cure=_name_the_patient(),
                )
            )
    return Draft("\n".join(lines) + "\n", warnings)


def _name_the_patient() -> str:
    return tr("Call the column of study ids patient_id, or 研究编号, and draft again.")


def _source(found: Guess) -> Iterator[str]:
    table = found.table
    yield "[[source]]"
    yield f"file = {quoted(table.path.name)}"
    if table.sheet is not None:
        yield f"sheet = {quoted(table.sheet)}"
    for problem in table.problems:
        yield unsure(problem.problem)
    if found.patient is None or not found.rows:
        yield "skip = true"
        yield unsure(
            tr("no header is known as the study id; without one nothing can be taken")
            if found.patient is None
            else tr("these headers fill no table of the dictionary as they stand")
        )
        if found.patient is None:
            yield f"# {_name_the_patient()}"
            return
        for header, why in found.unknown.items():
            yield f"# {quoted(header)}: {why}"
        yield "# " + tr(
            "Add a column with the day, or, where weeks are numbered, the first infusion's date "
            "as first infusion date or 首次输注日期, and draft again."
        )
        return
    yield f"patient_id = {quoted(found.patient)}"
    yield from _conventions(found)
    words = _missing(found)
    if words:
        yield f"missing = [{', '.join(map(quoted, words))}]"
    if found.identifiers or found.unknown:
        yield "ignore = ["
        for header in found.identifiers:
            yield f"    {quoted(header)},  # " + tr("tells who the patient is: never taken")
        for header, why in found.unknown.items():
            yield f"    {quoted(header)},  {unsure(why)}"
        yield "]"
    for rows in found.rows:
        yield ""
        yield from _rows(found, rows)


def _conventions(found: Guess) -> Iterator[str]:
    seen = [found.seen[header] for header in found.headers_used()]
    order, unclear = order_of(seen)
    if unclear and order is not None:
        yield f"date_order = {quoted(order)}  # " + tr("as other dates of this file show")
    elif unclear:
        yield unsure(tr("days and months cannot be told apart; add one of these lines"))
        yield '# date_order = "dmy"'
        yield '# date_order = "mdy"'
    if any(one.unclear_numbers for one in seen):
        yield unsure(tr("is 1,234 more than a thousand? add one of these lines"))
        yield '# decimal = ","'
        yield '# decimal = "."'


def _missing(found: Guess) -> list[str]:
    """The cells for nothing that stand in the columns taken."""
    words: dict[str, None] = {}
    for rows in found.rows:
        for column, header in rows.all_headers():
            codes = codes_for(column)
            words |= {
                word: None
                for word in found.seen[header].missing
                if word in missing_words() and plain(word) not in codes
            }
    return list(words)


def _rows(found: Guess, rows: GuessedRows) -> Iterator[str]:
    variables = dictionary_columns(BY_FILE_NAME[rows.table])
    yield "[[source.rows]]"
    yield f"table = {quoted(rows.table)}"
    if rows.numbers:
        yield f"repeat.{rows.family} = [{', '.join(map(quoted, rows.numbers))}]"
    for column in sorted(rows.columns, key=list(variables).index):
        yield from _column(found, rows, column, variables[column])
    if rows.counted_from is not None:
        day, header = rows.counted_from
        weeks = rows.alone or quoted("{w}")
        yield f"columns.{day} = {{ on = {quoted(header)}, weeks = {weeks} }}  " + unsure(
            tr("no date of its own; counted in weeks from this one")
        )
    for column, why in rows.lacking.items():
        yield f'# constants.{column} = "..."  ' + unsure(why)
    for analyte, heading in rows.analytes.items():
        yield _line(found, rows, f"analytes.{analyte}", heading)
        yield _analyte_unit(found, rows, analyte, heading)


def _analyte_unit(found: Guess, rows: GuessedRows, analyte: str, heading: Heading) -> str:
    """The unit that the header says, or else the one that the values look like, to be confirmed."""
    known = ANALYTE_UNITS[analyte]
    said = same_unit(heading.unit, known) if heading.unit else None
    if said or len(set(known.values())) == 1:
        return f"units.{analyte} = {quoted(said or next(iter(known)))}"
    values = _sample(found, rows, heading)
    likely = likely_units(values, known, *LIKELY[analyte]) if analyte in LIKELY and values else []
    return f"units.{analyte} = {_to_confirm(likely, next(iter(known)))}"


def _sample(found: Guess, rows: GuessedRows, heading: Heading) -> list[float]:
    return [value for header in rows.headers_of(heading) for value in found.seen[header].sample]


def _to_confirm(likely: list[str], own: str) -> str:
    """A unit with the mark that an import asks to take away, and why it stands there."""
    words = tr("the header does not say the unit, and the values do not tell it")
    if len(likely) == 1:
        words = tr("the header does not say the unit; the values look like {unit}", unit=likely[0])
    unit = likely[0] if likely else own
    return f"{quoted(unit + UNCONFIRMED)}  " + unsure(
        tr("{why}. Take the {mark} away when it is right", why=words, mark=UNCONFIRMED)
    )


def _line(found: Guess, rows: GuessedRows, name: str, heading: Heading) -> str:
    """A name with its header, what its cells look like, and why it may be wrong."""
    words = in_words(found.seen[header] for header in rows.headers_of(heading))
    doubt = rows.doubts.get(name.partition(".")[2])
    comment = f"{words}; unsure: {doubt}" if doubt else words
    return f"{name} = {quoted(heading.template)}  # {comment}"


def _column(found: Guess, rows: GuessedRows, column: str, variable: Variable) -> Iterator[str]:
    heading = rows.columns[column]
    headers = rows.headers_of(heading)
    yield _line(found, rows, f"columns.{column}", heading)
    if variable.unit is not None and heading.unit is not None:
        yield from _unit(column, variable, heading.unit)
    elif variable.unit is not None:
        yield from _likely_unit(column, variable, _sample(found, rows, heading))
    codes = codes_of(variable)
    if codes and column != "unit":
        yield from _codes(column, variable, [found.seen[one] for one in headers], headers)


def _unit(column: str, variable: Variable, unit: str) -> Iterator[str]:
    known = same_unit(unit, units_of(variable.unit or ""))
    if known is None:
        yield unsure(tr("{unit} cannot be converted to {own}", unit=unit, own=variable.unit))
    elif known != variable.unit:
        yield f"units.{column} = {quoted(known)}"


def _likely_unit(column: str, variable: Variable, values: list[float]) -> Iterator[str]:
    """Another unit, where the values are no values of the dictionary's own."""
    own, limits = variable.unit or "", (variable.minimum, variable.maximum)
    if not values or None in limits or own not in CONVERSIONS:
        return
    factors = {own: Decimal(1), **CONVERSIONS[own]}
    likely = likely_units(values, factors, *(float(limit or 0) for limit in limits))
    if likely and own not in likely:
        yield f"units.{column} = {_to_confirm(likely, own)}"


def _codes(
    column: str, variable: Variable, columns: list[Seen], headers: list[str]
) -> Iterator[str]:
    """What each code stands for; those not known as comments, if they are few."""
    if any(seen.codes is None for seen in columns):
        yield unsure(tr("too many different cells to be codes"))
        return
    cells = list(dict.fromkeys(cell for seen in columns for cell in seen.codes or ()))
    known = {cell: _code(column, variable, cell) for cell in cells}
    for cell, code in known.items():
        if code is not None and code != cell:
            yield f"codes.{column}.{quoted(cell)} = {quoted(code)}"
    strange = [cell for cell, code in known.items() if code is None]
    if not strange:
        return
    if column == "analyte":
        taken = [cell for cell, code in known.items() if code is not None]
        yield f"where.{quoted(headers[0])} = [{', '.join(map(quoted, taken))}]  " + unsure(
            tr("other tests are left out: {number}", number=len(strange))
        )
    elif len(cells) > MOST_SHOWN:
        yield unsure(tr("other codes, which need a line each: {number}", number=len(strange)))
    else:
        for cell in strange:
            yield f'# codes.{column}.{quoted(cell)} = "..."  ' + unsure(
                tr("one of {codes}", codes=", ".join(codes_of(variable)))
            )


def _code(column: str, variable: Variable, cell: str) -> str | None:
    """The code that a cell is or stands for; the cell itself where it is read as it is."""
    if plain(cell) in codes_for(column):
        code = codes_for(column)[plain(cell)]
        return cell if _read(variable, cell) == code else code
    return cell if _read(variable, cell) is not None else None


def _read(variable: Variable, cell: str) -> str | None:
    try:
        code = read_cell(cell, variable)
    except Unreadable:
        return None
    return code if code in codes_of(variable) else None


def unsure(why: str) -> str:
    """A comment on what a person must decide."""
    return f"# unsure: {why}"


def quoted(text: str) -> str:
    """A text as TOML has it in quotes."""
    return json.dumps(text, ensure_ascii=False)
