"""Who changed the registry, when, by which command and why."""

from __future__ import annotations

from sqlalchemy import BigInteger, DateTime, Identity, Text, func

from registry.models.base import REFERENCE, Base, column


class ChangeSet(Base):
    """One row per command, or transaction by hand, that changed data; rows are only ever added."""

    __tablename__ = "change_set"
    __table_args__ = ({"schema": REFERENCE, "comment": "One row per command that changed data"},)

    change_id = column(
        BigInteger, Identity(always=True), primary_key=True, comment="number of the change"
    )
    made_at = column(DateTime(timezone=True), server_default=func.clock_timestamp(), comment="when")
    made_by = column(Text, comment="who")
    command = column(Text, comment="the command")
    reason = column(Text, nullable=True, comment="why")
    database_role = column(
        Text, nullable=True, comment="login at the server, whatever name was given"
    )
    program_version = column(Text, nullable=True, comment="version of the program; empty by hand")
    transaction_id = column(
        BigInteger,
        nullable=True,
        comment="the server's own number of the transaction, in which alone it counts",
    )
    server = column(BigInteger, nullable=True, comment="the server's own number of itself")
    summary = column(Text, nullable=True, comment="what, in numbers of rows")
