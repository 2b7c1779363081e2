"""The tables of the registry, one entity a file; `ENTITIES` lists those with an import file."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Table

from registry.models.adverse_event import AdverseEvent
from registry.models.anthropometry import Anthropometry
from registry.models.base import Base, PatientRecord
from registry.models.change_set import ChangeSet
from registry.models.condition import Condition
from registry.models.consent import Consent, ConsentForm
from registry.models.constraints import add_declared_constraints, end_of_period
from registry.models.definition import Definition
from registry.models.derivation import ChangedPatient, DerivationRun, LorStatus, StatusTransition
from registry.models.endoscopy import Endoscopy
from registry.models.entry_reference import EntryLimit, Gene, ScoreBand
from registry.models.follow_up_end import FollowUpEnd
from registry.models.freeze import Freeze
from registry.models.gene_finding import GeneFinding
from registry.models.growth_reference import GrowthReference
from registry.models.infusion import Infusion
from registry.models.lab_result import AnalyteUnit, LabResult
from registry.models.medication import Drug, Medication
from registry.models.patient import Centre, Patient, PatientNumber
from registry.models.pcdai_visit import PcdaiVisit
from registry.models.phenotype import Phenotype
from registry.models.quality_run import QualityRun
from registry.models.query_step import QueryStep
from registry.models.record_change import RecordChange
from registry.models.reference_change import CommittedChange, ReferenceChange
from registry.models.registry_setting import RegistrySetting
from registry.models.scheduled_run import ScheduledRun
from registry.models.seal import Erasure, Seal, SealedRow, Secret, Stamp
from registry.models.surgery import Surgery
from registry.models.tdm_level import Assay, TdmLevel, TdmThreshold
from registry.models.worklist import WorklistDismissal, WorklistRule, WorklistSetting

# Patients first: everything else refers to them.
ENTITIES: tuple[type[Patient] | type[PatientRecord], ...] = (
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
    """The table an entity is mapped to."""
    table = entity.__table__
    assert isinstance(table, Table)
    return table


def _complete(entity: type[Patient] | type[PatientRecord]) -> None:
    table = table_of(entity)
    add_declared_constraints(table, entity.natural_key)
    ordered = [one.constraint() for one in entity.in_order]
    for constraint in (*ordered, *getattr(entity, "further_constraints", ())):
        table.append_constraint(constraint)


for _entity in ENTITIES:
    _complete(_entity)
add_declared_constraints(table_of(Assay), ())
add_declared_constraints(table_of(Centre), ())
add_declared_constraints(table_of(ConsentForm), ())
add_declared_constraints(table_of(Definition), ())
add_declared_constraints(table_of(PatientNumber), ())
add_declared_constraints(table_of(WorklistSetting), ())
# A partial date is held to another by what its period may still mean.
_patient = table_of(Patient)
_patient.append_constraint(
    CheckConstraint(f"{end_of_period('onset_on')} >= birth_date", name="onset_not_before_birth")
)
_patient.append_constraint(
    CheckConstraint(
        f"{end_of_period('diagnosed_on')} >= onset_on", name="diagnosis_not_before_onset"
    )
)
_patient.append_constraint(
    CheckConstraint(
        f"{end_of_period('diagnosed_on')} >= birth_date", name="diagnosis_not_before_birth"
    )
)

__all__ = [
    "ENTITIES",
    "AdverseEvent",
    "AnalyteUnit",
    "Anthropometry",
    "Assay",
    "Base",
    "Centre",
    "ChangeSet",
    "ChangedPatient",
    "CommittedChange",
    "Condition",
    "Consent",
    "ConsentForm",
    "Definition",
    "DerivationRun",
    "Drug",
    "Endoscopy",
    "EntryLimit",
    "Erasure",
    "FollowUpEnd",
    "Freeze",
    "Gene",
    "GeneFinding",
    "GrowthReference",
    "Infusion",
    "LabResult",
    "LorStatus",
    "Medication",
    "Patient",
    "PatientNumber",
    "PatientRecord",
    "PcdaiVisit",
    "Phenotype",
    "QualityRun",
    "QueryStep",
    "RecordChange",
    "ReferenceChange",
    "RegistrySetting",
    "ScheduledRun",
    "ScoreBand",
    "Seal",
    "SealedRow",
    "Secret",
    "Stamp",
    "StatusTransition",
    "Surgery",
    "TdmLevel",
    "TdmThreshold",
    "WorklistDismissal",
    "WorklistRule",
    "WorklistSetting",
    "end_of_period",
    "table_of",
]
