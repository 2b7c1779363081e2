"""Feeds of laboratories: what their own codes mean, and what became of each result."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import DateTime

from registry.models.base import DERIVED, REFERENCE, Base, column
from registry.vocabulary import ANALYTES

# What a code may stand for beside the analytes: the two values of a drug level, by column.
OF_LEVELS = {"IFX": "ifx_ug_ml", "ADA": "ada_au_ml"}
REPORTED = (*ANALYTES, *OF_LEVELS)
FATES = (
    *("stored", "amended", "voided", "duplicate", "superseded", "ignored"),
    *("set_aside", "refused"),
)


class LabCode(Base):
    """One row per code by which laboratories name what they measured."""

    __tablename__ = "lab_code"
    __table_args__ = (
        PrimaryKeyConstraint("system", "code"),
        CheckConstraint(f"analyte in ({', '.join(map(repr, REPORTED))})", name="analyte"),
        {
            "schema": REFERENCE,
            "comment": "One row per code by which laboratories name what they measured",
        },
    )

    system = column(Text, comment="whose code it is: LOINC, or the name a laboratory gives")
    code = column(Text, comment="the code")
    analyte = column(
        Text,
        nullable=True,
        comment="analyte of lab_result, IFX or ADA of tdm_level; empty = not of this registry",
    )
    assay = column(
        Text, nullable=True, comment="assay of a drug level that is reported by this code"
    )
    name = column(Text, comment="name of the code in its system")
    source = column(Text, comment="where code and name come from")


class FeedResult(Base):
    """One row per result of a message from a laboratory: its fate, and no value of it."""

    __tablename__ = "feed_result"
    __table_args__ = (
        UniqueConstraint("message_sha256", "place"),
        CheckConstraint(f"fate in ({', '.join(map(repr, FATES))})", name="fate"),
        Index("ix_feed_result_result_key", "result_key"),
        Index("ix_feed_result_patient_id", "patient_id"),
        {
            "schema": DERIVED,
            "comment": "One row per result of a message from a laboratory: its fate",
        },
    )

    result_id = column(
        BigInteger, Identity(always=True), primary_key=True, comment="number of the row"
    )
    message_sha256 = column(Text, comment="SHA-256 of the message; the message is not kept")
    place = column(Integer, comment="place of the result in its message; 0 = the message")
    patient_id = column(
        BigInteger, nullable=True, comment="the registry's own number of the patient, if known"
    )
    form = column(Text, comment="HL7 with its version, or FHIR")
    sender = column(Text, comment="who sent it, as the message says")
    control_id = column(Text, comment="id of the message, or of the Observation and version")
    sent_at = column(
        DateTime(timezone=True), nullable=True, comment="when it was sent, as the message says"
    )
    result_key = column(
        Text, nullable=True, comment="SHA-256 of what names the result at its sender"
    )
    what = column(Text, nullable=True, comment="analyte, IFX or ADA; or the code that is not known")
    fate = column(
        Text,
        comment="stored, amended, voided, duplicate, superseded, ignored, set_aside or refused",
    )
    reason = column(Text, nullable=True, comment="code of the reason of the fate")
    facts = column(JSONB, comment="what fills the places of the reason's words")
    table_name = column(
        Text, nullable=True, comment="clinical table of the record that it made or changed"
    )
    record_id = column(BigInteger, nullable=True, comment="number of that record")
    row_version = column(Integer, nullable=True, comment="version of that record afterwards")
    file = column(Text, comment="beginning of the SHA-256 of the file's name")
    first_read_at = column(
        DateTime(timezone=True), server_default=func.now(), comment="when it was read first"
    )
    last_read_at = column(
        DateTime(timezone=True), server_default=func.now(), comment="when it was read last"
    )
    times = column(Integer, server_default="1", comment="how many times it came")
