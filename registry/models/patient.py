"""The child: who enters the registry, born when, ill since when."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    PrimaryKeyConstraint,
    Text,
)

from registry.covariates import MEASURES
from registry.models.base import (
    CLINICAL,
    REFERENCE,
    Base,
    Clinical,
    column,
    precision_of,
    row_version,
    variable,
)
from registry.models.constraints import end_of_period
from registry.models.missing_reason import missing_reasons
from registry.variables import Kind, Redaction, Variable
from registry.vocabulary import DIAGNOSES, SEXES

# It stands first in every file; in the tables it is a number.
PATIENT_COLUMN = "patient_id"
STUDY_ID = Variable(
    "Study id",
    Kind.TEXT,
    required=True,
    pattern="^[A-Za-z0-9_-]{1,32}$",
    meaning="1 to 32 of A-Z a-z 0-9 _ -; never a name or a hospital number",
    verbatim=True,
    redaction=Redaction.IDENTIFIER,
)


class PatientNumber(Base):
    """One row per study id ever given, with the number that the clinical tables use.

    A number is never given twice, so that what is recorded of a patient who was taken out stays
    his. Apart from the clinical tables, because a key on the study id alone could not be part of
    a table in partitions by patient.
    """

    __tablename__ = "patient_number"
    __table_args__ = (
        CheckConstraint("merged_into <> study_id", name="merged_into"),
        {
            "schema": REFERENCE,
            "comment": "One row per study id ever given, with the registry's own number",
        },
    )

    study_id = variable(STUDY_ID, primary_key=True)
    patient_id = column(
        BigInteger,
        Identity(always=False),
        unique=True,
        comment="the registry's own number of the patient",
    )
    row_version = row_version()
    merged_into = column(
        Text,
        ForeignKey("reference.patient_number.study_id"),
        nullable=True,
        comment="the study id under which this child's records are now, where there were two",
    )


class Patient(Clinical):
    """One row per child."""

    __tablename__ = "patient"
    __table_args__ = (
        PrimaryKeyConstraint("patient_id"),
        ForeignKeyConstraint(["patient_id"], ["reference.patient_number.patient_id"]),
        Index(None, "birth_date", "sex"),
        {"schema": CLINICAL, "comment": "One row per child"},
    )
    # A partial date is held to another by what its period may still mean.
    further_constraints: ClassVar[tuple[Any, ...]] = (
        CheckConstraint(
            f"{end_of_period('onset_on')} >= birth_date", name="onset_not_before_birth"
        ),
        CheckConstraint(
            f"{end_of_period('diagnosed_on')} >= onset_on", name="diagnosis_not_before_onset"
        ),
        CheckConstraint(
            f"{end_of_period('diagnosed_on')} >= birth_date", name="diagnosis_not_before_birth"
        ),
    )

    patient_id = column(
        BigInteger, autoincrement=False, comment="the registry's own number of the patient"
    )
    centre = variable(
        Variable(
            "Centre",
            Kind.TEXT,
            required=True,
            meaning="code of the treating centre",
            redaction=Redaction.QUASI_IDENTIFIER,
        )
    )
    sex = variable(
        Variable(
            MEASURES["sex"].label,
            Kind.CODE,
            required=True,
            codes=SEXES,
            meaning="recorded at birth",
            redaction=Redaction.QUASI_IDENTIFIER,
        )
    )
    birth_date = variable(
        Variable("Date of birth", Kind.DATE, required=True, redaction=Redaction.BIRTH)
    )
    onset_on = variable(
        Variable("First symptoms", Kind.PARTIAL_DATE, meaning="a date, a month or a year")
    )
    onset_on_precision = precision_of("onset_on")
    diagnosed_on = variable(
        Variable("Date of diagnosis", Kind.PARTIAL_DATE, meaning="a date, a month or a year")
    )
    diagnosed_on_precision = precision_of("diagnosed_on")
    diagnosis = variable(
        Variable(
            "Diagnosis",
            Kind.CODE,
            required=True,
            codes=DIAGNOSES,
            meaning="by the revised Porto criteria",
        )
    )
    row_version = row_version()
    missing_reasons = missing_reasons()


class Centre(Base):
    """One row per treating centre; a patient's new centre adds itself."""

    __tablename__ = "centre"
    __table_args__ = ({"schema": REFERENCE, "comment": "One row per treating centre"},)

    code = column(Text, primary_key=True, comment="code of the centre")
    name = variable(Variable("Full name", Kind.TEXT, redaction=Redaction.QUASI_IDENTIFIER))
    age_of_majority = variable(
        Variable(
            "Age from which patients give their own consent",
            Kind.INTEGER,
            required=True,
            unit="years",
            minimum=Decimal(10),
            maximum=Decimal(25),
        ),
        server_default="18",
    )
    study_id_pattern = variable(
        Variable(
            "Form of its study ids",
            Kind.TEXT,
            pattern="^[A-Za-z0-9_-]{0,20}#{2,9}-?[*]?$",
            meaning="# = a digit of the number, * at the end = the check character",
            redaction=Redaction.CLINICAL,
        )
    )
