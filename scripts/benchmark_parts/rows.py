"""An exact number of rows of a synthetic registry.

Whole patients in their order, and of the last one as many rows as are still wanted, so that every
row has its patient and the tables stand in the proportion that they have in a registry.
"""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

from registry.models import ENTITIES
from registry.synth import write_registry

PATIENT_COLUMN = 0
# Fewer than a synthetic patient has on average, so that there are enough.
ROWS_A_PATIENT = 30


def write_rows(rows: int, seed: int, folder: Path) -> Path:
    """Writes import files with exactly so many rows in all; returns their folder."""
    whole, exact = folder / "whole", folder / "exact"
    write_registry(rows // ROWS_A_PATIENT + 10, seed, whole)
    exact.mkdir(parents=True)
    names = [entity.file_name for entity in ENTITIES]
    of_patient = Counter(row[PATIENT_COLUMN] for name in names for row in _rows(whole, name)[1:])
    order = [row[PATIENT_COLUMN] for row in _rows(whole, names[0])[1:]]
    room = _room(of_patient, order, rows)
    for name in names:
        header, *lines = _rows(whole, name)
        with (exact / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(header)
            for line in lines:
                if room[line[PATIENT_COLUMN]]:
                    room[line[PATIENT_COLUMN]] -= 1
                    writer.writerow(line)
    return exact


def _room(of_patient: Counter[str], order: list[str], rows: int) -> Counter[str]:
    """How many rows of each patient are taken."""
    room: Counter[str] = Counter()
    for patient in order:
        room[patient] = min(of_patient[patient], rows)
        rows -= room[patient]
    if rows:
        raise SystemExit(f"The synthetic registry has {rows} rows too few.")
    return room


def _rows(folder: Path, name: str) -> list[list[str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))
