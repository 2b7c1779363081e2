"""What a derivation leaves behind: runs, the status of every patient, transitions, what waits."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Computed,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Index,
    PrimaryKeyConstraint,
    Text,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from registry.models.base import DERIVED, Base

STATE = (
    "case when not eligible then reason when event then 'loss_of_response' "
    "else 'sustained_response' end"
)


class ChangedPatient(Base):
    """One row per change of a patient's data that a derivation has not taken in yet.

    Rows are only ever added by the triggers and removed by a derivation that saw them, so that a
    change committed while a derivation runs is never lost.
    """

    __tablename__ = "changed_patient"
    __table_args__ = (
        PrimaryKeyConstraint("patient_id", "mark_id"),
        {"schema": DERIVED, "comment": "One row per change that a derivation has not taken in yet"},
    )

    patient_id: Mapped[int] = mapped_column(BigInteger, comment="the registry's number")
    mark_id: Mapped[int] = mapped_column(
        BigInteger, Identity(always=False), comment="number of the mark"
    )
    definition: Mapped[str | None] = mapped_column(
        Text, comment="the definition that is behind; empty = all"
    )
    marked_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), comment="when the change was made"
    )


class DerivationRun(Base):
    """One row per derivation that was carried through; rows are only ever added."""

    __tablename__ = "derivation_run"
    __table_args__ = (
        {"schema": DERIVED, "comment": "One row per derivation that was carried through"},
    )

    run_id: Mapped[int] = mapped_column(
        BigInteger, Identity(always=False), primary_key=True, comment="number of the run"
    )
    started_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), comment="when the run took its view of the data"
    )
    finished_at: Mapped[datetime | None] = mapped_column(
        DateTime(timezone=True), comment="when the run was done"
    )
    made_by: Mapped[str] = mapped_column(Text, comment="who ran it")
    day: Mapped[date | None] = mapped_column(
        comment="up to which day it saw data, where a definition has no data cut; "
        "empty in runs from before there were such definitions"
    )
    definitions: Mapped[list[str]] = mapped_column(ARRAY(Text), comment="definitions derived")
    hashes: Mapped[list[str]] = mapped_column(
        ARRAY(Text), comment="hash of each definition's parameters and rules, in the same order"
    )
    examined: Mapped[int] = mapped_column(BigInteger, comment="patients looked at")
    changed: Mapped[int] = mapped_column(BigInteger, comment="statuses that came out different")
    seen_commit: Mapped[int | None] = mapped_column(
        BigInteger, comment="the last commit whose records it saw: every one up to it, none after"
    )


class LorStatus(Base):
    """One row per definition and patient: the derived status and the record that decided it."""

    __tablename__ = "lor_status"
    __table_args__ = (
        PrimaryKeyConstraint("patient_id", "definition"),
        ForeignKeyConstraint(["definition"], ["reference.definition.name"], ondelete="CASCADE"),
        Index(None, "definition"),
        {
            "schema": DERIVED,
            "comment": "One row per definition and patient: derived status and deciding record",
        },
    )

    patient_id: Mapped[int] = mapped_column(BigInteger, comment="the registry's number")
    definition: Mapped[str] = mapped_column(Text, comment="the definition held to")
    eligible: Mapped[bool] = mapped_column(comment="in the cohort")
    reason: Mapped[str | None] = mapped_column(
        Text, comment="first exclusion that holds; empty when eligible"
    )
    start_on: Mapped[date | None] = mapped_column(comment="t0, the first infusion")
    baseline_on: Mapped[date | None] = mapped_column(comment="day of the baseline PCDAI")
    baseline_pcdai: Mapped[Decimal | None] = mapped_column(comment="baseline PCDAI (points)")
    week14_on: Mapped[date | None] = mapped_column(comment="day of the week-14 PCDAI")
    week14_pcdai: Mapped[Decimal | None] = mapped_column(comment="week-14 PCDAI (points)")
    induction_outcome: Mapped[str | None] = mapped_column(
        Text, comment="remission or response at week 14"
    )
    event: Mapped[bool | None] = mapped_column(comment="response was lost")
    event_on: Mapped[date | None] = mapped_column(comment="day of the loss of response")
    event_pcdai: Mapped[Decimal | None] = mapped_column(comment="PCDAI at the loss (points)")
    end_on: Mapped[date | None] = mapped_column(comment="end of observation")
    time_days: Mapped[int | None] = mapped_column(
        comment="days from time zero to the loss, or else to the end of observation"
    )
    censor_reason: Mapped[str | None] = mapped_column(
        Text, comment="why the observation ended without a loss"
    )
    last_negative_on: Mapped[date | None] = mapped_column(
        comment="last scored visit from week 14 on without a loss, before the loss"
    )
    deciding_table: Mapped[str | None] = mapped_column(
        Text, comment="table of the record that decided the status"
    )
    deciding_record_id: Mapped[int | None] = mapped_column(
        BigInteger, comment="number of the record that decided the status"
    )
    deciding_on: Mapped[date | None] = mapped_column(
        comment="date of the record that decided the status: of the last infusion where the tail "
        "after it ended the observation; empty where the data cut did"
    )
    state: Mapped[str] = mapped_column(
        Text,
        Computed(STATE, persisted=True),
        comment="reason of exclusion, sustained_response or loss_of_response",
    )
    definition_hash: Mapped[str] = mapped_column(Text, comment="hash of the parameters held to")
    run_id: Mapped[int] = mapped_column(BigInteger, comment="run that last changed the row")
    row_hash: Mapped[str] = mapped_column(
        Text, comment="SHA-256 over what the row says and the run that wrote it"
    )


class StatusTransition(Base):
    """One row per change of a patient's state; rows are only ever added."""

    __tablename__ = "status_transition"
    __table_args__ = (
        PrimaryKeyConstraint("patient_id", "run_id", "definition"),
        {"schema": DERIVED, "comment": "One row per change of a patient's state"},
    )

    patient_id: Mapped[int] = mapped_column(BigInteger, comment="the registry's number")
    run_id: Mapped[int] = mapped_column(BigInteger, comment="run that found the change")
    definition: Mapped[str] = mapped_column(Text, comment="the definition held to")
    from_state: Mapped[str | None] = mapped_column(Text, comment="state before; empty = none")
    to_state: Mapped[str | None] = mapped_column(Text, comment="state after; empty = none")
    on_date: Mapped[date | None] = mapped_column(
        comment="day of the loss, else the end of observation, else the first infusion"
    )
