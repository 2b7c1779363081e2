"""Tries out a definition: what every patient's status would be, for as long as a transaction."""

from __future__ import annotations

from sqlalchemy import Connection, text

from registry.models.status_columns import NO_RUN, STATUS_COLUMNS, status_hash


def derive_on_trial(connection: Connection, definition: str) -> None:
    """Puts every patient's status under a definition that has none yet where the views read it.

    It is tried out: unlike a run it takes no lock, leaves no trace of itself and must not be
    committed; the caller rolls back.
    """
    listed = ", ".join(STATUS_COLUMNS)
    connection.execute(
        text(
            f"insert into derived.lor_status ({listed}, run_id, row_hash) "
            f"select {listed}, :run, {status_hash('r', ':run')} "
            "from rules.loss_of_response r where definition = :name"
        ),
        {"run": NO_RUN, "name": definition},
    )
