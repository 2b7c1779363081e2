"""How much longer an import takes by hospital number than by study id: the same 10,000 rows.

Run as `python scripts/benchmark_identity.py`, on an embedded server of its own that is thrown away.
Prints the median of each, in turn, and their ratio.
"""

from __future__ import annotations

import csv
import tempfile
from datetime import date, timedelta
from pathlib import Path

from benchmark_parts.registries import opened
from benchmark_parts.timings import Timings

from registry.database.engine import Database
from registry.identity.numbers import KnownNumbers
from registry.identity.store import Link, link
from registry.importing.run import import_files
from registry.records.change import declare_change
from registry.records.numbered import Numbered, Numbers

CHILDREN, ROWS, TIMES = 400, 10_000, 15


def main() -> None:
    """Makes the files and the registry, then imports in turn, each rolled back."""
    timings = Timings()
    with (
        tempfile.TemporaryDirectory() as folder,
        opened(Path(folder) / "home", Timings()) as database,
    ):
        _fill(database, Path(folder))
        for _ in range(TIMES):
            for way in ("study_id", "number"):
                _import(database, Path(folder, way, "anthropometry.csv"), way, timings)
    study_id, number = timings.median("study_id"), timings.median("number")
    print(
        f"by study id {study_id:.3f} s, by hospital number {number:.3f} s: {number / study_id:.3f}"
    )


def _fill(database: Database, here: Path) -> None:
    ids = [f"P{place:04}" for place in range(CHILDREN)]
    patients = here / "patients.csv"
    with patients.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["patient_id", "centre", "sex", "birth_date", "diagnosis"])
        writer.writerows([one, "BCH", "male", "2010-01-01", "CD"] for one in ids)
    for way in ("study_id", "number"):
        (here / way).mkdir()
        with (here / way / "anthropometry.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(["patient_id", "measured_on", "height_cm", "weight_kg"])
            for row in range(ROWS):
                child, visit = row % CHILDREN, row // CHILDREN
                named = ids[child] if way == "study_id" else f"{70_000_000 + child * 7919}"
                day = date(2016, 1, 1) + timedelta(days=28 * visit)
                writer.writerow([named, day, 120 + visit, 25 + visit / 10])
    with database.engine.begin() as connection:
        declare_change(connection, user="benchmark", command="benchmark", reason="benchmark")
        assert not import_files(connection, [patients]).errors
        link(
            connection,
            [Link(one, "BCH", f"{70_000_000 + place * 7919}") for place, one in enumerate(ids)],
        )


def _import(database: Database, file: Path, way: str, timings: Timings) -> None:
    with database.engine.connect() as connection:
        declare_change(connection, user="benchmark", command="benchmark", reason="benchmark")
        known = KnownNumbers(connection)
        by_number = Numbered(Numbers(known.study_ids, known.give), centre="BCH", register=False)
        numbered = by_number if way == "number" else None
        with timings.of(way):
            result = import_files(connection, [file], numbered=numbered)
        assert result.tables["anthropometry"].inserted == ROWS, result.errors[:3]
        connection.rollback()


if __name__ == "__main__":
    main()
