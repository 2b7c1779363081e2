"""Whatever was done since a moment: undone, the clinical tables are as they were; and back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from registry.database.engine import Database
from registry.entry.undo import selected_since, undo
from registry.errors import RegistryError
from registry.models import ENTITIES, table_of
from tests.property.changes import PATIENTS, changes, files, taken_in
from tests.property.test_any_day_again import Step, imported, undone

STEPS = 8

steps = st.one_of(
    changes.map(lambda change: change.make),
    changes.map(lambda change: change.make),
    files().map(imported),
    st.integers(0, 30).map(undone),
)


def read(engine: Engine) -> dict[str, list[str]]:
    """Every record of every clinical table, without its version; and the moment after it."""
    with engine.connect() as connection:
        return {
            table_of(entity).name: list(
                connection.execute(
                    text(
                        "select (to_jsonb(t) - 'row_version')::text from "
                        f"{table_of(entity).fullname} t order by 1"
                    )
                ).scalars()
            )
            for entity in ENTITIES
        }


def now(engine: Engine) -> datetime:
    with engine.connect() as connection:
        moment: Any = connection.execute(text("select clock_timestamp()")).scalar_one()
    assert isinstance(moment, datetime)
    return moment


def undo_since(engine: Engine, moment: datetime) -> None:
    with engine.begin() as connection:
        undo(connection, selected_since(connection, moment))


def test_undone_since_any_moment_and_back(registry: Database) -> None:
    engine = registry.engine

    @settings(
        max_examples=8,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(steps, min_size=2, max_size=STEPS), st.integers(0, STEPS - 1))
    def hold(drawn: list[Step], place: int) -> None:
        held, moment = read(engine), now(engine)
        for number, step in enumerate(drawn):
            if number == place:
                held, moment = read(engine), now(engine)
            try:
                with engine.begin() as connection:
                    step(connection)
            except RegistryError:
                continue
        after, then = read(engine), now(engine)
        undo_since(engine, moment)
        assert read(engine) == held
        undo_since(engine, then)
        assert read(engine) == after

    with engine.begin() as connection:
        for patient in PATIENTS:
            taken_in(patient).make(connection)
    hold()
