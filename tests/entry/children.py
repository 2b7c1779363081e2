"""Children and records written into the tables, as an entry leaves them before a commit."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, text

from registry.entry.answers.answer import Answer, answer
from registry.hgvs import normalised_protein_change
from registry.models import ENTITIES, table_of

ENTITY = {table_of(entity).name: entity for entity in ENTITIES}
START = date(2020, 1, 6)
INDUCTION = (0, 14, 42, 98)


def on(day: int) -> date:
    """The date of a day of the course."""
    return START + timedelta(days=day)


def add_child(
    connection: Connection,
    study_id: str = "E001",
    *,
    sex: str = "male",
    birth: date | str = "2009-01-06",
    **person: Any,
) -> int:
    """A child; returns the registry's number."""
    number = connection.execute(
        text("insert into reference.patient_number (study_id) values (:id) returning patient_id"),
        {"id": study_id},
    ).scalar_one()
    values = {"sex": sex, "birth_date": birth, "centre": "C1", "diagnosis": "CD"} | person
    insert(connection, "patient", {"patient_id": number} | values)
    return int(number)


def add(connection: Connection, table: str, patient: int, **values: Any) -> int:
    """A record; returns its number."""
    if table == "gene_finding" and values.get("hgvs_p"):
        values["hgvs_p_normalised"] = normalised_protein_change(values["hgvs_p"])
    return insert(connection, table, {"patient_id": patient} | values, "record_id")


def insert(
    connection: Connection, table: str, values: dict[str, Any], returning: str = "patient_id"
) -> int:
    """One row."""
    listed, held = ", ".join(values), ", ".join(f":{name}" for name in values)
    statement = f"insert into clinical.{table} ({listed}) values ({held}) returning {returning}"
    return int(connection.execute(text(statement), values).scalar_one())


def give(connection: Connection, patient: int, *days: int, dose: float = 150) -> list[int]:
    """Infusions on these days of the course, for 30 kg."""
    return [
        add(connection, "infusion", patient, infused_on=on(day), dose_mg=dose, weight_kg=30)
        for day in days
    ]


def see(connection: Connection, patient: int, scores: dict[int, float]) -> list[int]:
    """Visits with a declared total on these days of the course."""
    return [
        add(connection, "pcdai_visit", patient, visited_on=on(day), total=total)
        for day, total in scores.items()
    ]


def answered(
    connection: Connection, table: str, patient: int, record: int | None, definition: str = "paper"
) -> Answer:
    """What the registry says to the record."""
    return answer(connection, ENTITY[table], patient, record, definition)


def text_of(answer: Answer, key: str) -> str:
    """The words of one fact."""
    return next(fact.text for fact in answer.facts if fact.key == key)
