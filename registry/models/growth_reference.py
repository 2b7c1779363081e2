"""The WHO growth reference as LMS values."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import PrimaryKeyConstraint, Text
from sqlalchemy.orm import Mapped, mapped_column

from registry.models.base import REFERENCE, Base


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

    measure: Mapped[str] = mapped_column(Text, comment="height, weight or bmi")
    sex: Mapped[str] = mapped_column(Text, comment="female or male")
    position: Mapped[str] = mapped_column(
        Text, comment="lying up to 24 months, standing from then on; any for weight"
    )
    month: Mapped[int] = mapped_column(comment="completed months of age")
    l: Mapped[Decimal] = mapped_column(comment="power of the Box-Cox transformation")  # noqa: E741
    m: Mapped[Decimal] = mapped_column(comment="median (cm, kg or kg/m2)")
    s: Mapped[Decimal] = mapped_column(comment="coefficient of variation")
