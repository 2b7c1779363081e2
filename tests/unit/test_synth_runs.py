"""A run of the synthetic registry: interrupted, refused, in little memory, ending today."""

from __future__ import annotations

import csv
import tracemalloc
from datetime import date
from pathlib import Path

import pytest

from registry.errors import Refused, WrongUsage
from registry.synth import write_registry
from tests.unit.test_synth import Tables, tables

__all__ = ["tables"]


def test_an_interrupted_run_leaves_nothing_and_made_no_child_in_advance(tmp_path: Path) -> None:
    def stop_at_three(done: int) -> None:
        assert len(list(tmp_path.glob("*.csv"))) == 0
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_registry(10**9, 1, tmp_path, progress=stop_at_three)
    assert list(tmp_path.iterdir()) == []


def test_memory_does_not_grow_with_the_number_of_children(tmp_path: Path, tables: Tables) -> None:
    assert tables  # the calendar's cache is warm, so that it does not count here
    peaks = []
    for patients in (15, 150):
        tracemalloc.start()
        write_registry(patients, 5, tmp_path / str(patients))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.3 * peaks[0]


def test_refusals_name_the_file_and_the_cure(tmp_path: Path) -> None:
    write_registry(1, 1, tmp_path / "done")
    with pytest.raises(Refused, match=r"patients\.csv.*\n.*another folder"):
        write_registry(1, 1, tmp_path / "done")
    (tmp_path / "killed").mkdir()
    (tmp_path / "killed" / "infusions.csv.part").touch()
    with pytest.raises(Refused, match=r"infusions\.csv\.part.*\n.*remove"):
        write_registry(1, 1, tmp_path / "killed")
    with pytest.raises(Refused, match="is not a folder"):
        write_registry(1, 1, tmp_path / "done" / "patients.csv")
    for patients, ratio in ((0, 0.5), (1, 0.0), (1, float("nan"))):
        with pytest.raises(WrongUsage):
            write_registry(patients, 1, tmp_path / "new", im_hazard_ratio=ratio)


DATED = (
    ("infusions", "infused_on"),
    ("pcdai_visits", "visited_on"),
    ("follow_up_ends", "ended_on"),
)


def test_a_registry_of_the_last_twelve_months(tmp_path: Path) -> None:
    ending = date(2026, 3, 1)
    for name in ("one", "two"):
        write_registry(300, 5, tmp_path / name, ending=ending)
    for table, column in DATED:
        written = (tmp_path / "one" / f"{table}.csv").read_text()
        assert written == (tmp_path / "two" / f"{table}.csv").read_text()
        days = [row[column] for row in csv.DictReader(written.splitlines())]
        assert max(days) <= "2026-03-01"
        assert max(days) > "2026-01-01"
        if table == "infusions":
            assert min(days) >= "2025-03-01"
