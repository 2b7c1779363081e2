"""What a derivation leaves behind: runs, the status of every patient, transitions, what waits."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Computed,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    Numeric,
    PrimaryKeyConstraint,
    Text,
    func,
)

from registry.models.base import DERIVED, Base, column

STATE = (
    "case when not eligible then reason when event then 'loss_of_response' "
    "else 'sustained_response' end"
)
# The day to which it is dated.
STATE_ON = "coalesce(event_on, end_on, start_on)"


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

    patient_id = column(BigInteger, comment="the registry's number")
    mark_id = column(BigInteger, Identity(always=False), comment="number of the mark")
    definition = column(Text, nullable=True, comment="the definition that is behind; empty = all")
    marked_at = column(
        DateTime(timezone=True), server_default=func.now(), comment="when the change was made"
    )


class DerivationRun(Base):
    """One row per derivation that was carried through; rows are only ever added."""

    __tablename__ = "derivation_run"
    __table_args__ = (
        {"schema": DERIVED, "comment": "One row per derivation that was carried through"},
    )

    run_id = column(
        BigInteger, Identity(always=False), primary_key=True, comment="number of the run"
    )
    started_at = column(DateTime(timezone=True), comment="when the run took its view of the data")
    finished_at = column(DateTime(timezone=True), nullable=True, comment="when the run was done")
    made_by = column(Text, comment="who ran it")
    day = column(
        Date,
        nullable=True,
        comment="up to which day it saw data, where a definition has no data cut; "
        "empty in runs from before there were such definitions",
    )
    definitions = column(ARRAY(Text), comment="definitions derived")
    hashes = column(
        ARRAY(Text), comment="hash of each definition's parameters and rules, in the same order"
    )
    examined = column(BigInteger, comment="patients looked at")
    changed = column(BigInteger, comment="statuses that came out different")
    seen_commit = column(
        BigInteger,
        nullable=True,
        comment="the last commit whose records it saw: every one up to it, none after",
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

    patient_id = column(BigInteger, comment="the registry's number")
    definition = column(Text, comment="the definition held to")
    eligible = column(Boolean, comment="in the cohort")
    reason = column(Text, nullable=True, comment="first exclusion that holds; empty when eligible")
    start_on = column(Date, nullable=True, comment="t0, the first infusion")
    baseline_on = column(Date, nullable=True, comment="day of the baseline PCDAI")
    baseline_pcdai = column(Numeric, nullable=True, comment="baseline PCDAI (points)")
    week14_on = column(Date, nullable=True, comment="day of the week-14 PCDAI")
    week14_pcdai = column(Numeric, nullable=True, comment="week-14 PCDAI (points)")
    induction_outcome = column(Text, nullable=True, comment="remission or response at week 14")
    event = column(Boolean, nullable=True, comment="response was lost")
    event_on = column(Date, nullable=True, comment="day of the loss of response")
    event_pcdai = column(Numeric, nullable=True, comment="PCDAI at the loss (points)")
    end_on = column(Date, nullable=True, comment="end of observation")
    time_days = column(
        Integer,
        nullable=True,
        comment="days from time zero to the loss, or else to the end of observation",
    )
    censor_reason = column(Text, nullable=True, comment="why the observation ended without a loss")
    last_negative_on = column(
        Date,
        nullable=True,
        comment="last scored visit from week 14 on without a loss, before the loss",
    )
    deciding_table = column(
        Text, nullable=True, comment="table of the record that decided the status"
    )
    deciding_record_id = column(
        BigInteger, nullable=True, comment="number of the record that decided the status"
    )
    deciding_on = column(
        Date,
        nullable=True,
        comment="date of the record that decided the status: of the last infusion where the tail "
        "after it ended the observation; empty where the data cut did",
    )
    state = column(
        Text,
        Computed(STATE, persisted=True),
        comment="reason of exclusion, sustained_response or loss_of_response",
    )
    definition_hash = column(Text, comment="hash of the parameters held to")
    run_id = column(BigInteger, comment="run that last changed the row")
    row_hash = column(Text, comment="SHA-256 over what the row says and the run that wrote it")


class StatusTransition(Base):
    """One row per change of a patient's state; rows are only ever added."""

    __tablename__ = "status_transition"
    __table_args__ = (
        PrimaryKeyConstraint("patient_id", "run_id", "definition"),
        {"schema": DERIVED, "comment": "One row per change of a patient's state"},
    )

    patient_id = column(BigInteger, comment="the registry's number")
    run_id = column(BigInteger, comment="run that found the change")
    definition = column(Text, comment="the definition held to")
    from_state = column(Text, nullable=True, comment="state before; empty = none")
    to_state = column(Text, nullable=True, comment="state after; empty = none")
    on_date = column(
        Date,
        nullable=True,
        comment="day of the loss, else the end of observation, else the first infusion",
    )
