"""The WHO growth reference as LMS values."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import PrimaryKeyConstraint, Text
from sqlalchemy.orm import Mapped, mapped_column

from registry.models.base import REFERENCE, Base


class GrowthReference(Base):
    """One row per measure, sex and completed month of age: WHO 2006 to 60 months, 2007 after."""

    __tablename__ = "growth_reference"
    __table_args__ = (
        PrimaryKeyConstraint("measure", "sex", "month"),
        {"schema": REFERENCE, "comment": "WHO growth reference 2006 and 2007, LMS by month"},
    )

    measure: Mapped[str] = mapped_column(Text, comment="height, weight or bmi")
    sex: Mapped[str] = mapped_column(Text, comment="female or male")
    month: Mapped[int] = mapped_column(comment="completed months of age")
    l: Mapped[Decimal] = mapped_column(comment="power of the Box-Cox transformation")  # noqa: E741
    m: Mapped[Decimal] = mapped_column(comment="median (cm, kg or kg/m2)")
    s: Mapped[Decimal] = mapped_column(comment="coefficient of variation")
