"""What an entry is answered from: bands of scores, usual limits, genes. No rule of a status."""

from __future__ import annotations

from sqlalchemy import ARRAY, Numeric, PrimaryKeyConstraint, Text
from sqlalchemy.dialects.postgresql import INT4RANGE, NUMRANGE

from registry.models.base import REFERENCE, Base, column


class ScoreBand(Base):
    """One row per band of a measured value, for one sex and span of ages, and how it reads."""

    __tablename__ = "score_band"
    __table_args__ = (
        PrimaryKeyConstraint("measure", "sex", "years", "band"),
        {"schema": REFERENCE, "comment": "One row per band of a measured value and how it reads"},
    )

    measure = column(
        Text,
        comment="item of the PCDAI (hematocrit in %, esr in mm/h, albumin in g/L, weight in % of "
        "the earlier weight), cdeis (points) or age_at_diagnosis (completed years)",
    )
    sex = column(Text, comment="female, male or any")
    years = column(INT4RANGE, comment="completed years of age")
    band = column(
        NUMRANGE, comment="values of the band; a square bracket takes the limit in, a round one not"
    )
    reading = column(Text, comment="points of an item, or name of the band")
    source = column(Text, comment="where the band comes from")


class EntryLimit(Base):
    """One row per limit beyond which an entry is pointed out, never refused."""

    __tablename__ = "entry_limit"
    __table_args__ = (
        {
            "schema": REFERENCE,
            "comment": "One row per limit that an entry is answered by; none refuses",
        },
    )

    key = column(Text, primary_key=True, comment="name of the limit")
    value = column(Numeric, comment="the limit, in its unit")
    unit = column(Text, comment="unit of the limit")
    meaning = column(Text, comment="what the limit is for")
    source = column(Text, comment="where the limit comes from")


class Gene(Base):
    """One row per gene of monogenic inflammatory bowel disease that the registry knows."""

    __tablename__ = "gene"
    __table_args__ = (
        {
            "schema": REFERENCE,
            "comment": "One row per known gene of monogenic inflammatory bowel disease",
        },
    )

    symbol = column(Text, primary_key=True, comment="symbol of today")
    chromosome = column(Text, comment="1 to 22, X or Y")
    previous_symbols = column(
        ARRAY(Text), comment="symbols it was known by before, and common names"
    )
    source = column(Text, comment="where symbol and chromosome come from")
