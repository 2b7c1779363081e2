"""The worklist of all children as the night found it, kept for its day."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    ForeignKeyConstraint,
    Identity,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Text,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB

from registry.models.base import DERIVED, Base, column


class KeptWorklist(Base):
    """The one row says of which day and definition the kept work is, and what it was found in.

    What was committed behind `seen_commit` it has not seen.
    """

    __tablename__ = "kept_worklist"
    __table_args__ = (
        PrimaryKeyConstraint("only_row"),
        CheckConstraint("only_row", name="only_row"),
        {"schema": DERIVED, "comment": "One row: of which day and definition the kept work is"},
    )

    only_row = column(Boolean, server_default=sql("true"), comment="always true: there is one row")
    day = column(Date, comment="day of the worklist")
    definition = column(Text, comment="the definition it was found under")
    seen_commit = column(BigInteger, comment="number of the last commit that was seen")


class KeptWork(Base):
    """One row per item, as the view `called_for` had it."""

    __tablename__ = "kept_work"
    __table_args__ = (
        PrimaryKeyConstraint("patient_id", "work_id"),
        # So that nothing is kept of a child who is erased meanwhile.
        ForeignKeyConstraint(["patient_id"], ["reference.patient_number.patient_id"]),
        {"schema": DERIVED, "comment": "One row per item of the worklist of the day that is kept"},
    )

    patient_id = column(BigInteger, comment="the registry's own number of the patient")
    work_id = column(BigInteger, Identity(always=False), comment="number of the row")
    study_id = column(Text, comment="the child's study id")
    centre = column(Text, comment="code of the child's centre")
    place = column(SmallInteger, comment="place of the rule among the rules")
    kind = column(Text, comment="kind of work")
    rule = column(Text, comment="name of the rule")
    item = column(Text, comment="name of the item without the child's")
    action = column(Text, comment="what to do")
    why = column(Text, comment="why")
    source = column(Text, comment="where the rule comes from")
    due_on = column(Date, nullable=True, comment="day by which it is to be done")
    days_overdue = column(Integer, nullable=True, comment="days since that day")
    record_on = column(Date, nullable=True, comment="date of the record that the item hangs on")
    from_table = column(Text, nullable=True, comment="table of that record")
    facts = column(JSONB, comment="what the words were filled with")
