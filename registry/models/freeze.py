"""Freezes: data as they stood at a moment, kept in schemas of their own."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Date, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import DateTime

from registry.database.frozen import NAME
from registry.models.base import REFERENCE, Base, column


class Freeze(Base):
    """One row per freeze; it stays when the freeze is dropped, so no name is used twice."""

    __tablename__ = "data_freeze"
    __table_args__ = (
        CheckConstraint(f"name ~ '^{NAME.pattern}$'", name="name"),
        CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="sha256"),
        {"schema": REFERENCE, "comment": "One row per freeze: data as they stood at a moment"},
    )

    name = column(Text, primary_key=True, comment="name of the freeze")
    as_of = column(DateTime(timezone=True), comment="the moment whose data it holds")
    day = column(Date, comment="what its rules take for today")
    commit_number = column(
        BigInteger, comment="the last commit that it holds: every one up to it, none after"
    )
    sha256 = column(Text, comment="hash of its content, when it was made")
    content = column(
        JSONB, comment="rows, hash and columns of each of its tables, when it was made"
    )
    rules_hash = column(Text, comment="hash of the rules that its statuses were derived by")
    program_version = column(Text, comment="version of the program that derived them")
    note = column(Text, nullable=True, comment="what has happened to its content since")
    dropped = column(Boolean, comment="whether its data are gone")
