"""The tables of the registry, one entity a file; `ENTITIES` lists those with an import file.

The clinical ones are had here, each of the others from its own file: a command that reads records
needs none of them.
"""

from __future__ import annotations

from sqlalchemy import MetaData, Table

from registry.models.adverse_event import AdverseEvent
from registry.models.anthropometry import Anthropometry
from registry.models.base import METADATA, Base, PatientRecord
from registry.models.condition import Condition
from registry.models.consent import Consent, ConsentForm
from registry.models.constraints import end_of_period
from registry.models.endoscopy import Endoscopy
from registry.models.follow_up_end import FollowUpEnd
from registry.models.gene_finding import GeneFinding
from registry.models.infusion import Infusion
from registry.models.lab_result import AnalyteUnit, LabResult
from registry.models.medication import Drug, Medication
from registry.models.patient import Centre, Patient, PatientNumber
from registry.models.pcdai_visit import PcdaiVisit
from registry.models.phenotype import Phenotype
from registry.models.surgery import Surgery
from registry.models.tdm_level import Assay, TdmLevel, TdmThreshold

# A table with an import file.
Entity = type[Patient] | type[PatientRecord]
# Patients first: everything else refers to them.
ENTITIES: tuple[Entity, ...] = (
    Patient,
    Phenotype,
    Anthropometry,
    Infusion,
    TdmLevel,
    PcdaiVisit,
    LabResult,
    Medication,
    Endoscopy,
    Surgery,
    GeneFinding,
    Condition,
    AdverseEvent,
    Consent,
    FollowUpEnd,
)


def table_of(entity: type[Base]) -> Table:
    """The table that an entity declares."""
    return entity.__table__


def all_tables() -> MetaData:
    """Every table: a class makes its own when it is asked for, this asks for all."""
    from registry.models import (  # noqa: F401
        change_set,
        definition,
        derivation,
        entry_reference,
        feed,
        freeze,
        growth_reference,
        hub,
        kept_worklist,
        login_role,
        quality_run,
        query_step,
        record_change,
        reference_change,
        registry_setting,
        release,
        scheduled_run,
        seal,
        signing,
        study,
        worklist,
    )

    waiting = [Base]
    while waiting:
        one = waiting.pop()
        waiting += one.__subclasses__()
        if "__tablename__" in vars(one):
            table_of(one)
    return METADATA


__all__ = [
    "ENTITIES",
    "AdverseEvent",
    "AnalyteUnit",
    "Anthropometry",
    "Assay",
    "Base",
    "Centre",
    "Condition",
    "Consent",
    "ConsentForm",
    "Drug",
    "Endoscopy",
    "Entity",
    "FollowUpEnd",
    "GeneFinding",
    "Infusion",
    "LabResult",
    "Medication",
    "Patient",
    "PatientNumber",
    "PatientRecord",
    "PcdaiVisit",
    "Phenotype",
    "Surgery",
    "TdmLevel",
    "TdmThreshold",
    "all_tables",
    "end_of_period",
    "table_of",
]
