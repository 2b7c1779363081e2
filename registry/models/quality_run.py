"""How many records each rule of plausibility was tried on, and how many failed it, day by day."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, PrimaryKeyConstraint, Text
from sqlalchemy.orm import Mapped, mapped_column

from registry.models.base import DERIVED, Base


class QualityRun(Base):
    """One row per day and rule of plausibility; a later run of the day takes the place of one."""

    __tablename__ = "quality_run"
    __table_args__ = (
        PrimaryKeyConstraint("run_on", "rule"),
        {"schema": DERIVED, "comment": "One row per day and rule of plausibility that was run"},
    )

    run_on: Mapped[date] = mapped_column(comment="day of the run; the last of a day stays")
    rule: Mapped[str] = mapped_column(Text, comment="name of the rule")
    category: Mapped[str] = mapped_column(Text, comment="kind of check, in OHDSI's words")
    tried: Mapped[int] = mapped_column(BigInteger, comment="records that the rule was tried on")
    failed: Mapped[int] = mapped_column(BigInteger, comment="records that failed the rule")
    answered: Mapped[int] = mapped_column(
        BigInteger, comment="of those that failed, the ones whose query is settled"
    )
