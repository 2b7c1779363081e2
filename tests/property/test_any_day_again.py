"""Whatever people do, the registry as of every moment gives what was read at that moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, text

from registry.cli.analyse.analyses import ANALYSES, BY_NAME
from registry.cli.analyse.data import Data
from registry.database.engine import Database
from registry.definitions.store import add_definition
from registry.derivation.status import bring_up_to_date
from registry.entry.undo import selected, undo
from registry.errors import RegistryError
from registry.freezes import store
from tests.property.changes import PATIENTS, changes, files, import_rows, taken_in

Step = Callable[[Connection], None]
# All that analyses are made of; and some of what is made of it.
VIEWS = sorted({view for one in ANALYSES for view in one.reads} | {"status", "definition"})
TOLD = ("flow", "table1", "km", "outcomes")
STEPS = 5


def definition_added(change: str) -> Step:
    def step(connection: Connection) -> None:
        add_definition(connection, "own", "paper", [change], replace=True)

    return step


def threshold(value: int) -> Step:
    def step(connection: Connection) -> None:
        connection.execute(
            text("update reference.tdm_threshold set ifx_ug_ml = :value"), {"value": value}
        )

    return step


def undone(place: int) -> Step:
    def step(connection: Connection) -> None:
        numbers = connection.execute(
            text("select audit_id from audit.record_change order by audit_id desc limit 30")
        )
        listed = list(numbers.scalars())
        undo(connection, selected(connection, listed[place % len(listed)], command=True))

    return step


def imported(rows: dict[str, list[dict[str, Any]]]) -> Step:
    def step(connection: Connection) -> None:
        with TemporaryDirectory() as folder:
            import_rows(connection, rows, Path(folder))

    return step


steps = st.one_of(
    changes.map(lambda change: change.make),
    changes.map(lambda change: change.make),
    files().map(imported),
    st.integers(0, 30).map(undone),
    st.sampled_from(["lor_above=5", "lor_confirmations=2", "data_cut=none"]).map(definition_added),
    st.integers(1, 9).map(threshold),
)


def read(engine: Engine) -> dict[str, Any]:
    """Rows of every view that an analysis reads, without the number of the run, and documents."""
    with engine.connect() as connection:
        found: dict[str, Any] = {}
        for view in VIEWS:
            rows = connection.execute(text(f"select * from analytics.{view}")).mappings()
            told = [{key: row[key] for key in row if key != "derived_hash"} for row in rows]
            found[view] = sorted(str({**row, "run_id": None}) for row in told)
        for name in TOLD:
            data = Data(lambda: (connection, "paper"))
            found[name + " told"] = str(BY_NAME[name].reported(data))
    return found


def test_any_day_again(study: Database) -> None:
    engine = study.engine

    @settings(
        max_examples=2,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(steps, min_size=STEPS, max_size=STEPS))
    def hold(drawn: list[Step]) -> None:
        seen: list[tuple[datetime, dict[str, Any]]] = []
        for step in drawn:
            try:
                with engine.begin() as connection:
                    step(connection)
            except RegistryError:
                continue
            bring_up_to_date(engine, user="tester")
            with engine.connect() as connection:
                moment = connection.execute(text("select clock_timestamp()")).scalar_one()
            seen.append((moment, read(engine)))
        for moment, then in seen:
            with store.passing(study, moment) as database:
                now = read(database.engine)
            for name, told in then.items():
                assert now[name] == told, (name, moment)

    with engine.begin() as connection:
        for patient in PATIENTS:
            taken_in(patient).make(connection)
    hold()
