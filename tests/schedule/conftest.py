"""A plan, a clock that a test sets, and losses of response that come and go."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from registry.cli.schedule.work import work_of_night
from registry.database.engine import Database, open_database
from registry.schedule.night import Night, Work, run_night
from registry.schedule.plan import Plan, read_plan
from tests.conftest import Databases, settings_for

BEGIN = datetime(2026, 3, 1, 1, tzinfo=UTC)
WORK = work_of_night("tester")
# Without the two steps that read the whole registry, for nights that are watched for losses.
LITTLE = replace(WORK, worklist=lambda _: [], quality=lambda _database, _day: "not tonight")
# No folder can be made there.
NOWHERE = Path("/dev/null/backups")
# After the window of week 14, so that it decides on nothing but the loss.
ENTER_LOSS = """
insert into clinical.pcdai_visit (patient_id, visited_on, total)
select patient_id, week14_on + 40, 40 from derived.lor_status s
join reference.patient_number n using (patient_id)
where n.study_id = :patient and s.definition = 'paper'
"""
TAKE_BACK = """
delete from clinical.pcdai_visit v using derived.lor_status s, reference.patient_number n
where s.patient_id = v.patient_id and n.patient_id = v.patient_id and s.definition = 'paper'
and n.study_id = :patient and v.visited_on = s.week14_on + 40
"""


@dataclass
class Nights:
    """Runs nights on one registry, an hour later each time."""

    database: Database
    plan: Plan
    now: datetime = BEGIN

    def run(self, *, backup: bool = False, work: Work = LITTLE, **options: Any) -> Night | None:
        """A night, unless told without a backup: that step takes longer than all the rest."""
        self.now += timedelta(hours=1)
        plan = self.plan if backup else replace(self.plan, backup_dir=NOWHERE)
        return run_night(
            self.database, plan, work, user="tester", clock=lambda: self.now, **options
        )

    def done(self, **options: Any) -> Night:
        """A night that must have been run."""
        night = self.run(**options)
        assert night is not None
        return night

    def report(self, **options: Any) -> dict[str, Any]:
        """What a night reports."""
        return self.done(**options).to_json()

    def reports(self) -> list[dict[str, Any]]:
        """Every report as its file has it, in order."""
        found = [json.loads(path.read_text()) for path in self.plan.report_dir.glob("*.json")]
        return sorted(found, key=lambda report: report["night_id"])


def execute(database: Database, statement: str, **values: Any) -> Any:
    """Runs and commits a statement, with a reason."""
    with database.engine.begin() as connection:
        connection.execute(text("select set_config('registry.reason', 'a test', true)"))
        result = connection.execute(text(statement), values)
        return [tuple(row) for row in result] if result.returns_rows else None


def sustained(database: Database, number: int) -> list[str]:
    """Some patients who have not lost response by any definition, with room for a visit."""
    rows = execute(
        database,
        "select n.study_id from derived.lor_status s "
        "join reference.patient_number n using (patient_id) "
        "where s.end_on > s.week14_on + 40 and not exists (select from clinical.pcdai_visit v "
        "where v.patient_id = s.patient_id and v.visited_on = s.week14_on + 40) "
        "group by 1 having bool_and(s.state = 'sustained_response') and count(*) = 3 "
        "order by 1 limit :number",
        number=number,
    )
    assert len(rows) == number
    return [patient for (patient,) in rows]


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    given = {"timezone": "Europe/Berlin", "verify-every": "never"}
    return read_plan(given, config=None, home=tmp_path / "home")


@pytest.fixture(scope="module")
def used_study(databases: Databases, study_template: str) -> Iterator[Database]:
    """The study in a registry that a module's tests use one after the other."""
    url = databases.create(study_template)
    with open_database(settings_for(url)) as opened:
        yield opened
    assert url.database is not None
    databases.drop(url.database)


@pytest.fixture
def nights(used_study: Database, plan: Plan) -> Nights:
    """Nights on the study; what it held before is reported."""
    made = Nights(used_study, plan)
    made.done()
    return made
