"""The nightly runs: when, how they ended, what they reported and whom they still owe it."""

from __future__ import annotations

from sqlalchemy import ARRAY, BigInteger, Boolean, DateTime, Identity, Text
from sqlalchemy.dialects.postgresql import JSONB

from registry.models.base import DERIVED, Base, column


class ScheduledRun(Base):
    """One row per nightly run.

    The report is kept here before any file is written or anybody told, in the transaction that
    says how far it reached (`seen_...`): whoever is killed after it leaves something to deliver,
    and nothing is reported twice.
    """

    __tablename__ = "scheduled_run"
    __table_args__ = ({"schema": DERIVED, "comment": "One row per nightly run"},)

    night_id = column(
        BigInteger, Identity(always=False), primary_key=True, comment="number of the nightly run"
    )
    due_at = column(
        DateTime(timezone=True),
        nullable=True,
        comment="when it was due; empty when it was asked for by hand",
    )
    started_at = column(DateTime(timezone=True), comment="when the run began")
    finished_at = column(
        DateTime(timezone=True),
        nullable=True,
        comment="when the run was done; empty while it runs, or when it was killed",
    )
    made_by = column(Text, comment="who ran it")
    good = column(Boolean, server_default="false", comment="whether every step went well")
    steps = column(
        JSONB, server_default="[]", comment="each step: its name, how it ended, its seconds"
    )
    report = column(JSONB, nullable=True, comment="what was reported")
    report_file = column(
        Text, nullable=True, comment="where the report was written; empty while it waits to be"
    )
    owed = column(
        ARRAY(Text), server_default="{}", comment="who is still to be told of the new losses"
    )
    seen_run = column(
        BigInteger, nullable=True, comment="last derivation whose transitions are reported"
    )
    seen_change = column(BigInteger, nullable=True, comment="last change of data that is reported")
    open_changes = column(
        ARRAY(BigInteger),
        server_default="{}",
        comment="changes up to seen_change that were not committed yet, if ever",
    )
    worklist_keys = column(
        ARRAY(Text), nullable=True, comment="items of the worklist then; kept of the last run alone"
    )
