"""Writes the records for those who read CDISC: Dataset-JSON 1.1, and ODM 2.0 beside it.

A dataset is a table with the columns of its import file, or one of the two ADaM views, under ADaM's
names in capitals. A measured value is text, since it may be a limit: `<0.4`.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from registry import __version__
from registry.export.columns import read_table
from registry.export.formats import Labelled
from registry.export.leaving import Leaving
from registry.export.odm import ODM, STUDY, VERSION, item_oid, write_odm
from registry.export.write import labelled
from registry.models import ENTITIES, Patient
from registry.models.codebook import keys

ADAM = ("adsl", "adtte")


def write_cdisc(leaving: Leaving, part: Path) -> tuple[int, dict[str, int]]:
    """Fills the folder with a dataset a table and `odm.xml`; children and rows of each file."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    rows: dict[str, int] = {}
    key = keys()
    for entity in ENTITIES:
        read = read_table(leaving.connection, entity, without=leaving.staying(entity))
        _write(part, now, read, entity.file_name, key[entity.file_name])
        rows[f"{entity.file_name}.json"] = len(read.frame)
    leave = {row["study_id"] for row in leaving.records(Patient)}
    for name in ADAM:
        read = labelled(leaving.connection, name)
        read = replace(read, frame=read.frame[read.frame["usubjid"].isin(leave)])
        _write(part, now, read, name.upper(), ("usubjid",))
        rows[f"{name.upper()}.json"] = len(read.frame)
    rows[ODM] = write_odm(leaving, part / ODM, now)
    return len(leave), rows


def _write(part: Path, now: str, read: Labelled, name: str, key: tuple[str, ...]) -> None:
    said = str.upper if name.isupper() else str
    columns = [
        {
            "itemOID": item_oid(name, said(column)),
            "name": said(column),
            "label": label or column,
            "dataType": _type(read, column),
            **({"keySequence": key.index(column) + 1} if column in key else {}),
        }
        for column, label in read.labels.items()
    ]
    cells = read.frame.astype(object).where(read.frame.notna(), None)
    document = {
        "datasetJSONCreationDateTime": now,
        "datasetJSONVersion": "1.1.0",
        "fileOID": f"{STUDY}.{name}.{now}",
        "originator": "crohn-registry",
        "sourceSystem": {"name": "crohn-registry", "version": __version__},
        "studyOID": STUDY,
        "metaDataVersionOID": VERSION,
        "metaDataRef": ODM,
        "itemGroupOID": f"IG.{name}",
        "records": len(read.frame),
        "name": name,
        "label": read.label,
        "columns": columns,
        "rows": [[_cell(value) for value in row] for row in cells.itertuples(index=False)],
    }
    (part / f"{name}.json").write_text(
        json.dumps(document, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8"
    )


def _type(read: Labelled, column: str) -> str:
    """The data type of a column, by what stands in it."""
    if column in read.dates:
        return "date"
    values = read.frame[column]
    if pd.api.types.is_bool_dtype(values):
        return "boolean"
    if pd.api.types.is_integer_dtype(values):
        return "integer"
    if pd.api.types.is_float_dtype(values):
        return "double"
    known = values.dropna()
    return (
        "boolean"
        if len(known) and known.map(lambda value: isinstance(value, bool)).all()
        else "string"
    )


def _cell(value: Any) -> Any:
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return int(value) if value.is_integer() else value
        case pd.Timestamp():
            return value.date().isoformat()
        case date():
            return value.isoformat()
    return value.item() if hasattr(value, "item") else str(value)
