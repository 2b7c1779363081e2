"""A definition: one named, versioned set of the parameters that the rules are held to.

Every threshold of a rule of status is a column here and nowhere else; views read it from the row.
What a trough is held to are rows of their own (`TdmThreshold`).
"""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from sqlalchemy import CheckConstraint, Date, Integer, Text

from registry.covariates import MODEL_TERMS
from registry.models.base import REFERENCE, Base, Declared, column, variable
from registry.variables import Kind, Redaction, Variable

# Where the default of a parameter comes from.
STUDY = "as the published study has it"
OURS = "this registry's choice"


def flag(label: str, origin: str) -> Declared:
    """A parameter that is yes or no."""
    return variable(Variable(label, Kind.FLAG, required=True, meaning=origin))


def days(
    label: str, origin: str, *, minimum: int = 0, maximum: int = 3650, required: bool = True
) -> Declared:
    """A parameter in whole days."""
    return variable(
        Variable(
            label,
            Kind.INTEGER,
            required=required,
            unit="days",
            minimum=Decimal(minimum),
            maximum=Decimal(maximum),
            meaning=origin,
        )
    )


def whole(label: str, origin: str, unit: str, minimum: int, maximum: int) -> Declared:
    """A parameter that is a whole number."""
    return variable(
        Variable(
            label,
            Kind.INTEGER,
            required=True,
            unit=unit,
            minimum=Decimal(minimum),
            maximum=Decimal(maximum),
            meaning=origin,
        )
    )


def number(label: str, origin: str, unit: str, minimum: str, maximum: str) -> Declared:
    """A parameter that is a number with a unit."""
    return variable(
        Variable(
            label,
            Kind.NUMBER,
            required=True,
            unit=unit,
            minimum=Decimal(minimum),
            maximum=Decimal(maximum),
            meaning=origin,
        )
    )


def choice(label: str, origin: str, *codes: str) -> Declared:
    """A parameter that is one of a few codes."""
    return variable(Variable(label, Kind.CODE, required=True, codes=codes, meaning=origin))


def codes(label: str, origin: str, *allowed: str) -> Declared:
    """Several codes with commas between, or none."""
    return variable(Variable(label, Kind.CODE, codes=allowed, several=True, meaning=origin))


class Definition(Base):
    """One row per definition of response, loss of response and covariates."""

    __tablename__ = "definition"
    __table_args__ = (
        CheckConstraint(
            "week14_from_day <= week14_target_day and week14_target_day <= week14_to_day",
            name="week14_window_around_target",
        ),
        CheckConstraint(
            "induction_day_2 < induction_day_3 and induction_day_3 < induction_day_4",
            name="induction_days_in_order",
        ),
        CheckConstraint(
            "severity_mild_from < severity_moderate_from "
            "and severity_moderate_from < severity_severe_from",
            name="severity_in_order",
        ),
        {
            "schema": REFERENCE,
            "comment": "One row per definition: the parameters every rule is held to",
        },
    )

    # What identifies and describes the row; everything else is a parameter.
    DESCRIPTIVE: ClassVar[tuple[str, ...]] = (
        "name",
        "version",
        "description",
        "based_on",
        "hash",
        "derived_hash",
        "derived_on",
    )

    # What models are held to and no rule of status reads.
    OF_MODELS: ClassVar[tuple[str, ...]] = ("covariates",)

    name = variable(
        Variable(
            "Name",
            Kind.TEXT,
            required=True,
            pattern="^[a-z][a-z0-9_-]{0,39}$",
            redaction=Redaction.CLINICAL,
        ),
        primary_key=True,
    )
    version = column(
        Integer, server_default="1", comment="counts the times the parameters were changed"
    )
    description = column(Text, comment="what the definition is for")
    based_on = column(Text, nullable=True, comment="name of the definition it was made from")
    hash = column(Text, server_default="", comment="SHA-256 of the parameters, set by the database")
    derived_hash = column(
        Text,
        nullable=True,
        comment="hash of parameters and rules of the last derivation of every patient; "
        "empty when none has been made",
    )
    derived_on = column(
        Date, nullable=True, comment="day of the last derivation; empty when none has been made"
    )

    data_cut = variable(
        Variable(
            "Data cut",
            Kind.DATE,
            meaning="whatever is dated later is not seen by any rule; none = up to today; " + STUDY,
        )
    )
    time_zero = choice("Where the clock starts", STUDY, "first_infusion", "week14_visit")
    exposure_tail_days = days(
        "Observation also ends this long after the last infusion", OURS, required=False
    )
    baseline_window_days = days("Baseline PCDAI at most this long before t0", OURS)
    week14_target_day = days("Week-14 PCDAI: nearest to this day", STUDY)
    week14_from_day = days("Week-14 PCDAI: first day of the window", OURS)
    week14_to_day = days("Week-14 PCDAI: last day of the window", OURS)
    response_drop = number(
        "Response: fall of the PCDAI from baseline to week 14 of at least",
        STUDY,
        "points",
        "2.5",
        "100",
    )
    remission_below = number("Remission: PCDAI at week 14 below", STUDY, "points", "2.5", "100")
    remission_overrides_drop = flag(
        "Remission at week 14 counts as response whatever the fall", OURS
    )
    lor_above = number("Loss of response: PCDAI above", STUDY, "points", "0", "97.5")
    lor_requires_rise = flag("Loss of response needs a PCDAI above that of week 14", OURS)
    lor_confirmations = whole(
        "Consecutive PCDAI that must show the loss; it is dated at the first", OURS, "visits", 1, 2
    )

    consent_required = flag(
        "Consent to research needed; without it only who has withdrawn is left out", OURS
    )
    age_limit_years = whole("Age at t0 below", STUDY, "years", 1, 100)
    required_infusions = whole("Infusions needed", STUDY, "infusions", 1, 4)
    induction_day_2 = days("Day of infusion 2", STUDY)
    induction_day_3 = days("Day of infusion 3", STUDY)
    induction_day_4 = days("Day of infusion 4", STUDY)
    induction_tolerance_2 = days("Infusion 2 at most this far off its day", OURS)
    induction_tolerance_3 = days("Infusion 3 at most this far off its day", OURS)
    induction_tolerance_4 = days("Infusion 4 at most this far off its day", OURS)

    duration_origin = choice("Disease duration counts from", STUDY, "onset", "diagnosis")
    duration_from_months = number("Long disease duration from", STUDY, "months", "0", "1200")
    veo_before_years = whole("Very early onset: before age", STUDY, "years", 1, 18)
    dose_from_mg_per_kg = number("High first dose from", STUDY, "mg/kg", "0", "100")
    covariate_window_days = days(
        "Baseline laboratory values and anthropometry at most this long before t0", OURS
    )
    bmi_z_at_most = number("Low BMI Z-score: at most", STUDY, "SD", "-10", "10")
    severity_mild_from = number("Mild disease: baseline PCDAI from", STUDY, "points", "0", "100")
    severity_moderate_from = number(
        "Moderate disease: baseline PCDAI from", STUDY, "points", "0", "100"
    )
    severity_severe_from = number(
        "Severe disease: baseline PCDAI from", STUDY, "points", "0", "100"
    )
    crp_above = number("High CRP: above", STUDY, "mg/L", "0", "1000")
    esr_above = number("High ESR: above", STUDY, "mm/h", "0", "1000")
    wbc_above = number("High white cells: above", STUDY, "10^9/L", "0", "1000")
    hb_below = number("Low haemoglobin: below", STUDY, "g/L", "0", "1000")
    plt_above = number("High platelets: above", STUDY, "10^9/L", "0", "10000")
    alb_below = number("Low albumin: below", STUDY, "g/L", "0", "1000")
    im_min_days = days("Immunomodulator with infliximab for more than", OURS)
    unknown_stop = choice(
        "A course of a drug whose stop is unknown counts up to its last evidence, the end of its "
        "first day, or is left out of the days on a drug",
        OURS,
        "last_evidence",
        "left_out",
    )

    trough_days_before = days(
        "A level is a trough at most this long before an infusion", OURS, maximum=28
    )
    intensification_dose_mg_per_kg = number(
        "Intensification: dose up by at least", OURS, "mg/kg", "0.1", "100"
    )
    intensification_interval_days = days(
        "Intensification: interval shorter by at least", OURS, minimum=1
    )

    covariates = codes(
        "Covariates of the Cox model, prespecified",
        "none = those with a univariate P below 0.05, as the published study chose; " + OURS,
        *MODEL_TERMS,
    )

    @classmethod
    def of_rules(cls) -> dict[str, Variable]:
        """The parameters that a rule of status reads."""
        return {key: one for key, one in cls.parameters().items() if key not in cls.OF_MODELS}

    @classmethod
    def parameters(cls) -> dict[str, Variable]:
        """Every parameter by its name, in order."""
        return {
            column.name: column.info["variable"]
            for column in cls.__table__.columns
            if column.name not in cls.DESCRIPTIVE
        }
