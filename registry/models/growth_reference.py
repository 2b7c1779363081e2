"""The WHO growth reference as LMS values."""

from __future__ import annotations

from sqlalchemy import Integer, Numeric, PrimaryKeyConstraint, Text

from registry.models.base import REFERENCE, Base, column


class GrowthReference(Base):
    """One row per measure, sex, position and completed month: WHO 2006 to 60 months, 2007 after.

    Month 24 of height and BMI has two: the last of the table of length, lying, and the first of
    that of standing height.
    """

    __tablename__ = "growth_reference"
    __table_args__ = (
        PrimaryKeyConstraint("measure", "sex", "position", "month"),
        {"schema": REFERENCE, "comment": "WHO growth reference 2006 and 2007, LMS by month"},
    )

    measure = column(Text, comment="height, weight or bmi")
    sex = column(Text, comment="female or male")
    position = column(Text, comment="lying up to 24 months, standing from then on; any for weight")
    month = column(Integer, comment="completed months of age")
    l = column(Numeric, comment="power of the Box-Cox transformation")  # noqa: E741
    m = column(Numeric, comment="median (cm, kg or kg/m2)")
    s = column(Numeric, comment="coefficient of variation")
