"""A derivation of what has changed leaves what a derivation of everything from scratch leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Connection, Engine, event, text

from registry.database.engine import Database
from registry.definitions.store import add_definition
from registry.derivation.run import derive
from registry.models.status_columns import STATUS_COLUMNS
from tests.clock import Clock
from tests.property.changes import (
    PATIENTS,
    START_ON,
    TABLES,
    Change,
    changes,
    files,
    import_rows,
    on,
    taken_in,
    taken_out,
    turned,
)

COLUMNS = ", ".join(STATUS_COLUMNS)
OWN_DEFINITIONS = ("own", "another")
PARAMETERS = (
    "lor_above=5",
    "lor_above=15",
    "lor_confirmations=2",
    "lor_requires_rise=yes",
    "exposure_tail_days=56",
    "exposure_tail_days=none",
    "data_cut=2022-06-01",
    "data_cut=none",
    "required_infusions=3",
    "response_drop=40",
    "time_zero=week14_visit",
)
MOSTLY = st.sampled_from([True, True, False])

# What the rules say today: those of a definition without a data cut see up to today.
TODAYS = f"""
select {COLUMNS} from rules.loss_of_response
where definition in (select name from reference.definition where data_cut is not null)
union all
select {COLUMNS} from present.loss_of_response
where definition in (select name from reference.definition where data_cut is null)
"""

# Neither waiting nor of a definition that is behind as a whole.
MISSED = f"""
with todays as materialized ({TODAYS})
select definition, patient_id
from (
    (select * from todays except select {COLUMNS} from derived.lor_status)
    union all
    (select {COLUMNS} from derived.lor_status except select * from todays)
) differing
join analytics.freshness f using (definition)
where not f.rules_changed and (definition, patient_id) not in (
    select definition, patient_id from rules.waiting_patient
)
"""

# The last that the audit says of every record, and the records that are there.
AUDITED = """
select table_name, new_values from (
    select distinct on (table_name, patient_id, record_id) table_name, new_values
    from audit.record_change where table_name <> 'patient_number'
    order by table_name, patient_id, record_id, audit_id desc
) last where new_values is not null
"""
THERE = " union all ".join(
    f"select '{name}', to_jsonb(t) from clinical.{name} t" for name in TABLES
)

Row = tuple[Any, ...]


def rows(connection: Connection, statement: str) -> list[Row]:
    return [tuple(row) for row in connection.execute(text(statement))]


def stored(connection: Connection) -> set[Row]:
    """Every stored status, but for the run that stored it."""
    return set(rows(connection, f"select {COLUMNS} from derived.lor_status"))


def assert_up_to_date(database: Database, definitions: list[str]) -> None:
    """The status of these definitions is what the rules say, and nobody waits for them."""
    place = STATUS_COLUMNS.index("definition")
    with database.engine.connect() as connection:
        by_the_rules = rows(connection, TODAYS)
        status = {row for row in stored(connection) if row[place] in definitions}
        assert status == {row for row in by_the_rules if row[place] in definitions}
        waiting = dict(rows(connection, "select definition, waiting from analytics.freshness"))
        assert {name: waiting[name] for name in definitions} == dict.fromkeys(definitions, 0)
        marks = rows(connection, "select definition from derived.changed_patient")
        assert not {name for (name,) in marks} & {None, *definitions}


def assert_transitions_chain(database: Database) -> None:
    """Every change of state begins where the one before ended; the last ends at the status."""
    with database.engine.connect() as connection:
        transitions = rows(
            connection,
            "select definition, patient_id, from_state, to_state from derived.status_transition "
            "order by run_id",
        )
        states = rows(connection, "select definition, patient_id, state from derived.lor_status")
    last: dict[tuple[str, int], str | None] = {}
    for definition, patient, from_state, to_state in transitions:
        assert last.get((definition, patient)) == from_state
        assert from_state != to_state
        last[definition, patient] = to_state
    present = {pair: state for pair, state in last.items() if state is not None}
    assert present == {(definition, patient): state for definition, patient, state in states}


def assert_same_from_scratch(database: Database) -> None:
    """Forgets every status and derives all anew."""
    with database.engine.begin() as connection:
        before = stored(connection)
        connection.execute(text("delete from derived.lor_status"))
        connection.execute(text("delete from derived.changed_patient"))
        connection.execute(text("update reference.definition set derived_hash = null"))
    derive(database.engine, user="tester", full=True)
    with database.engine.connect() as connection:
        assert stored(connection) == before


def forget_everything(connection: Connection) -> None:
    """A registry as it is after the migration: quicker than another copy of its database."""
    only_added = ("derived.status_transition", "derived.derivation_run")
    for table in only_added:
        connection.execute(text(f"alter table {table} disable trigger append_only"))
    for table in (
        *(f"clinical.{name}" for name in TABLES),
        "derived.lor_status",
        "derived.changed_patient",
        *only_added,
    ):
        connection.execute(text(f"delete from {table}"))
    for table in only_added:
        connection.execute(text(f"alter table {table} enable trigger append_only"))
    connection.execute(
        text(
            "delete from reference.definition where name not in ('current', 'paper', 'recommended')"
        )
    )
    connection.execute(text("update reference.definition set derived_hash = null"))


class Registry(RuleBasedStateMachine):
    """A registry of three patients in which people change things and derivations run."""

    database: Database
    clock: Clock
    today: date

    @initialize()
    def begin(self) -> None:
        self.definitions = ["current", "paper", "recommended"]
        self.today = on(100)
        self.clock.set(self.today)
        with self.database.engine.begin() as connection:
            forget_everything(connection)
            for patient in PATIENTS:
                taken_in(patient).make(connection)
        derive(self.database.engine, user="tester")

    @invariant()
    def nobody_is_missed(self) -> None:
        """Whoever's status is no longer what the rules say waits for a derivation."""
        with self.database.engine.connect() as connection:
            assert rows(connection, MISSED) == []

    @rule(days=st.sampled_from([1, 1, 14, 60, 300, -1, -200]))
    def time_goes_on(self, days: int) -> None:
        """The day moves by itself; a clock that was wrong is put back."""
        self.today += timedelta(days=days)
        self.clock.set(self.today)

    @rule(drawn=st.lists(changes, min_size=1, max_size=3), kept=MOSTLY)
    def change(self, drawn: list[Change], kept: bool) -> None:
        """A transaction, carried through or rolled back."""
        with self.database.engine.connect() as connection:
            for change in drawn:
                change.make(connection)
            if kept:
                connection.commit()

    @rule(drawn=files(), kept=MOSTLY)
    def bring_in(self, drawn: dict[str, list[dict[str, Any]]], kept: bool) -> None:
        """An import with update, carried through or rolled back; it may be refused."""
        with TemporaryDirectory() as folder, self.database.engine.connect() as connection:
            if import_rows(connection, drawn, Path(folder)) and kept:
                connection.commit()

    @rule(
        name=st.sampled_from(OWN_DEFINITIONS),
        base=st.sampled_from(["current", "paper", "recommended"]),
        parameters=st.lists(st.sampled_from(PARAMETERS), max_size=2),
    )
    def define(self, name: str, base: str, parameters: list[str]) -> None:
        """A new definition, or other parameters for one that is there."""
        with self.database.engine.begin() as connection:
            add_definition(connection, name, base, parameters, replace=True)
        self.definitions = sorted({*self.definitions, name})

    @rule(place=st.integers(0, 3) | st.none(), full=st.sampled_from([False, False, True]))
    def derive(self, place: int | None, full: bool) -> None:
        """For one definition or for all."""
        name = None if place is None else self.definitions[place % len(self.definitions)]
        derive(self.database.engine, user="tester", definition=name, full=full)
        assert_up_to_date(self.database, self.definitions if name is None else [name])
        assert_transitions_chain(self.database)

    @rule()
    def try_first(self) -> None:
        """A derivation that is only tried tells what the next one will do, and leaves no trace."""
        tried = derive(self.database.engine, user="tester", dry_run=True)
        done = derive(self.database.engine, user="tester")
        assert tried.run_id is None
        assert tried.transitions == done.transitions
        assert (tried.examined, tried.changed) == (done.examined, done.changed)

    def teardown(self) -> None:
        derive(self.database.engine, user="tester")
        assert_up_to_date(self.database, self.definitions)
        assert_transitions_chain(self.database)
        assert_same_from_scratch(self.database)
        with self.database.engine.connect() as connection:
            audited, there = rows(connection, AUDITED), rows(connection, THERE)
        assert sorted(audited, key=str) == sorted(there, key=str)
        self.clock.set(None)


def test_any_sequence_of_changes(registry: Database) -> None:
    Registry.database = registry
    Registry.clock = Clock(registry.engine)
    run_state_machine_as_test(
        Registry,
        settings=settings(
            derandomize=True,
            deadline=None,
            max_examples=7,
            stateful_step_count=18,
            suppress_health_check=list(HealthCheck),
        ),
    )


# What a writer does to three patients who keep their response; each changes someone's state.
WRITERS = {
    "a loss is found": turned("A"),
    "the baselines are voided": Change(
        (f"delete from clinical.pcdai_visit where visited_on < '{START_ON}'",)
    ),
    "the births are corrected": Change(("update clinical.patient set birth_date = '2004-01-03'",)),
    "a patient is taken out": taken_out("A"),
    "a patient is new": taken_in("D"),
}


@contextmanager
def before_statement(
    engine: Engine, number: int, action: Callable[[], None]
) -> Iterator[list[str]]:
    """Acts before so many statements of the engine have been sent; lists the one it came before."""
    sent = count()
    reached: list[str] = []

    def listener(*arguments: Any) -> None:
        if next(sent) == number:
            reached.append(arguments[2])
            action()

    event.listen(engine, "before_cursor_execute", listener)
    try:
        yield reached
    finally:
        event.remove(engine, "before_cursor_execute", listener)


@pytest.fixture
def three(registry: Database) -> Database:
    """A registry of three patients who keep their response, derived."""
    with registry.engine.begin() as connection:
        for patient in PATIENTS:
            taken_in(patient).make(connection)
    derive(registry.engine, user="tester")
    return registry


@pytest.mark.parametrize("writer", WRITERS)
def test_a_change_that_is_committed_after_a_run_waits_for_the_next(
    three: Database, writer: str
) -> None:
    with three.engine.connect() as connection:
        WRITERS[writer].make(connection)
        during = derive(three.engine, user="tester", full=True)
        assert during.changed == 0
        connection.commit()
    assert derive(three.engine, user="tester").transitions
    assert_up_to_date(three, ["current", "paper", "recommended"])
    assert_transitions_chain(three)
    assert_same_from_scratch(three)


@pytest.mark.parametrize("definition", ["paper", None])
def test_a_change_that_is_committed_at_any_moment_of_a_run_is_not_lost(
    three: Database, definition: str | None
) -> None:
    """Before its first statement, before its second, and so on to the last."""
    moment, came = 0, True
    while came:
        with three.engine.connect() as writer, three.engine.connect() as other:
            turned("A").make(writer)
            turned("B").make(other)
            other.commit()
            with before_statement(three.engine, moment, writer.commit) as reached:
                derive(three.engine, user="tester", definition=definition)
            came = bool(reached)
            writer.commit()
        derive(three.engine, user="tester")
        assert_up_to_date(three, ["current", "paper", "recommended"])
        moment += 1
    assert moment > 10
    assert_transitions_chain(three)
