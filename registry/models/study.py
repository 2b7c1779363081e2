"""Studies over several hospitals: what left this one, and from which children it was made."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import DateTime

from registry.models.base import DERIVED, REFERENCE, Base, column


class StudyAnswer(Base):
    """One row per answer to a round of a study, as it left; a round is answered once."""

    __tablename__ = "study_answer"
    __table_args__ = (
        UniqueConstraint("study_sha256", "round"),
        ForeignKeyConstraint(["freeze_name"], ["reference.data_freeze.name"]),
        {"schema": REFERENCE, "comment": "One row per answer to a round of a study"},
    )

    answer_sha256 = column(Text, primary_key=True, comment="SHA-256 of what was signed")
    study_sha256 = column(
        Text, comment="SHA-256 of the first envelope of the study, which names it"
    )
    round = column(Integer, comment="round of the study")
    envelope_sha256 = column(Text, comment="SHA-256 of the envelope that was answered")
    study = column(Text, comment="name of the study")
    coordinator = column(Text, comment="who asked")
    definition_hash = column(Text, comment="hash of the definition that it holds to")
    children = column(Integer, comment="children in the cohort")
    parts = column(JSONB, comment="of each part how many children it was made from")
    content = column(JSONB, comment="the file that left")
    freeze_name = column(
        Text,
        nullable=True,
        comment="the freeze that it was made from; empty for the registry itself",
    )
    as_of = column(DateTime(timezone=True), comment="the moment whose data it was made from")
    program_version = column(Text, comment="version of the program")


class StudyChild(Base):
    """One row per answer, part and child in it, by which repeated questions are recognised."""

    __tablename__ = "study_child"
    __table_args__ = (
        PrimaryKeyConstraint("patient_id", "answer_sha256", "part"),
        ForeignKeyConstraint(["answer_sha256"], ["reference.study_answer.answer_sha256"]),
        {"schema": DERIVED, "comment": "One row per answer to a study, part and child in it"},
    )

    patient_id = column(BigInteger, comment="the registry's own number of the patient")
    answer_sha256 = column(Text, comment="the answer")
    part = column(Text, comment="the part of the answer, as the model")
    fingerprint = column(Text, comment="SHA-256 of what the part has of the child; it never leaves")
