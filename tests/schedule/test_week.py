"""A week of nights in a registry of today: its children's records are entered day by day."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import text

from registry.database.engine import Database
from registry.importing.run import import_files
from registry.records.change import declare_change
from registry.schedule.plan import Plan
from registry.synth import write_registry
from tests.clock import Clock
from tests.oracle.cohort import read_cohort, write_csv
from tests.oracle.definition import CURRENT
from tests.oracle.records import DATED_BY, Records, empty_records
from tests.oracle.rules import status

from .conftest import Nights

DAY = timedelta(days=1)
WEEK = 7
# Of the children of a year; the others serve to be passed over.
CHILDREN, OTHERS = 900, 25
# Of what is dated so short a time ago some is entered in the course of the week.
LATE = timedelta(days=150)
COMPARED = (
    *("eligible", "reason", "start_on", "induction_outcome", "event", "event_on"),
    *("end_on", "time_days", "censor_reason", "last_negative_on"),
)

Losses = dict[str, date]
Entered = tuple[date, str, dict[str, Any]]


def children_of_today(folder: Path, today: date) -> list[Records]:
    """Those who lose response within the year up to today, and some others."""
    write_registry(CHILDREN, 4, folder, ending=today)
    children = list(read_cohort(folder).values())
    lost = [one for one in children if status(one, replace(CURRENT, data_cut=today))["event"]]
    others = [one for one in children if one not in lost]
    return [*lost, *others[:OTHERS]]


def entered(child: Records, begin: date, rng: Random) -> list[Entered]:
    """Every record of a child with the day on which it is entered, never before its own."""
    found = []
    for table, dated_by in DATED_BY.items():
        for row in child[table]:
            dated = row[dated_by] or begin
            late = dated > begin - LATE and rng.random() < 0.6
            day = begin + rng.randrange(WEEK) * DAY if late else begin
            found.append((max(dated, day), table, row))
    return found


def known(child: Records, records: list[Entered], day: date, since: date = date.min) -> Records:
    """What has been entered of a child after `since` and up to that day."""
    found = empty_records() | {"patients": child["patients"]}
    for on, table, row in records:
        if since < on <= day:
            found[table] = [*found[table], row]
    return found


def test_every_loss_is_reported_in_the_night_after_it_is_entered(
    registry: Database, plan: Plan, tmp_path: Path
) -> None:
    today, rng, clock = date.today(), Random(1), Clock(registry.engine)
    begin = today - WEEK * DAY
    children = {
        one["patients"][0]["patient_id"]: one
        for one in children_of_today(tmp_path / "synthetic", today)
    }
    records = {name: entered(child, begin, rng) for name, child in children.items()}
    nights = Nights(registry, plan)
    lost: Losses = {}
    reported: list[str] = []
    before = date.min
    for day in (begin + number * DAY for number in range(WEEK)):
        clock.set(day)
        new = [known(child, records[name], day, before) for name, child in children.items()]
        enter(registry, new, tmp_path / day.isoformat())
        before = day
        # The night after the day is of the next.
        night = day + DAY
        clock.set(night)
        nights.now = datetime.combine(night, time(1), UTC)
        report = nights.report()
        held_to = replace(CURRENT, data_cut=night)
        expected = {
            name: status(known(child, records[name], day), held_to)
            for name, child in children.items()
        }
        assert statuses(registry) == {
            name: {key: one[key] for key in COMPARED} for name, one in expected.items()
        }
        now = {name: one["event_on"] for name, one in expected.items() if one["event"]}
        found = [(one["patient_id"], one["on"]) for one in report["new_losses"]]
        assert found == sorted((name, str(on)) for name, on in now.items() if name not in lost)
        taken_back = {one["patient_id"] for one in report["withdrawn_losses"]}
        assert taken_back == lost.keys() - now.keys()
        assert {one["definition"] for one in report["new_losses"]} <= {"current"}
        said = (plan.report_dir / f"{report['name']}.md").read_text()
        assert "New losses of response: 0" not in said
        assert "- paper: infusions of " in said
        reported += [name for name, _ in found]
        lost = now
    first = nights.reports()[0]["new_losses"]
    assert len(reported) > len(first) > 0, "some were entered in the week"


def enter(registry: Database, children: list[Records], folder: Path) -> None:
    """Brings records in as people do, as files."""
    write_csv(children, folder)
    with registry.engine.begin() as connection:
        declare_change(connection, user="tester", command="import", reason=None)
        assert import_files(connection, [folder]).errors == []


def statuses(registry: Database) -> dict[str, dict[str, Any]]:
    """The stored status of every child by the registry's own default."""
    with registry.engine.connect() as connection:
        rows = connection.execute(
            text(
                f"select patient_id, {', '.join(COMPARED)} from analytics.status "
                "join analytics.definition d on d.name = definition and d.is_default"
            )
        ).mappings()
        return {row["patient_id"]: {key: row[key] for key in COMPARED} for row in rows}
