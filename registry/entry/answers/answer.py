"""Answers an entered record with what the registry knows of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from sqlalchemy import Connection, text

from registry.entry.answers.findings import Answer, Fact
from registry.models import Patient, PatientRecord, table_of
from registry.parsing.formula import would_run
from registry.records.plausibility import findings_of_record
from registry.records.registry_setting import definition_or_default
from registry.records.rows import Entity, dictionary_columns
from registry.words import tr

__all__ = ["AFTER_DATA_CUT", "Answer", "Fact", "answer"]

# The key of the fact that a record lies after a definition's data cut.
AFTER_DATA_CUT = "after_data_cut"


def _answer_of(entity: type[PatientRecord]) -> Callable[[Connection, int, int, str], Answer]:
    """What answers a record of a table; loaded when one is entered, and none of the others."""
    match entity.__tablename__:
        case "phenotype":
            from registry.entry.answers.disease import answer_phenotype as of_entity
        case "anthropometry":
            from registry.entry.answers.growth import answer_growth as of_entity
        case "infusion":
            from registry.entry.answers.infusion import answer_infusion as of_entity
        case "tdm_level":
            from registry.entry.answers.level import answer_level as of_entity
        case "pcdai_visit":
            from registry.entry.answers.pcdai import answer_pcdai as of_entity
        case "lab_result":
            from registry.entry.answers.lab import answer_lab as of_entity
        case "medication":
            from registry.entry.answers.medication import answer_medication as of_entity
        case "endoscopy":
            from registry.entry.answers.disease import answer_endoscopy as of_entity
        case "gene_finding":
            from registry.entry.answers.gene import answer_gene as of_entity
        case "condition":
            from registry.entry.answers.person import answer_condition as of_entity
        case "follow_up_end":
            from registry.entry.answers.person import answer_follow_up_end as of_entity
        case _:
            # Of the others is told where they lie in the course of infliximab.
            from registry.entry.answers.disease import answer_in_course

            return partial(answer_in_course, entity)
    return of_entity


def answer(
    connection: Connection,
    entity: Entity,
    patient: int,
    record: int | None,
    definition: str | None = None,
) -> Answer:
    """What the registry says to a record that stands in the tables, also before a commit.

    `patient` is the registry's number, `record` the record's (None for a patient). Everything is
    read as of today: a definition's data cut holds for analyses. Without a name the definition is
    the registry's default; NotFound for one that is not there. Warnings never refuse.
    """
    definition = definition_or_default(connection, definition)
    if issubclass(entity, Patient):
        from registry.entry.answers.person import answer_patient

        answered = answer_patient(connection, patient, definition)
    else:
        assert record is not None
        answered = _answer_of(entity)(connection, patient, record, definition)
        _add_cut(connection, answered, entity, patient, record, definition)
    answered.warn(*_implausible(connection, entity, patient, record))
    answered.warn(*_texts_that_would_run(connection, entity, patient, record))
    return answered


def _texts_that_would_run(
    connection: Connection, entity: Entity, patient: int, record: int | None
) -> list[str]:
    """What to say of the record's free texts that a spreadsheet would take for formulas."""
    texts = [name for name, one in dictionary_columns(entity).items() if one.is_free_text]
    if not texts:
        return []
    key = "patient_id = :patient" + ("" if record is None else " and record_id = :record")
    row = connection.execute(
        text(f"select {', '.join(texts)} from {table_of(entity)} where {key}"),
        {"patient": patient, "record": record},
    ).one()
    return [
        tr("{column} begins as a formula does; it is kept and written as text", column=column)
        for column, value in zip(texts, row, strict=True)
        if value and would_run(value)
    ]


def _implausible(
    connection: Connection, entity: Entity, patient: int, record: int | None
) -> list[str]:
    """What the rules of plausibility say of the record; of others that it brings to light the
    first by each rule.
    """
    if issubclass(entity, Patient):
        record = None
    own: dict[str, None] = {}
    others: dict[str, str] = {}
    for found in findings_of_record(connection, entity, patient, record):
        if (found.from_table, found.record_id) == (table_of(entity).name, record):
            own[found.said] = None
        else:
            others.setdefault(found.rule, found.said)
    return list(dict.fromkeys([*own, *others.values()]))


def _add_cut(
    connection: Connection,
    answered: Answer,
    entity: type[PatientRecord],
    patient: int,
    record: int,
    definition: str,
) -> None:
    """Says of a record that the definition's analyses do not see it."""
    dated = entity.not_before_birth[0]
    data_cut = connection.execute(
        text(
            f"select d.data_cut from reference.definition d join {table_of(entity)} r "
            f"on r.{dated} > d.data_cut where d.name = :definition "
            "and r.patient_id = :patient and r.record_id = :record"
        ),
        {"definition": definition, "patient": patient, "record": record},
    ).scalar_one_or_none()
    if data_cut is not None:
        words = tr(
            "after {on}, the data cut of {definition}: its analyses do not see it",
            on=data_cut,
            definition=definition,
        )
        answered.add(AFTER_DATA_CUT, tr("Dated"), True, words)
