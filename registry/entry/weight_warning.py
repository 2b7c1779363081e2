"""Warns when a weight jumps against the one nearest in time."""

from __future__ import annotations

from sqlalchemy import Connection, text

from registry.entry.facts import Answer, shown, signed
from registry.words import tr

JUMP = text(
    "select weight_kg, other_kg, other_on, other_place, apart_days, "
    "(weight_kg - other_kg) * 100 / other_kg as percent from rules.weighing "
    "where patient_id = :patient and place = :place and record_id = :record and jumped"
)


def warn_of_weight(
    connection: Connection, answer: Answer, place: str, patient: int, record: int
) -> None:
    """Adds a warning when the record's weight jumps; `place` is its table."""
    values = {"place": place, "patient": patient, "record": record}
    jump = connection.execute(JUMP, values).one_or_none()
    if jump is None:
        return
    values = {
        "weight": shown(jump.weight_kg),
        "percent": signed(round(jump.percent)),
        "other": shown(jump.other_kg),
        "on": jump.other_on,
        "place": jump.other_place,
        "days": jump.apart_days,
    }
    if jump.apart_days == 0:
        words = tr(
            "Two weights of one day: {weight} kg is {percent} % against {other} kg ({place}).",
            **values,
        )
    else:
        words = tr(
            "The weight jumps: {weight} kg is {percent} % against {other} kg of {on} ({place}), "
            "{days:day|days} apart.",
            **values,
        )
    answer.warn(words)
