"""What a killed command leaves is taken away by the next, and nothing of one that lives."""

from __future__ import annotations

from datetime import UTC, datetime

from registry.database import frozen
from registry.database.engine import Database
from registry.freezes import store
from registry.freezes.make import make


def left(database: Database) -> list[str | None]:
    with database.engine.connect() as connection:
        return [place.freeze for place in frozen.places(connection, passing=True)]


def test_only_what_nobody_reads_is_swept(study: Database) -> None:
    with study.engine.connect() as connection:
        # As after a SIGKILL between the making and the end.
        make(connection, "as_of_killed", None, passing=True)
        connection.commit()
    with store.passing(study, datetime.now(UTC)) as database:
        assert database.frozen is not None
        living = [database.frozen.place.freeze]
        assert left(study) == living
        store.sweep(study.engine)
        assert left(study) == living
    assert left(study) == []
