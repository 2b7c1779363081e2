"""Answers an entered record with what the registry knows of it."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, text

from registry.entry.answers.disease import answer_endoscopy, answer_in_course, answer_phenotype
from registry.entry.answers.findings import Answer, Fact
from registry.entry.answers.gene import answer_gene
from registry.entry.answers.growth import answer_growth
from registry.entry.answers.infusion import answer_infusion
from registry.entry.answers.lab import answer_lab
from registry.entry.answers.level import answer_level
from registry.entry.answers.medication import answer_medication
from registry.entry.answers.pcdai import answer_pcdai
from registry.entry.answers.person import answer_condition, answer_follow_up_end, answer_patient
from registry.models import (
    Anthropometry,
    Condition,
    Endoscopy,
    FollowUpEnd,
    GeneFinding,
    Infusion,
    LabResult,
    Medication,
    Patient,
    PatientRecord,
    PcdaiVisit,
    Phenotype,
    TdmLevel,
    table_of,
)
from registry.parsing.formula import would_run
from registry.records.plausibility import findings_of_record
from registry.records.registry_setting import definition_or_default
from registry.records.rows import Entity, dictionary_columns
from registry.words import tr

__all__ = ["AFTER_DATA_CUT", "Answer", "Fact", "answer"]

# The key of the fact that a record lies after a definition's data cut.
AFTER_DATA_CUT = "after_data_cut"

# Of the others is told where they lie in the course of infliximab.
ANSWERS: dict[type[PatientRecord], Callable[[Connection, int, int, str], Answer]] = {
    Phenotype: answer_phenotype,
    Anthropometry: answer_growth,
    Infusion: answer_infusion,
    TdmLevel: answer_level,
    PcdaiVisit: answer_pcdai,
    LabResult: answer_lab,
    Medication: answer_medication,
    Endoscopy: answer_endoscopy,
    GeneFinding: answer_gene,
    Condition: answer_condition,
    FollowUpEnd: answer_follow_up_end,
}


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
        answered = answer_patient(connection, patient, definition)
    else:
        assert record is not None
        if entity in ANSWERS:
            answered = ANSWERS[entity](connection, patient, record, definition)
        else:
            answered = answer_in_course(connection, entity, patient, record, definition)
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
