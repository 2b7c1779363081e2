"""Without a data cut status and views are of one day, that of the last derivation."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import text

from registry.database.engine import Database
from registry.derivation.explanation import explain
from registry.derivation.run import derive
from registry.derivation.status import bring_up_to_date
from tests.clock import Clock

FIRST, LATER = date(2023, 6, 1), date(2023, 7, 1)

# What a view says of the end of observation or of the loss that differs from the stored status.
DISAGREEING = """
select 'adsl', s.patient_id from analytics.status s
join analytics.adsl a on a.usubjid = s.patient_id and a.definition = s.definition
where s.eligible and (a.eosdt, a.dcsreas, a.trtsdt)
    is distinct from (s.end_on, nullif(s.censor_reason, 'data_cut'), s.start_on)
    and not s.event
union all
select 'adtte', s.patient_id from analytics.status s
join analytics.adtte a on a.usubjid = s.patient_id and a.definition = s.definition
where a.paramcd = 'TTLOR' and (a.adt, a.aval) is distinct from
    (coalesce(s.event_on, s.end_on), s.time_days)
union all
select 'trough', t.patient_id from analytics.trough t
join analytics.definition d on d.name = t.definition
where t.sampled_on > d.cut_on or t.next_infusion_on > d.cut_on
union all
select 'dose_course', c.patient_id from analytics.dose_course c
join analytics.definition d on d.name = c.definition where c.infused_on > d.cut_on
union all
select 'pcdai_course', c.patient_id from analytics.pcdai_course c
join analytics.definition d on d.name = c.definition where c.visited_on > d.cut_on
union all
select 'baseline', b.patient_id from analytics.baseline b
join analytics.status s using (patient_id, definition)
where (b.time_days, b.event) is distinct from (s.time_days, s.event)
"""
WAITING = "select definition, waiting > 0, derived_on from analytics.freshness order by 1"
OPEN = (
    "select patient_id from analytics.status where definition = 'current' and eligible "
    "and censor_reason = 'data_cut' order by 1"
)


@pytest.fixture
def clock(study: Database) -> Iterator[Clock]:
    made = Clock(study.engine)
    yield made
    made.set(None)


def read(database: Database, statement: str) -> list[tuple[object, ...]]:
    with database.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(statement))]


def test_status_and_views_are_of_one_day(study: Database, clock: Clock) -> None:
    clock.set(FIRST)
    derive(study.engine, user="tester")
    assert read(study, DISAGREEING) == []
    ends = "select distinct end_on, censor_reason from analytics.status where patient_id = "
    still_open = read(study, OPEN)
    assert len(still_open) > 5
    [(child,), *_] = still_open
    assert read(study, f"{ends} '{child}' and definition = 'current'") == [(FIRST, "data_cut")]
    # A month later nobody has derived: all of it is of that day still, and says who waits.
    clock.set(LATER)
    assert read(study, DISAGREEING) == []
    assert read(study, WAITING) == [
        ("current", True, FIRST),
        ("paper", False, FIRST),
        ("recommended", False, FIRST),
    ]
    assert read(study, "select distinct cut_on from analytics.definition where name = 'current'")[
        0
    ] == (FIRST,)
    with study.engine.connect() as connection:
        explained = explain(connection, str(child), "current")
    assert explained.conclusion.startswith(f"No loss of response up to {FIRST}: nothing has ended")
    assert explained.rules[0].held_to == f"data cut none, seen up to {FIRST}"
    # Whoever analyses brings it up to date first.
    result = bring_up_to_date(study.engine, user="tester")
    assert result is not None
    assert len(still_open) <= result.examined < 85
    assert read(study, DISAGREEING) == []
    assert {waits for _, waits, _ in read(study, WAITING)} == {False}
    assert read(study, "select day from derived.derivation_run order by run_id desc limit 1") == [
        (LATER,)
    ]
    assert bring_up_to_date(study.engine, user="tester") is None


def test_a_definition_with_a_cut_does_not_move_with_the_day(study: Database, clock: Clock) -> None:
    stored = "select * from derived.lor_status where definition <> 'current' order by 1, 2"
    before = read(study, stored)
    for day in (FIRST, LATER, date(2026, 1, 1)):
        clock.set(day)
        derive(study.engine, user="tester")
        assert read(study, stored) == before
