"""The audit of what gives results their meaning, and the order in which changes were committed."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Identity, Index, Text
from sqlalchemy.dialects.postgresql import JSONB

from registry.models.base import AUDIT, Base, column
from registry.models.record_change import OPERATION


class ReferenceChange(Base):
    """One row per change of reference data; rows are only ever added, by trigger.

    The migration that makes a table of `reference` has it audited: `audit.watch_reference`.
    """

    __tablename__ = "reference_change"
    __table_args__ = (
        CheckConstraint(OPERATION, name="operation"),
        Index(None, "table_name", "key"),
        {"schema": AUDIT, "comment": "One row per change of reference data"},
    )

    audit_id = column(
        BigInteger,
        Identity(always=True),
        primary_key=True,
        comment="number of the change of reference data",
    )
    change_id = column(
        BigInteger, comment="the command or transaction it belongs to: who, when and why"
    )
    table_name = column(Text, comment="table of reference")
    key = column(JSONB, comment="the row's primary key")
    operation = column(Text, comment="insert, update or delete")
    old_values = column(JSONB, nullable=True, comment="the row before")
    new_values = column(JSONB, nullable=True, comment="the row afterwards")


class CommittedChange(Base):
    """One row per change set, in the order of their commits; rows are only ever added, by trigger.

    Numbers are given under a lock that is held to the end of the commit: whoever sees a number
    sees every number before it.
    """

    __tablename__ = "committed_change"
    __table_args__ = (
        {"schema": AUDIT, "comment": "One row per change set, in the order of their commits"},
    )

    commit_number = column(
        BigInteger, Identity(always=True), primary_key=True, comment="place in the order of commits"
    )
    change_id = column(BigInteger, unique=True, comment="the change set that was committed")
    committed_at = column(DateTime(timezone=True), comment="when, by the server's clock")
