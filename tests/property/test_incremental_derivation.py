"""A derivation of what has changed leaves what a derivation of everything from scratch leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from sqlalchemy import Connection, event, text

from registry.database.engine import Database, open_database
from registry.definitions.store import add_definition
from registry.derivation.run import STATUS_COLUMNS, derive
from tests.conftest import Databases, settings_for
from tests.property.changes import (
    PATIENTS,
    Change,
    changes,
    files,
    import_rows,
    taken_in,
    taken_out,
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
    "required_infusions=3",
    "response_drop=40",
    "time_zero=week14_visit",
)

Row = tuple[Any, ...]


def rows(database: Database, statement: str) -> list[Row]:
    with database.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(statement))]


def stored(database: Database) -> set[Row]:
    """Every stored status, but for the run that stored it."""
    return set(rows(database, f"select {COLUMNS}, state from derived.lor_status"))


def by_the_rules(database: Database) -> set[Row]:
    """What the rules say of the data as they are."""
    return set(rows(database, f"select {COLUMNS} from rules.loss_of_response"))


def assert_up_to_date(database: Database, definitions: list[str]) -> None:
    """The status of these definitions is what the rules say, and nobody waits for them."""
    place = STATUS_COLUMNS.index("definition")
    status = {row[:-1] for row in stored(database) if row[place] in definitions}
    assert status == {row for row in by_the_rules(database) if row[place] in definitions}
    waiting = dict(rows(database, "select definition, waiting from analytics.freshness"))
    assert {name: waiting[name] for name in definitions} == dict.fromkeys(definitions, 0)
    marks = rows(database, "select definition from derived.changed_patient")
    assert not {name for (name,) in marks} & {None, *definitions}


def assert_transitions_chain(database: Database) -> None:
    """Every change of state begins where the one before ended; the last ends at the status."""
    last: dict[tuple[str, int], str | None] = {}
    for definition, patient, from_state, to_state in rows(
        database,
        "select definition, patient_id, from_state, to_state from derived.status_transition "
        "order by run_id",
    ):
        assert last.get((definition, patient)) == from_state
        assert from_state != to_state
        last[definition, patient] = to_state
    states = rows(database, "select definition, patient_id, state from derived.lor_status")
    present = {pair: state for pair, state in last.items() if state is not None}
    assert present == {(definition, patient): state for definition, patient, state in states}


def assert_same_from_scratch(database: Database) -> None:
    """Forgets every status and derives all anew."""
    before = stored(database)
    with database.engine.begin() as connection:
        connection.execute(text("delete from derived.lor_status"))
        connection.execute(text("delete from derived.changed_patient"))
        connection.execute(text("update reference.definition set derived_hash = null"))
    derive(database.engine, user="tester", full=True)
    assert stored(database) == before


class Registry(RuleBasedStateMachine):
    """A registry of three patients in which people change things and derivations run."""

    databases: Databases
    template: str

    @initialize()
    def begin(self) -> None:
        self.url = self.databases.create(self.template)
        self.opened = open_database(settings_for(self.url))
        self.database = self.opened.__enter__()
        self.definitions = ["paper", "recommended"]
        with self.database.engine.begin() as connection:
            for patient in PATIENTS:
                taken_in(patient).make(connection)
        derive(self.database.engine, user="tester")

    @rule(drawn=st.lists(changes, min_size=1, max_size=3), kept=st.sampled_from([True, True, False]))
    def change(self, drawn: list[Change], kept: bool) -> None:
        """A transaction, carried through or rolled back."""
        with self.database.engine.connect() as connection:
            for change in drawn:
                change.make(connection)
            if kept:
                connection.commit()

    @rule(drawn=files(), kept=st.sampled_from([True, True, False]))
    def bring_in(self, drawn: dict[str, list[dict[str, Any]]], kept: bool) -> None:
        """An import with update, carried through or rolled back; it may be refused."""
        with TemporaryDirectory() as folder, self.database.engine.connect() as connection:
            if import_rows(connection, drawn, Path(folder)) and kept:
                connection.commit()

    @rule(
        name=st.sampled_from(OWN_DEFINITIONS),
        base=st.sampled_from(["paper", "recommended"]),
        parameters=st.lists(st.sampled_from(PARAMETERS), max_size=2),
    )
    def define(self, name: str, base: str, parameters: list[str]) -> None:
        """A new definition, or other parameters for one that is there."""
        with self.database.engine.begin() as connection:
            add_definition(connection, name, base, parameters, replace=True)
        self.definitions = sorted({*self.definitions, name})

    @rule(full=st.booleans())
    def derive_all(self, full: bool) -> None:
        derive(self.database.engine, user="tester", full=full)
        assert_up_to_date(self.database, self.definitions)
        assert_transitions_chain(self.database)

    @rule(place=st.integers(0, 3))
    def derive_one(self, place: int) -> None:
        name = self.definitions[place % len(self.definitions)]
        derive(self.database.engine, user="tester", definition=name)
        assert_up_to_date(self.database, [name])
        assert_transitions_chain(self.database)

    @rule()
    def look_ahead(self) -> None:
        """A derivation that is only tried tells what the next one will do, and leaves no trace."""
        before = stored(self.database), rows(self.database, "select * from analytics.freshness")
        tried = derive(self.database.engine, user="tester", dry_run=True)
        after = stored(self.database), rows(self.database, "select * from analytics.freshness")
        assert after == before
        done = derive(self.database.engine, user="tester")
        assert tried.transitions == done.transitions
        assert (tried.examined, tried.changed) == (done.examined, done.changed)

    def teardown(self) -> None:
        derive(self.database.engine, user="tester")
        assert_up_to_date(self.database, self.definitions)
        assert_transitions_chain(self.database)
        assert_same_from_scratch(self.database)
        self.opened.__exit__(None, None, None)
        self.databases.drop(str(self.url.database))


def test_any_sequence_of_changes(databases: Databases, migrated_template: str) -> None:
    Registry.databases = databases
    Registry.template = migrated_template
    run_state_machine_as_test(
        Registry,
        settings=settings(
            derandomize=True,
            deadline=None,
            max_examples=25,
            stateful_step_count=16,
            suppress_health_check=list(HealthCheck),
        ),
    )
