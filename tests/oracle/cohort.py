"""Reads and writes the import format: a folder with one CSV per table."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from .records import COLUMNS, Measured, Records, empty_records


def parse_cell(text: str, kind: str) -> Any:
    """A cell as the oracle holds it."""
    text = text.strip()
    if text == "":
        return None
    if kind == "date" or (kind == "stop" and len(text) == len("YYYY-MM-DD")):
        return date.fromisoformat(text)
    if kind == "number":
        return Decimal(text)
    if kind == "flag":
        return {"yes": True, "no": False}[text]
    if kind == "measured":
        if text[0] in "<>":
            return Measured(text[0], Decimal(text[1:]))
        return Measured(None, Decimal(text))
    return text


def format_cell(value: Any) -> str:
    """A cell as the import format spells it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(value)


def read_cohort(folder: Path) -> dict[str, Records]:
    """The records of every patient in a folder, by patient."""
    cohort: dict[str, Records] = {}
    # The study has no adverse events and no consents.
    for table, columns in COLUMNS.items():
        path = folder / f"{table}.csv"
        if table in ("adverse_events", "consents") and not path.exists():
            continue
        with path.open(encoding="utf-8", newline="") as file:
            for cells in csv.DictReader(file):
                row = {name: parse_cell(cells[name], kind) for name, kind in columns.items()}
                if table == "patients":
                    cohort[row["patient_id"]] = empty_records()
                cohort[row["patient_id"]][table].append(row)
    return cohort


def write_csv(patients: Iterable[Records], folder: Path) -> None:
    """Writes patients as import files; a table without rows is a file with its header."""
    folder.mkdir(parents=True, exist_ok=True)
    everyone = list(patients)
    for table, columns in COLUMNS.items():
        with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(columns)
            for records in everyone:
                for row in records[table]:
                    writer.writerow([format_cell(row[name]) for name in columns])
