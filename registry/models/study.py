"""Studies over several hospitals: what left this one, and from which children it was made."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ForeignKeyConstraint,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import DateTime

from registry.models.base import DERIVED, REFERENCE, Base


class StudyAnswer(Base):
    """One row per answer to a round of a study, as it left; a round is answered once."""

    __tablename__ = "study_answer"
    __table_args__ = (
        UniqueConstraint("study_sha256", "round"),
        ForeignKeyConstraint(["freeze_name"], ["reference.data_freeze.name"]),
        {"schema": REFERENCE, "comment": "One row per answer to a round of a study"},
    )

    answer_sha256: Mapped[str] = mapped_column(
        Text, primary_key=True, comment="SHA-256 of what was signed"
    )
    study_sha256: Mapped[str] = mapped_column(
        Text, comment="SHA-256 of the first envelope of the study, which names it"
    )
    round: Mapped[int] = mapped_column(comment="round of the study")
    envelope_sha256: Mapped[str] = mapped_column(
        Text, comment="SHA-256 of the envelope that was answered"
    )
    study: Mapped[str] = mapped_column(Text, comment="name of the study")
    coordinator: Mapped[str] = mapped_column(Text, comment="who asked")
    definition_hash: Mapped[str] = mapped_column(
        Text, comment="hash of the definition that it holds to"
    )
    children: Mapped[int] = mapped_column(comment="children in the cohort")
    parts: Mapped[dict[str, Any]] = mapped_column(
        JSONB, comment="of each part how many children it was made from"
    )
    content: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="the file that left")
    freeze_name: Mapped[str | None] = mapped_column(
        Text, comment="the freeze that it was made from; empty for the registry itself"
    )
    as_of: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), comment="the moment whose data it was made from"
    )
    program_version: Mapped[str] = mapped_column(Text, comment="version of the program")


class StudyChild(Base):
    """One row per answer, part and child in it, by which repeated questions are recognised."""

    __tablename__ = "study_child"
    __table_args__ = (
        PrimaryKeyConstraint("patient_id", "answer_sha256", "part"),
        ForeignKeyConstraint(["answer_sha256"], ["reference.study_answer.answer_sha256"]),
        {"schema": DERIVED, "comment": "One row per answer to a study, part and child in it"},
    )

    patient_id: Mapped[int] = mapped_column(
        BigInteger, comment="the registry's own number of the patient"
    )
    answer_sha256: Mapped[str] = mapped_column(Text, comment="the answer")
    part: Mapped[str] = mapped_column(Text, comment="the part of the answer, as the model")
    fingerprint: Mapped[str] = mapped_column(
        Text, comment="SHA-256 of what the part has of the child; it never leaves"
    )
