"""The tables of the registry, one entity a file; `ENTITIES` lists those with an import file."""

from __future__ import annotations

from sqlalchemy import MetaData, Table

from registry.models.adverse_event import AdverseEvent
from registry.models.anthropometry import Anthropometry
from registry.models.base import METADATA, Base, PatientRecord
from registry.models.change_set import ChangeSet
from registry.models.condition import Condition
from registry.models.consent import Consent, ConsentForm
from registry.models.constraints import end_of_period
from registry.models.definition import Definition
from registry.models.derivation import ChangedPatient, DerivationRun, LorStatus, StatusTransition
from registry.models.endoscopy import Endoscopy
from registry.models.entry_reference import EntryLimit, Gene, ScoreBand
from registry.models.feed import FeedResult, LabCode
from registry.models.follow_up_end import FollowUpEnd
from registry.models.freeze import Freeze
from registry.models.gene_finding import GeneFinding
from registry.models.growth_reference import GrowthReference
from registry.models.hub import HubChild, HubLeaving, HubRecord
from registry.models.infusion import Infusion
from registry.models.kept_worklist import KeptWork, KeptWorklist
from registry.models.lab_result import AnalyteUnit, LabResult
from registry.models.login_role import ChildCentre, LoginRole
from registry.models.medication import Drug, Medication
from registry.models.patient import Centre, Patient, PatientNumber
from registry.models.pcdai_visit import PcdaiVisit
from registry.models.phenotype import Phenotype
from registry.models.quality_run import QualityRun
from registry.models.query_step import QueryStep
from registry.models.record_change import RecordChange
from registry.models.reference_change import CommittedChange, ReferenceChange
from registry.models.registry_setting import RegistrySetting
from registry.models.release import Release, ReleaseChild, ReleaseErased, ReleaseLeftOut
from registry.models.scheduled_run import ScheduledRun
from registry.models.seal import Erasure, Seal, SealedRow, Secret, Stamp
from registry.models.signing import (
    FreezeLock,
    RecordLock,
    Signature,
    SigningPassword,
    WrongPassword,
)
from registry.models.study import StudyAnswer, StudyChild
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
    """The table that an entity declares."""
    return entity.__table__


def all_tables() -> MetaData:
    """Every table: a class makes its own when it is asked for, this asks for all."""
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
    "ChangeSet",
    "ChangedPatient",
    "ChildCentre",
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
    "FeedResult",
    "FollowUpEnd",
    "Freeze",
    "FreezeLock",
    "Gene",
    "GeneFinding",
    "GrowthReference",
    "HubChild",
    "HubLeaving",
    "HubRecord",
    "Infusion",
    "KeptWork",
    "KeptWorklist",
    "LabCode",
    "LabResult",
    "LoginRole",
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
    "RecordLock",
    "ReferenceChange",
    "RegistrySetting",
    "Release",
    "ReleaseChild",
    "ReleaseErased",
    "ReleaseLeftOut",
    "ScheduledRun",
    "ScoreBand",
    "Seal",
    "SealedRow",
    "Secret",
    "Signature",
    "SigningPassword",
    "Stamp",
    "StatusTransition",
    "StudyAnswer",
    "StudyChild",
    "Surgery",
    "TdmLevel",
    "TdmThreshold",
    "WorklistDismissal",
    "WorklistRule",
    "WorklistSetting",
    "WrongPassword",
    "all_tables",
    "end_of_period",
    "table_of",
]
