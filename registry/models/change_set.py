"""Who changed the registry, when, by which command and why."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, Identity, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from registry.models.base import REFERENCE, Base


class ChangeSet(Base):
    """One row per command, or transaction by hand, that changed data; rows are only ever added."""

    __tablename__ = "change_set"
    __table_args__ = ({"schema": REFERENCE, "comment": "One row per command that changed data"},)

    change_id: Mapped[int] = mapped_column(
        BigInteger, Identity(always=True), primary_key=True, comment="number of the change"
    )
    made_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.clock_timestamp(), comment="when"
    )
    made_by: Mapped[str] = mapped_column(Text, comment="who")
    command: Mapped[str] = mapped_column(Text, comment="the command")
    reason: Mapped[str | None] = mapped_column(Text, comment="why")
    database_role: Mapped[str | None] = mapped_column(
        Text, comment="login at the server, whatever name was given"
    )
    program_version: Mapped[str | None] = mapped_column(
        Text, comment="version of the program; empty by hand"
    )
    transaction_id: Mapped[int | None] = mapped_column(
        BigInteger, comment="the server's own number of the transaction, in which alone it counts"
    )
    server: Mapped[int | None] = mapped_column(
        BigInteger, comment="the server's own number of itself"
    )
    summary: Mapped[str | None] = mapped_column(Text, comment="what, in numbers of rows")
