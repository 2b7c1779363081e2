"""Queries about single values: what was asked, answered and settled, step by step."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Identity,
    PrimaryKeyConstraint,
    Text,
)
from sqlalchemy import text as sql

from registry.models.base import REFERENCE, Base, column
from registry.vocabulary import QUERY_STATES


class QueryStep(Base):
    """One row per time a query was raised, answered, settled or reopened; the last one counts.

    A record that fails a rule of plausibility is a query without a row until somebody answers.
    """

    __tablename__ = "query_step"
    __table_args__ = (
        PrimaryKeyConstraint("patient_id", "step_id"),
        ForeignKeyConstraint(["patient_id"], ["reference.patient_number.patient_id"]),
        ForeignKeyConstraint(["change_id"], ["reference.change_set.change_id"]),
        CheckConstraint(
            f"state in ({', '.join(repr(state) for state in QUERY_STATES)})", name="state"
        ),
        CheckConstraint("btrim(words) <> ''", name="words"),
        {"schema": REFERENCE, "comment": "One row per step of a query about a value"},
    )

    patient_id = column(BigInteger, comment="the registry's own number of the patient")
    step_id = column(
        BigInteger, Identity(always=False), comment="number of the step; the last one counts"
    )
    query = column(Text, comment="name of the query; another value has another")
    rule = column(
        Text, nullable=True, comment="rule that the value failed; empty where a person asked"
    )
    from_table = column(Text, comment="table of the record")
    record_id = column(
        BigInteger, nullable=True, comment="number of the record in its table; empty for a patient"
    )
    column_name = column(
        Text, nullable=True, comment="column of the value; empty when the whole record is meant"
    )
    value = column(Text, nullable=True, comment="the value as it was")
    state = column(Text, comment="state of the query from this step on")
    words = column(Text, comment="what was asked or answered, by people")
    change_id = column(
        BigInteger,
        server_default=sql("audit.current_change(true)"),
        comment="who took the step, when and by which command",
    )
