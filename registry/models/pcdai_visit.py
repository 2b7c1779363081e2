"""PCDAI: the activity index of a visit, by items, by total or by both."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import ClassVar

from sqlalchemy import CheckConstraint, Computed, Numeric
from sqlalchemy.orm import Mapped, mapped_column

from registry.models.base import PatientRecord, variable
from registry.variables import Kind, Variable

ITEMS = (
    "abdominal_pain",
    "stools",
    "functioning",
    "hematocrit",
    "esr",
    "albumin",
    "weight",
    "height",
    "abdomen",
    "perirectal",
    "extraintestinal",
)

# Only the height item may be missing; any other missing item leaves the sum empty, never zero.
SUM_OF_ITEMS = " + ".join(f"coalesce({i}, 0)" if i == "height" else i for i in ITEMS)
SUM_OF_ALL_ITEMS = " + ".join(ITEMS)


def item(label: str, high: int = 10) -> Variable:
    """One item: nothing, the middle or the high score; 0, 2.5, 5 or 0, 5, 10 points."""
    return Variable(
        label,
        Kind.NUMBER,
        unit="points",
        minimum=Decimal(0),
        maximum=Decimal(high),
        step=Decimal(high) / 2,
        meaning="PCDAI item",
    )


class PcdaiVisit(PatientRecord):
    """One row per patient and day of visit with a PCDAI."""

    __tablename__ = "pcdai_visit"
    file_name: ClassVar[str] = "pcdai_visits"
    natural_key: ClassVar[tuple[str, ...]] = ("visited_on",)
    not_before_birth: ClassVar[tuple[str, ...]] = ("visited_on",)
    further_constraints: ClassVar[tuple[CheckConstraint, ...]] = (
        CheckConstraint(f"total is not null or {SUM_OF_ITEMS} is not null", name="total_or_items"),
        CheckConstraint(f"total = {SUM_OF_ALL_ITEMS}", name="total_is_sum_of_items"),
    )

    visited_on: Mapped[date] = variable(Variable("Visited on", Kind.DATE, required=True))
    abdominal_pain: Mapped[Decimal | None] = variable(item("Abdominal pain"))
    stools: Mapped[Decimal | None] = variable(item("Stools"))
    functioning: Mapped[Decimal | None] = variable(item("Functioning"))
    hematocrit: Mapped[Decimal | None] = variable(item("Haematocrit", 5))
    esr: Mapped[Decimal | None] = variable(item("ESR", 5))
    albumin: Mapped[Decimal | None] = variable(item("Albumin"))
    weight: Mapped[Decimal | None] = variable(item("Weight"))
    height: Mapped[Decimal | None] = variable(item("Height"))
    abdomen: Mapped[Decimal | None] = variable(item("Abdomen"))
    perirectal: Mapped[Decimal | None] = variable(item("Perirectal disease"))
    extraintestinal: Mapped[Decimal | None] = variable(item("Extraintestinal manifestations"))
    total: Mapped[Decimal | None] = variable(
        Variable(
            "PCDAI declared",
            Kind.NUMBER,
            unit="points",
            minimum=Decimal(0),
            maximum=Decimal(100),
            step=Decimal("2.5"),
            meaning="the total in the notes",
        )
    )
    computed_total: Mapped[Decimal | None] = mapped_column(
        Numeric,
        Computed(SUM_OF_ITEMS, persisted=True),
        comment="PCDAI computed (points): sum of the items, empty unless all but height are there",
    )
    score: Mapped[Decimal] = mapped_column(
        Numeric,
        Computed(f"coalesce(total, {SUM_OF_ITEMS})", persisted=True),
        comment="PCDAI (points): the declared total decides, without one the computed",
    )
