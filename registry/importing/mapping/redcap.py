"""REDCap: an export of a project beside its data dictionary.

A project made from the dictionary that `registry export --redcap` writes needs no mapping; another
one is mapped like any file, and its dictionary tells what its codes and labels mean. Both raw
values and labels are read, in the header as well as in the cells.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from registry.errors import Refused
from registry.importing.files.table import read_tables
from registry.importing.mapping.dialect import Dialect
from registry.importing.mapping.mapping import (
    FileMapping,
    RecordMapping,
    RowsMapping,
    SourceMapping,
    Taken,
    with_own_headers,
)
from registry.models import ENTITIES, LabResult, Patient
from registry.models.redcap_fields import (
    CHOICES,
    FIELD,
    INSTRUMENT,
    LABEL,
    RECORD_ID,
    REPEATING_FILE,
    TYPE,
    fields,
    title,
)
from registry.parsing.missing import MissingWords
from registry.records.rows import PATIENT_COLUMN, Problem
from registry.vocabulary import NULL_FLAVOURS
from registry.words import tr

# REDCap's own missing data codes, of which "QS" to "OTH" say something that is not missing.
# Those of HL7 that the registry knows too say why a value is missing.
MISSING_CODES = MissingWords.of(
    [*(f"{code}={code}" for code in NULL_FLAVOURS), "INV", "MSK", "NAVU", "NP"]
)
# What a project adds to its fields: events, arms, data access groups, states of forms, surveys.
NOT_TAKEN = ("redcap_*", "*_complete", "*_timestamp")
# The same in a header of labels.
ADDED_LABELS = {
    "Repeat Instrument": INSTRUMENT,
    "Repeat Instance": "redcap_repeat_instance",
    "Event Name": "redcap_event_name",
    "Data Access Group": "redcap_data_access_group",
    "Survey Identifier": "redcap_survey_identifier",
    "Survey Timestamp": "redcap_survey_timestamp",
    "Complete?": "redcap_form_complete",
}
_NEEDED = (FIELD, TYPE, LABEL, CHOICES)
_MARKUP = re.compile("<[^>]+>")


def redcap_mapping() -> FileMapping:
    """The mapping of a project whose fields are the registry's own."""
    rows = []
    for entity in ENTITIES:
        columns = {PATIENT_COLUMN: Taken(RECORD_ID)} | {
            field.column: Taken(field.name) for field in fields() if field.entity is entity
        }
        name = entity.file_name
        instrument = {""} if entity is Patient else {name, title(name)}
        rows.append(
            RowsMapping(
                entity,
                (RecordMapping(columns),),
                where={INSTRUMENT: frozenset(instrument)},
                # A value that was not measured, with the code that says why, is no record.
                only_if=("lab_result_value",) if entity is LabResult else (),
            )
        )
    return FileMapping("REDCap", (with_own_headers(_of_redcap(SourceMapping(rows=tuple(rows)))),))


def in_redcap(mapping: FileMapping) -> FileMapping:
    """A hospital's mapping of its own project, with what every project has."""
    return replace(mapping, sources=tuple(map(_of_redcap, mapping.sources)))


def _of_redcap(source: SourceMapping) -> SourceMapping:
    return replace(
        source,
        missing=source.missing | MISSING_CODES,
        ignore=(*source.ignore, *NOT_TAKEN),
    )


def read_dictionary(path: Path) -> Dialect:
    """What the labels and codes of a project mean. Raises Refused for another kind of file."""
    dictionary: list[Mapping[str, str]] = list(_dictionary_rows(path))
    labels = Counter(_plain(row[LABEL]) for row in dictionary)
    names = dict(ADDED_LABELS)
    choices: dict[str, dict[str, str]] = {}
    for row in dictionary:
        field, label = row[FIELD].strip(), _plain(row[LABEL])
        meanings = _choices(row[TYPE].strip(), row[CHOICES])
        if row[TYPE].strip() == "checkbox":
            for code, meaning in meanings.items():
                box = f"{field}___{code.lower().replace('-', '_')}"
                names[f"{label} (choice={meaning})"] = box
            continue
        if labels[label] == 1:
            names[label] = field
        if meanings:
            choices[field] = meanings
    beside = frozenset({path.resolve(), path.resolve().with_name(REPEATING_FILE)})
    return Dialect(names, choices, beside)


def _dictionary_rows(path: Path) -> Iterator[dict[str, str]]:
    if not path.is_file():
        raise Refused(tr("There is no file {path}.", path=path))
    [table] = read_tables(path, header_names=(FIELD,))[:1]
    if not set(_NEEDED) <= set(table.header):
        raise Refused(
            tr("{file} is not a REDCap data dictionary.", file=path.name),
            cure=tr("Download it in the project under Dictionary, as CSV."),
        )
    problems: list[Problem] = []
    for row in table.rows(problems):
        if row.cells is not None:
            yield dict(zip(table.header, row.cells, strict=True))
    if problems:
        raise Refused(str(problems[0]))


def _choices(kind: str, text: str) -> dict[str, str]:
    """Raw code -> label, of a field with choices."""
    if kind not in ("radio", "dropdown", "checkbox"):
        return {}
    found = {}
    for choice in text.split("|"):
        code, comma, label = choice.partition(",")
        if comma:
            found[code.strip()] = _plain(label)
    return found


def _plain(label: str) -> str:
    return " ".join(_MARKUP.sub("", label).split())
