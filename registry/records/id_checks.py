"""Complaints about study ids: another spelling of a known one, a new one that is a person's."""

from __future__ import annotations

from sqlalchemy import Connection

from registry.models import Patient
from registry.records.cells import cell
from registry.records.complaints import complain
from registry.records.row_checks import place, spliced
from registry.records.source import PATIENT_COLUMN, Entity
from registry.records.study_ids import find_spelt_otherwise, find_unfit
from registry.words import tr


def check_spelling(connection: Connection, entity: Entity) -> None:
    """A known study id in other letters, wide ones or of another case, is asked about."""
    words = tr("is not written as in the registry; did you mean {patient}?", patient=place("meant"))
    complain(
        connection,
        entity,
        f"{cell(PATIENT_COLUMN)} <> r.study_id and r.patient_id is not null",
        PATIENT_COLUMN,
        spliced(words, meant="r.study_id"),
    )
    if entity is Patient and find_spelt_otherwise(connection):
        complain(
            connection,
            Patient,
            "not r.known",
            PATIENT_COLUMN,
            spliced(
                tr(
                    "differs from {patient} in capitals alone; did you mean that one?",
                    patient=place("meant"),
                ),
                meant="m.meant",
            ),
            "join spelt_otherwise m on m.study_id = r.study_id",
        )


def check_new_ids(connection: Connection) -> None:
    """A new patient's id finds nobody outside the registry."""
    if find_unfit(connection):
        complain(
            connection,
            Patient,
            "not r.known",
            PATIENT_COLUMN,
            "u.problem",
            "join unfit_id u on u.study_id = r.study_id",
        )
