"""What an entry is answered from: bands of scores, usual limits, genes. No rule of a status."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import ARRAY, PrimaryKeyConstraint, Text
from sqlalchemy.dialects.postgresql import INT4RANGE, NUMRANGE, Range
from sqlalchemy.orm import Mapped, mapped_column

from registry.models.base import REFERENCE, Base


class ScoreBand(Base):
    """One row per band of a measured value, for one sex and span of ages, and how it reads."""

    __tablename__ = "score_band"
    __table_args__ = (
        PrimaryKeyConstraint("measure", "sex", "years", "band"),
        {"schema": REFERENCE, "comment": "One row per band of a measured value and how it reads"},
    )

    measure: Mapped[str] = mapped_column(
        Text,
        comment="item of the PCDAI (hematocrit in %, esr in mm/h, albumin in g/L, weight in % of "
        "the earlier weight), cdeis (points) or age_at_diagnosis (completed years)",
    )
    sex: Mapped[str] = mapped_column(Text, comment="female, male or any")
    years: Mapped[Range[int]] = mapped_column(INT4RANGE, comment="completed years of age")
    band: Mapped[Range[Decimal]] = mapped_column(
        NUMRANGE, comment="values of the band; a square bracket takes the limit in, a round one not"
    )
    reading: Mapped[str] = mapped_column(Text, comment="points of an item, or name of the band")
    source: Mapped[str] = mapped_column(Text, comment="where the band comes from")


class EntryLimit(Base):
    """One row per limit beyond which an entry is pointed out, never refused."""

    __tablename__ = "entry_limit"
    __table_args__ = (
        {
            "schema": REFERENCE,
            "comment": "One row per limit that an entry is answered by; none refuses",
        },
    )

    key: Mapped[str] = mapped_column(Text, primary_key=True, comment="name of the limit")
    value: Mapped[Decimal] = mapped_column(comment="the limit, in its unit")
    unit: Mapped[str] = mapped_column(Text, comment="unit of the limit")
    meaning: Mapped[str] = mapped_column(Text, comment="what the limit is for")
    source: Mapped[str] = mapped_column(Text, comment="where the limit comes from")


class Gene(Base):
    """One row per gene of monogenic inflammatory bowel disease that the registry knows."""

    __tablename__ = "gene"
    __table_args__ = (
        {
            "schema": REFERENCE,
            "comment": "One row per known gene of monogenic inflammatory bowel disease",
        },
    )

    symbol: Mapped[str] = mapped_column(Text, primary_key=True, comment="symbol of today")
    chromosome: Mapped[str] = mapped_column(Text, comment="1 to 22, X or Y")
    previous_symbols: Mapped[list[str]] = mapped_column(
        ARRAY(Text), comment="symbols it was known by before, and common names"
    )
    source: Mapped[str] = mapped_column(Text, comment="where symbol and chromosome come from")
