"""Courses of drugs other than infliximab."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import Text, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint

from registry.models.base import REFERENCE, Base, PatientRecord, column, precision_of, variable
from registry.models.constraints import InOrder
from registry.variables import Kind, Variable
from registry.vocabulary import DRUGS
from registry.words import note


def surely_until(row: str = "") -> str:
    """The day up to which a course was taken for sure, as SQL; null for one that is still taken.

    It is the stop, or the first day of a period known, never before the start: courses of one drug
    overlap only where their known days do.
    """
    return (
        f"case when {row}stopped_on_precision is not null "
        f"then greatest({row}started_on, {row}stopped_on) end"
    )


class Medication(PatientRecord):
    """One row per course of a drug; courses of one drug do not overlap."""

    __tablename__ = "medication"
    in_order: ClassVar[tuple[InOrder, ...]] = (
        InOrder(
            "stopped_on",
            "started_on",
            "stop_not_before_start",
            note("lies before the start"),
            partial=True,
        ),
    )
    # A range of one value stands for the value itself: equality in a GiST index without btree_gist.
    # Deferrable, so that an import may move the border between two courses.
    further_constraints: ClassVar[tuple[Any, ...]] = (
        ExcludeConstraint(
            (text("int8range(patient_id, patient_id, '[]')"), "="),
            (text("reference.textrange(drug, drug, '[]')"), "="),
            (text(f"daterange(started_on, {surely_until()}, '[)')"), "&&"),
            name="ex_medication_overlap",
            using="gist",
            deferrable=True,
            initially="IMMEDIATE",
        ),
    )

    drug = variable(Variable("Drug", Kind.CODE, required=True, codes=DRUGS))
    started_on = variable(Variable("Started on", Kind.DATE, required=True))
    stopped_on = variable(
        Variable(
            "Stopped on",
            Kind.PARTIAL_DATE,
            meaning="a date, a month or a year; unknown = stopped, nobody knows when; "
            "empty = still taken",
            empty_tells=True,
            may_be_unknown=True,
        )
    )
    stopped_on_precision = precision_of("stopped_on", may_be_unknown=True)


class Drug(Base):
    """One row per drug, with its class."""

    __tablename__ = "drug"
    __table_args__ = ({"schema": REFERENCE, "comment": "One row per drug, with its class"},)

    code = column(Text, primary_key=True, comment="the drug")
    drug_class = column(
        Text,
        comment="immunomodulator, glucocorticoid, nutrition, biologic, small_molecule or other",
    )
