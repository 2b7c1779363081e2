"""Answers an entered record with what the registry knows of it."""

from __future__ import annotations

from sqlalchemy import Connection

from registry.entry.facts import Answer, Fact
from registry.records.source import Entity

__all__ = ["Answer", "Fact", "answer"]


def answer(
    connection: Connection,
    entity: Entity,
    patient: int,
    record: int | None,
    definition: str = "paper",
) -> Answer:
    """What the registry says to a record that stands in the tables, also before a commit.

    `patient` is the registry's number, `record` the record's (None for a patient). Warnings never
    refuse.
    """
    return Answer()
