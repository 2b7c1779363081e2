"""A visit in words: for the summary before it is saved, and for what is said afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from registry.words import spoken, tr

if TYPE_CHECKING:
    from registry.entry.visit.fields import Field
    from registry.entry.visit.plan import FieldComplaint
    from registry.entry.visit.write import Outcome, Said


def section_label(section: str) -> str:
    """What people call a section of a visit."""
    return {
        "anthropometry": tr("Weight and height"),
        "lab": tr("Laboratory"),
        "pcdai": tr("PCDAI"),
        "tdm": tr("Drug level"),
        "infusion": tr("Infusion"),
        "medication": tr("Other drugs"),
    }[section]


def short_label(one: Field) -> str:
    """What a field is called where there is little room."""
    short = {
        "pcdai.total": tr("Declared total"),
        "pcdai.extraintestinal": tr("Extraintestinal"),
        "tdm.ada_au_ml": tr("Antibodies"),
    }
    return short.get(one.name, one.label)


def complaint_words(complaint: FieldComplaint) -> str:
    """A complaint with the field as people call it."""
    from registry.entry.visit.fields import FIELDS

    one = FIELDS.get(complaint.field or "")
    if one is None:
        return str(complaint)
    value = f" {complaint.value!r}" if complaint.value else ""
    return f"{section_label(one.section)}, {one.label}{value} {complaint.problem}"


def lines_of(outcome: Outcome) -> list[tuple[str, str]]:
    """Kind and text of each line: record, fact, warning, note or consequence.

    What holds for the day, as that it lies after the data cut, is said once for all its records.
    """
    from registry.entry.answers.answer import AFTER_DATA_CUT
    from registry.models import LabResult

    lines = []
    of_day: dict[str, None] = {}
    for one in outcome.said:
        shown = {
            fact.key: f"{fact.label}: {fact.text}"
            for fact in one.answer.facts
            if fact.text and fact.key != "value" and fact.text != tr("none")
        }
        if AFTER_DATA_CUT in shown:
            of_day[shown.pop(AFTER_DATA_CUT)] = None
        facts = list(shown.values())
        if one.stored.entity is LabResult and facts:
            lines.append(("record", f"{record_words(one)}; {'; '.join(facts)}"))
        else:
            lines.append(("record", record_words(one)))
            lines += [("fact", "; ".join(facts))] if facts else []
        lines += [("warning", words) for words in one.answer.warnings]
    lines += [("note", words) for words in of_day]
    return lines + [("consequence", one.text) for one in outcome.consequences]


def record_words(one: Said) -> str:
    """What is done to a record, in a line: its section and its values."""
    from registry.entry.visit.fields import SECTION_OF
    from registry.entry.visit.write import AMENDED, ENTERED, STOPPED, VOIDED
    from registry.models import LabResult, Medication

    cells = one.stored.cells
    section = section_label(SECTION_OF[one.stored.entity])
    if one.stored.entity is Medication:
        values = str(cells["drug"])
    elif one.stored.entity is LabResult:
        values = f"{cells['analyte']} {_change(one, 'value')} {_change(one, 'unit')}"
    else:
        values = _values(one)
    words = {
        ENTERED: tr("{section}: {values}", section=section, values=values),
        AMENDED: tr("{section}, changed: {values}", section=section, values=values),
        STOPPED: tr("{section}, stopped: {values}", section=section, values=values),
        VOIDED: tr("{section}, taken out: {values}", section=section, values=values),
    }[one.did]
    if one.stored.entity is Medication and one.did == ENTERED:
        return tr("{section}, started: {values}", section=section, values=values)
    return words


def _values(one: Said) -> str:
    """The cells that have a value; of a changed record those that have another one."""
    from registry.records.rows import dictionary_columns

    shown = []
    for column, variable in dictionary_columns(one.stored.entity).items():
        if column in one.stored.entity.natural_key and column != "assay":
            continue
        before = None if one.before is None else one.before.cells[column]
        if one.did == "amended" and before == one.stored.cells[column]:
            continue
        if before or one.stored.cells[column]:
            unit = f" {variable.unit}" if variable.unit not in (None, "points") else ""
            shown.append(f"{spoken(variable.label)} {_change(one, column)}{unit}")
    return ", ".join(shown)


def _change(one: Said, column: str) -> str:
    """The value, or the old and the new where it has been changed."""
    now = one.stored.cells[column] or "-"
    if one.before is None or (one.before.cells[column] or "-") == now:
        return now
    return f"{one.before.cells[column] or '-'} -> {now}"
