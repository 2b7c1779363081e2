"""The audit: every change of a record, written by the database itself."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB

from registry.models.base import AUDIT, Base, column

OPERATION = (
    "operation = 'insert' and old_values is null and new_values is not null "
    "or operation = 'update' and old_values is not null and new_values is not null "
    "or operation = 'delete' and old_values is not null and new_values is null"
)


class RecordChange(Base):
    """One row per change of a record; rows are only ever added, by trigger."""

    __tablename__ = "record_change"
    __table_args__ = (
        PrimaryKeyConstraint("patient_id", "audit_id"),
        CheckConstraint(OPERATION, name="operation"),
        Index(None, "change_id"),
        {"schema": AUDIT, "comment": "One row per change of a record"},
    )

    patient_id = column(BigInteger, comment="the registry's own number of the patient")
    audit_id = column(BigInteger, Identity(always=True), comment="number of the change of a record")
    change_id = column(
        BigInteger, comment="the command or transaction it belongs to: who, when and why"
    )
    table_name = column(Text, comment="table of the record")
    record_id = column(
        BigInteger, nullable=True, comment="the record's own number; empty for the patient himself"
    )
    operation = column(Text, comment="insert, update or delete")
    row_version = column(
        Integer, comment="version of the record afterwards; of a deleted one, the last"
    )
    old_values = column(JSONB, nullable=True, comment="the row before")
    new_values = column(JSONB, nullable=True, comment="the row afterwards")
