"""PCDAI: the activity index of a visit, by items, by total or by both."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from sqlalchemy import CheckConstraint, Computed, Numeric

from registry.models.base import PatientRecord, column, variable
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


def item(label: str, *levels: str, high: int = 10) -> Variable:
    """One item: nothing, the middle or the high score; 0, 2.5, 5 or 0, 5, 10 points.

    `levels` are the three in words (Hyams et al., J Pediatr Gastroenterol Nutr 1991;12:439-47). An
    item that is read off a laboratory value has its bands in reference.score_band instead.
    """
    return Variable(
        label,
        Kind.NUMBER,
        unit="points",
        minimum=Decimal(0),
        maximum=Decimal(high),
        step=Decimal(high) / 2,
        meaning="PCDAI item",
        levels=levels,
    )


class PcdaiVisit(PatientRecord):
    """One row per patient and day of visit with a PCDAI."""

    __tablename__ = "pcdai_visit"
    further_constraints: ClassVar[tuple[CheckConstraint, ...]] = (
        CheckConstraint(f"total is not null or {SUM_OF_ITEMS} is not null", name="total_or_items"),
        CheckConstraint(f"total = {SUM_OF_ALL_ITEMS}", name="total_is_sum_of_items"),
    )

    visited_on = variable(Variable("Visited on", Kind.DATE, required=True))
    abdominal_pain = variable(
        item(
            "Abdominal pain",
            "none",
            "brief, does not limit activity",
            "daily, longer lasting, limits activity, or at night",
        )
    )
    stools = variable(
        item(
            "Stools",
            "0-1 liquid a day, no blood",
            "up to 2 semiformed with little blood, or 2-5 liquid",
            "gross blood, 6 or more liquid, or at night",
        )
    )
    functioning = variable(
        item(
            "Functioning",
            "well, no limitation",
            "occasional difficulty",
            "frequent limitation",
        )
    )
    hematocrit = variable(item("Haematocrit", high=5))
    esr = variable(item("ESR", high=5))
    albumin = variable(item("Albumin"))
    weight = variable(
        item(
            "Weight",
            "gain, or voluntary: stable or lost",
            "involuntary: stable, or 1-9 % lost",
            "10 % or more lost",
        )
    )
    height = variable(
        item(
            "Height",
            "at diagnosis less than 1 channel lost; later velocity -1 SD or above",
            "at diagnosis 1 to less than 2 channels lost; later velocity between",
            "at diagnosis 2 or more channels lost; later velocity -2 SD or below",
        )
    )
    abdomen = variable(
        item(
            "Abdomen",
            "no tenderness, no mass",
            "tenderness, or a mass without tenderness",
            "tenderness, guarding, definite mass",
        )
    )
    perirectal = variable(
        item(
            "Perirectal disease",
            "none, or tags without symptoms",
            "1-2 indolent fistulae, scant drainage",
            "active fistula, drainage, tenderness or abscess",
        )
    )
    extraintestinal = variable(
        item(
            "Extraintestinal manifestations",
            "no fever, arthritis, uveitis, erythema nodosum, pyoderma gangrenosum",
            "one of them",
            "two or more of them",
        )
    )
    total = variable(
        Variable(
            "PCDAI declared",
            Kind.NUMBER,
            unit="points",
            minimum=Decimal(0),
            maximum=Decimal(100),
            step=Decimal("2.5"),
            meaning="the total in the notes",
            empty_tells=True,
        )
    )
    computed_total = column(
        Numeric,
        Computed(SUM_OF_ITEMS, persisted=True),
        nullable=True,
        comment="PCDAI computed (points): sum of the items, empty unless all but height are there",
    )
    score = column(
        Numeric,
        Computed(f"coalesce(total, {SUM_OF_ITEMS})", persisted=True),
        comment="PCDAI (points): the declared total decides, without one the computed",
    )
