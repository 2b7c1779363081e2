"""The nightly runs: when, how they ended, what they reported and whom they still owe it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, BigInteger, DateTime, Identity, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from registry.models.base import DERIVED, Base


class ScheduledRun(Base):
    """One row per nightly run.

    The report is kept here before any file is written or anybody told, in the transaction that
    says how far it reached (`seen_...`): whoever is killed after it leaves something to deliver,
    and nothing is reported twice.
    """

    __tablename__ = "scheduled_run"
    __table_args__ = ({"schema": DERIVED, "comment": "One row per nightly run"},)

    night_id: Mapped[int] = mapped_column(
        BigInteger, Identity(always=False), primary_key=True, comment="number of the nightly run"
    )
    due_at: Mapped[datetime | None] = mapped_column(
        DateTime(timezone=True), comment="when it was due; empty when it was asked for by hand"
    )
    started_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), comment="when the run began"
    )
    finished_at: Mapped[datetime | None] = mapped_column(
        DateTime(timezone=True),
        comment="when the run was done; empty while it runs, or when it was killed",
    )
    made_by: Mapped[str] = mapped_column(Text, comment="who ran it")
    good: Mapped[bool] = mapped_column(
        server_default="false", comment="whether every step went well"
    )
    steps: Mapped[list[dict[str, Any]]] = mapped_column(
        JSONB, server_default="[]", comment="each step: its name, how it ended, its seconds"
    )
    report: Mapped[dict[str, Any] | None] = mapped_column(JSONB, comment="what was reported")
    report_file: Mapped[str | None] = mapped_column(
        Text, comment="where the report was written; empty while it waits to be"
    )
    owed: Mapped[list[str]] = mapped_column(
        ARRAY(Text), server_default="{}", comment="who is still to be told of the new losses"
    )
    seen_run: Mapped[int | None] = mapped_column(
        BigInteger, comment="last derivation whose transitions are reported"
    )
    seen_change: Mapped[int | None] = mapped_column(
        BigInteger, comment="last change of data that is reported"
    )
    open_changes: Mapped[list[int]] = mapped_column(
        ARRAY(BigInteger),
        server_default="{}",
        comment="changes up to seen_change that were not committed yet, if ever",
    )
    worklist_keys: Mapped[list[str] | None] = mapped_column(
        ARRAY(Text), comment="items of the worklist then; kept of the last run alone"
    )
