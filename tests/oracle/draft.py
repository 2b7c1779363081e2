"""The tools that random patients are built with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any, TypeVar

from .records import COLUMNS, DATED_BY, Records, certain_stop, empty_records, latest_stop

T = TypeVar("T")

# No patient has a record after this day, whatever the day on which the tests run.
LAST_DAY = date(2026, 1, 1)

# The data cuts and the tails of exposure that definitions use: patients have records around each.
CUTS = (date(2023, 12, 31), date(2022, 6, 30), date(2020, 2, 29), date(2024, 2, 29))
TAILS = (0, 28, 55, 56, 57, 70)

NATURAL_KEYS = {
    "phenotypes": ("assessed_on",),
    "anthropometry": ("measured_on",),
    "infusions": ("infused_on",),
    "tdm_levels": ("sampled_on", "assay"),
    "pcdai_visits": ("visited_on",),
    "lab_results": ("collected_on", "analyte"),
    "medications": ("drug", "started_on"),
    "endoscopies": ("performed_on",),
    "surgeries": ("performed_on", "procedure"),
    "gene_findings": ("hgvs_c",),
    "conditions": ("condition", "onset_on"),
    "follow_up_ends": ("patient_id",),
}
STOPS = {"medications": "stopped_on", "conditions": "resolved_on"}


def weighted(rng: Random, options: Sequence[tuple[int, T]]) -> T:
    """One of the options, each as likely as its weight."""
    return rng.choices([option for _, option in options], [weight for weight, _ in options])[0]


def decimals(*texts: str) -> list[Decimal]:
    """Exact numbers from their spelling."""
    return [Decimal(text) for text in texts]


@dataclass
class Draft:
    """A patient in the making.

    `start_on` is the day around which everything is placed, also in a patient without infusions;
    `troubles` are the reasons for exclusion that the patient is meant to have.
    """

    rng: Random
    patient_id: str
    birth_date: date
    start_on: date
    troubles: frozenset[str]
    records: Records = field(default_factory=empty_records)

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def pick(self, options: Sequence[T]) -> T:
        return self.rng.choice(options)

    def day(self, number: int) -> date:
        """Day 0 is the day of the first infusion."""
        return self.start_on + timedelta(days=number)

    def add(self, table: str, **cells: Any) -> bool:
        """Adds a row unless it would be refused: a day out of bounds, a key already taken."""
        row = {name: cells.get(name) for name in COLUMNS[table]}
        row["patient_id"] = self.patient_id
        days = [row[DATED_BY[table]]]
        if table in STOPS:
            # Of a period its last day may not lie before the start, and its first counts.
            stop = row[STOPS[table]]
            if isinstance(stop, str):
                if latest_stop(row) < days[0]:
                    return False
                stop = certain_stop(row)
            days.append(stop)
            if days[1] is not None and days[1] < days[0]:
                return False
        if any(day is not None and not self.birth_date <= day <= LAST_DAY for day in days):
            return False
        key = [row[name] for name in NATURAL_KEYS[table]]
        for other in self.records[table]:
            if [other[name] for name in NATURAL_KEYS[table]] == key:
                return False
        self.records[table].append(row)
        return True

    def infusion_days(self) -> list[date]:
        return [row["infused_on"] for row in self.records["infusions"]]

    def fourth_on(self) -> date:
        """The day of infusion 4, or its planned day."""
        days = self.infusion_days()
        return days[3] if len(days) >= 4 else self.day(98)

    def ends(self) -> list[date]:
        """Days on which the observation may end, by one definition or another."""
        days = [row["ended_on"] for row in self.records["follow_up_ends"]]
        if self.records["infusions"]:
            last_on = max(self.infusion_days())
            days.extend(last_on + timedelta(days=tail) for tail in TAILS)
        return [*days, *CUTS]
