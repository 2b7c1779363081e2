"""Freezes: data as they stood at a moment, kept in schemas of their own."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import DateTime

from registry.models.base import REFERENCE, Base


class Freeze(Base):
    """One row per freeze; it stays when the freeze is dropped, so no name is used twice."""

    __tablename__ = "data_freeze"
    __table_args__ = (
        CheckConstraint("name ~ '^[a-z][a-z0-9_]{0,39}$'", name="name"),
        CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="sha256"),
        {"schema": REFERENCE, "comment": "One row per freeze: data as they stood at a moment"},
    )

    name: Mapped[str] = mapped_column(Text, primary_key=True, comment="name of the freeze")
    as_of: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), comment="the moment whose data it holds"
    )
    day: Mapped[date] = mapped_column(comment="what its rules take for today")
    commit_number: Mapped[int] = mapped_column(
        BigInteger, comment="the last commit that it holds: every one up to it, none after"
    )
    sha256: Mapped[str] = mapped_column(Text, comment="hash of its content, when it was made")
    content: Mapped[dict[str, Any]] = mapped_column(
        JSONB, comment="rows, hash and columns of each of its tables, when it was made"
    )
    rules_hash: Mapped[str] = mapped_column(
        Text, comment="hash of the rules that its statuses were derived by"
    )
    program_version: Mapped[str] = mapped_column(
        Text, comment="version of the program that derived them"
    )
    note: Mapped[str | None] = mapped_column(Text, comment="what has happened to its content since")
    dropped: Mapped[bool] = mapped_column(comment="whether its data are gone")
