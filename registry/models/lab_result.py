"""Laboratory values, as entered and with the factor to the analyte's own unit."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from sqlalchemy import CheckConstraint, Numeric, PrimaryKeyConstraint, Text

from registry.models.base import REFERENCE, Base, PatientRecord, column, comparator_of, variable
from registry.variables import Kind, Variable
from registry.vocabulary import ANALYTE_UNITS, ANALYTES, UNITS

ALLOWED_PAIRS = ", ".join(
    f"('{analyte}', '{unit}')" for analyte, units in ANALYTE_UNITS.items() for unit in units
)


class LabResult(PatientRecord):
    """One row per patient, day of collection and analyte."""

    __tablename__ = "lab_result"
    further_constraints: ClassVar[tuple[CheckConstraint, ...]] = (
        CheckConstraint(f"(analyte, unit) in ({ALLOWED_PAIRS})", name="unit_of_analyte"),
    )

    collected_on = variable(Variable("Collected on", Kind.DATE, required=True))
    analyte = variable(Variable("Analyte", Kind.CODE, required=True, codes=ANALYTES))
    value = variable(
        Variable(
            "Value",
            Kind.MEASURED,
            required=True,
            minimum=Decimal(0),
            meaning="in the entered unit; <x and >x are kept with their limit",
        )
    )
    value_comparator = comparator_of("value")
    unit = variable(
        Variable(
            "Unit",
            Kind.CODE,
            required=True,
            codes=UNITS,
            meaning="as entered; the analyte's own unit or one that converts to it",
        )
    )


class AnalyteUnit(Base):
    """One row per analyte and unit it may be reported in."""

    __tablename__ = "analyte_unit"
    __table_args__ = (
        PrimaryKeyConstraint("analyte", "unit"),
        {"schema": REFERENCE, "comment": "One row per analyte and unit it may be reported in"},
    )

    analyte = column(Text, comment="the analyte")
    unit = column(Text, comment="a unit it may be reported in")
    own_unit = column(Text, comment="the unit the rules are written in")
    factor = column(Numeric, comment="value in unit times factor = in own_unit")
