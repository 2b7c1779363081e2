"""How many records each rule of plausibility was tried on, and how many failed it, day by day."""

from __future__ import annotations

from sqlalchemy import BigInteger, Date, PrimaryKeyConstraint, Text

from registry.models.base import DERIVED, Base, column


class QualityRun(Base):
    """One row per day and rule of plausibility; a later run of the day takes the place of one."""

    __tablename__ = "quality_run"
    __table_args__ = (
        PrimaryKeyConstraint("run_on", "rule"),
        {"schema": DERIVED, "comment": "One row per day and rule of plausibility that was run"},
    )

    run_on = column(Date, comment="day of the run; the last of a day stays")
    rule = column(Text, comment="name of the rule")
    category = column(Text, comment="kind of check, in OHDSI's words")
    tried = column(BigInteger, comment="records that the rule was tried on")
    failed = column(BigInteger, comment="records that failed the rule")
    answered = column(BigInteger, comment="of those that failed, the ones whose query is settled")
