"""A visit written in a file, TOML or JSON: the same fields as in the form, by section."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from registry.entry.answers.findings import shown
from registry.entry.answers.pcdai_points import Levels
from registry.entry.visit.day import Day
from registry.entry.visit.fields import FIELDS, ON, SECTIONS, STARTED, STOPPED, Field
from registry.errors import Refused
from registry.models.pcdai_visit import ITEMS
from registry.parsing.toml import parse_toml
from registry.records.rows import PATIENT_COLUMN
from registry.vocabulary import ANALYTE_MEANINGS, ANALYTE_UNITS, DRUGS
from registry.words import spoken, tr

# What stands for an empty value: nothing in quotes is what the template has everywhere.
EMPTIED = "-"


@dataclass(frozen=True)
class VisitFile:
    """What a file says: values by field, and whose and of which day, where it says so."""

    study_id: str | None
    on: str | None
    values: dict[str, str]


def read_visit_file(text: str, name: str, *, is_json: bool | None = None) -> VisitFile:
    """Reads a visit; without `is_json` a text that begins with a brace is JSON.

    A field that is empty says nothing, `-` empties what is there. Raises Refused with everything
    that means nothing.
    """
    if is_json is None:
        is_json = text.lstrip("\ufeff \t\r\n").startswith("{")
    document = _document(text.removeprefix("\ufeff"), name, is_json)
    problems: list[str] = []
    values: dict[str, str] = {}
    known = [PATIENT_COLUMN, ON, *SECTIONS]
    for key, held in document.items():
        if key not in known:
            problems.append(_unknown(key, known))
        elif key in SECTIONS:
            values |= _section(key, held, problems)
    head = {key: _text(document.get(key), key, problems) for key in (PATIENT_COLUMN, ON)}
    if problems:
        raise Refused(
            "\n".join(f"{name}: {problem}" for problem in problems),
            cure=tr("Nothing was stored. Every field stands in: registry visit ID --template"),
        )
    return VisitFile(head[PATIENT_COLUMN] or None, head[ON] or None, values)


def template(day: Day, levels: Mapping[str, Levels]) -> str:
    """The day as a file to fill in: what there is stands in it, the rest in comments beside."""
    lines = [
        "# " + tr("A visit. Fill in what is known; an empty value says nothing, - empties one."),
        "# " + tr("Then: registry visit {patient} --file FILE", patient=day.study_id),
        f'{PATIENT_COLUMN} = "{day.study_id}"',
        f"{ON} = {day.on}",
    ]
    for section in SECTIONS:
        lines += ["", f"[{section}]"]
        for one in FIELDS.values():
            if one.section == section:
                lines += _lines(one, day, levels)
    return "\n".join(lines) + "\n"


def _lines(one: Field, day: Day, levels: Mapping[str, Levels]) -> list[str]:
    """A field: what may stand there, what it means, what was last known, and its line."""
    about = [about_field(one, day)]
    if one.section == "pcdai" and one.key in ITEMS:
        about += [
            f"  {shown(points)} = {words}" for points, words in levels[one.key].items() if words
        ]
    value = day.filled.get(one.name, "")
    if one.name in (STARTED, STOPPED):
        drugs = ", ".join(_quoted(drug) for drug in filter(None, value.split(", ")))
        return [*(f"# {words}" for words in about), f"{one.key} = [{drugs}]"]
    return [*(f"# {words}" for words in about), f"{one.key} = {_quoted(value)}"]


def about_field(one: Field, day: Day) -> str:
    """Label, unit, limits and the last known value of a field, in one line."""
    if one.name == STOPPED:
        taken = [f"{c.cells['drug']} ({c.cells['started_on']})" for c in day.courses]
        return f"{one.label}: " + (", ".join(taken) or tr("none is taken"))
    if one.name == STARTED:
        return f"{one.label}: {', '.join(DRUGS)}"
    words = one.label
    if one.analyte is not None:
        unit = day.units[one.analyte]
        others = [other for other in ANALYTE_UNITS[one.analyte] if other != unit]
        written = tr("or written behind it {units}", units=", ".join(others)) if others else ""
        meaning = spoken(ANALYTE_MEANINGS[one.analyte])
        words += f" ({'; '.join(filter(None, [meaning, unit, written]))})"
    else:
        limits = "; ".join(filter(None, [spoken(one.variable.unit or ""), one.variable.limits()]))
        words += f" ({limits})" if limits else ""
    last = day.last.get(one.name)
    return words if last is None else f"{words}; {tr('last {value}', value=last)}"


def _document(text: str, name: str, is_json: bool) -> dict[str, Any]:
    cure = tr("Nothing was stored. An empty file to fill in: registry visit ID --template")
    if not is_json:
        return parse_toml(text, name, cure=cure)
    try:
        document = json.loads(text, parse_float=Decimal, parse_int=Decimal, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise Refused(tr("{file} is not JSON: {why}.", file=name, why=error), cure=cure) from None
    if not isinstance(document, dict):
        raise Refused(tr("{file} is not one object of sections.", file=name))
    return document


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys stand once: of two values the registry would have to choose."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError(tr("a key stands twice"))
    return found


def _section(section: str, held: Any, problems: list[str]) -> dict[str, str]:
    if not isinstance(held, dict):
        problems.append(tr("{key} is a section of its own: [{key}].", key=section))
        return {}
    values = {}
    known = [one.key for one in FIELDS.values() if one.section == section]
    for key, value in held.items():
        if key not in known:
            problems.append(_unknown(key, known, section))
            continue
        name = f"{section}.{key}"
        if name in (STARTED, STOPPED) and isinstance(value, list):
            value = ", ".join(_text(one, name, problems) for one in value)
        text = _text(value, name, problems).strip()
        if text:
            values[name] = "" if text == EMPTIED else text
    return values


def _text(value: Any, name: str, problems: list[str]) -> str:
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            problems.append(tr("{key} is a text or a number.", key=name))
            return ""
        case int() | Decimal():
            return f"{value:f}" if isinstance(value, Decimal) else str(value)
        case date() if not isinstance(value, datetime):
            return value.isoformat()
        case _:
            problems.append(tr("{key} is a text or a number.", key=name))
            return ""


def _unknown(key: str, known: list[str], section: str | None = None) -> str:
    near = get_close_matches(key, known, 1)
    place = key if section is None else f"{section}.{key}"
    if near:
        return tr("{key} means nothing here; did you mean {near}?", key=place, near=near[0])
    return tr("{key} means nothing here; known are: {known}", key=place, known=", ".join(known))


def _quoted(value: str) -> str:
    """A text as TOML has it."""
    return json.dumps(value, ensure_ascii=False)
