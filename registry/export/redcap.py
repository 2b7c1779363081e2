"""Writes the registry as a REDCap project: its data dictionary, its data, what repeats."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from sqlalchemy import Connection, text

from registry.models import ENTITIES, Patient, table_of
from registry.models.redcap_fields import (
    DICTIONARY_HEADER,
    INSTANCE,
    INSTRUMENT,
    RECORD_ID,
    REPEATING_FILE,
    Field,
    data_dictionary,
    fields,
    raw_code,
)
from registry.parsing.formula import kept_from_running
from registry.records.cells import spelled
from registry.steps import each
from registry.variables import Kind
from registry.whole_file import write_folder
from registry.words import tr

DICTIONARY_FILE = "data_dictionary.csv"
DATA_FILE = "data.csv"


def write_redcap(connection: Connection, folder: Path, *, force: bool = False) -> int:
    """Writes the three files into the folder, which is made; returns the rows of data.

    Raises Refused where something is there, without `force`, or it cannot be written.
    """
    known = list(fields())
    header = [RECORD_ID, INSTRUMENT, INSTANCE, *(field.name for field in known)]
    repeating = [
        {"form_name": entity.file_name, "custom_form_label": ""}
        for entity in ENTITIES
        if entity is not Patient
    ]

    def write(part: Path) -> int:
        _write(part / DICTIONARY_FILE, DICTIONARY_HEADER, data_dictionary())
        _write(part / REPEATING_FILE, ("form_name", "custom_form_label"), repeating)
        return _write(part / DATA_FILE, header, _data(connection, known))

    return write_folder(folder, write, last=DATA_FILE, force=force)


def _write(path: Path, header: Iterable[str], rows: Iterable[Mapping[str, str]]) -> int:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(header), restval="", lineterminator="\n")
        writer.writeheader()
        return sum(1 for row in rows if writer.writerow(row))


def _data(connection: Connection, known: list[Field]) -> Iterator[dict[str, str]]:
    """A row per patient, then a row per record of each instrument, numbered patient by patient."""
    for entity in each(ENTITIES, lambda one: tr("Writing {name}", name=one.file_name)):
        of_entity = [field for field in known if field.entity is entity]
        table = table_of(entity)
        columns = ", ".join(
            f"{spelled('t', field.column, field.variable)} as {field.name}" for field in of_entity
        )
        order = "".join(f", t.{name}" for name in entity.natural_key)
        rows = connection.execution_options(stream_results=True).execute(
            text(
                f"select n.study_id, row_number() over (partition by n.study_id order by 1{order}) "
                f"as instance, {columns} from {table.schema}.{table.name} t "
                f"join reference.patient_number n using (patient_id) order by n.study_id{order}"
            )
        )
        for row in rows.mappings():
            repeated = {INSTRUMENT: entity.file_name, INSTANCE: str(row["instance"])}
            yield {
                RECORD_ID: row["study_id"],
                **(repeated if entity is not Patient else {}),
                **{field.name: _raw(field, row[field.name]) for field in of_entity},
            }


def _raw(field: Field, value: str | None) -> str:
    """The value as REDCap keeps it."""
    if not value:
        return ""
    match field.variable.kind:
        case Kind.FLAG:
            return "1" if value == "yes" else "0"
        case Kind.CODE:
            return raw_code(value)
        case Kind.TEXT:
            return str(kept_from_running(value))
        case _:
            return value
