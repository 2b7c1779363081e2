"""What the analyses tell of children: what each is called, its unit, its levels by which limit.

A limit is a parameter of the definition that the rows are of. Where none is at hand the words have
those of the published study.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from registry.words import Note, declared, note

# What became of a child of the cohort -> its words.
OUTCOMES = {"lor": note("Loss of response"), "responder": note("Response maintained")}
HALF_A_YEAR = 183
"""Days that people call six months."""
# The parameters at which levels part, as the published study has them.
PUBLISHED: dict[str, object] = {
    "veo_before_years": 6,
    "duration_from_months": 6,
    "dose_from_mg_per_kg": 7,
    "bmi_z_at_most": -1,
    "crp_above": 12,
    "esr_above": 20,
    "wbc_above": 10,
    "hb_below": 110,
    "plt_above": 400,
    "alb_below": 35,
    "im_min_days": HALF_A_YEAR,
    "severity_mild_from": 10,
    "severity_moderate_from": 30,
    "severity_severe_from": 40,
}
PCDAI_STEP = Decimal("2.5")
"""The least by which two scores differ."""
Limits = Mapping[str, str]


def limits_of(parameters: Mapping[str, object]) -> Limits:
    """What the words of covariates take from a definition's parameters, by name."""
    values = {name: Decimal(str(parameters.get(name, value))) for name, value in PUBLISHED.items()}
    for band, above in (("mild", "moderate"), ("moderate", "severe")):
        values[f"severity_{band}_to"] = values[f"severity_{above}_from"] - PCDAI_STEP
    days = int(values["im_min_days"])
    lasting = note("6 months") if days == HALF_A_YEAR else note("{days:day|days}", days=days)
    written = {name: f"{value.normalize():f}" for name, value in values.items()}
    return written | {"im_min_days": lasting}


AS_PUBLISHED = limits_of(PUBLISHED)


def under(words: str, limits: Limits) -> str:
    """Words with places for parameters, filled with these limits."""
    message = words.message if isinstance(words, Note) else words
    held = {name: limit for name, limit in limits.items() if f"{{{name}}}" in message}
    return declared(message, **held) if held else words


class Measure(NamedTuple):
    """What is known of a child of the cohort, and the unit of its numbers, if it has one."""

    label: str
    unit: str = ""

    @property
    def in_unit(self) -> str:
        """'Albumin, g/L'."""
        return (
            note("{label}, {unit}", label=self.label, unit=self.unit) if self.unit else self.label
        )


# By their columns in the views `baseline` and `missing_values`.
MEASURES = {
    "sex": Measure("Sex"),
    "onset_on": Measure("Onset of symptoms"),
    "age_at_start_years": Measure("Age at the first infusion", "years"),
    "start_year": Measure("Year of the first infusion"),
    "duration_before_start_days": Measure("Disease duration before infliximab", "days"),
    "duration_before_start_months": Measure("Disease duration before infliximab", "months"),
    "initial_dose_mg_per_kg": Measure("First infliximab dose", "mg/kg"),
    "baseline_pcdai": Measure("PCDAI at baseline", "points"),
    "week14_pcdai": Measure("PCDAI at week 14", "points"),
    "height_z": Measure("Height Z-score"),
    "bmi_z": Measure("BMI Z-score"),
    "location": Measure("Paris location"),
    "behaviour": Measure("Paris behaviour"),
    "perianal": Measure("Perianal disease"),
    "growth": Measure("Growth delay"),
    "crp": Measure("CRP", "mg/L"),
    "esr": Measure("ESR", "mm/h"),
    "wbc": Measure("White cells", "x10^9/L"),
    "hb": Measure("Haemoglobin", "g/L"),
    "plt": Measure("Platelets", "x10^9/L"),
    "alb": Measure("Albumin", "g/L"),
    "cdeis": Measure("CDEIS"),
    "week14_trough": Measure("Infliximab trough at week 14", "ug/mL"),
}


class Covariate(NamedTuple):
    """A yes-or-no covariate of the univariate table.

    `level` is what true means and `other_level` what false means; `acquired_after_start` marks the
    covariates that a patient can only come to have by staying in the study.
    """

    id: str
    label: str
    level: str
    other_level: str
    acquired_after_start: bool = False

    def under(self, limits: Limits) -> Covariate:
        """The same by the limits of a definition (`limits_of`)."""
        label, level, other = (
            under(words, limits) for words in (self.label, self.level, self.other_level)
        )
        return self._replace(label=label, level=level, other_level=other)

    def to_json(self) -> dict[str, str | bool]:
        """How a document describes it."""
        return {
            "covariate": self.id,
            "label": self.label,
            "level": self.level,
            "other_level": self.other_level,
            "acquired_after_start": self.acquired_after_start,
        }


def _high(name: str) -> Covariate:
    limit, measure = f"{{{name}_above}}", MEASURES[name]
    return Covariate(f"{name}_high", measure.label, f">{limit} {measure.unit}", f"<={limit}")


def _low(name: str) -> Covariate:
    limit, measure = f"{{{name}_below}}", MEASURES[name]
    return Covariate(f"{name}_low", measure.label, f"<{limit} {measure.unit}", f">={limit}")


_LASTING = "Infliximab with immunomodulator over {im_min_days}"

_COVARIATES = (
    Covariate("sex_female", MEASURES["sex"].label, "female", "male"),
    Covariate("veo_cd", "Onset before {veo_before_years} years (VEO-CD)", "yes", "no"),
    Covariate(
        "duration_ge_6_months",
        MEASURES["duration_before_start_days"].label,
        ">={duration_from_months} months",
        "<{duration_from_months}",
    ),
    Covariate(
        "initial_dose_ge_7",
        MEASURES["initial_dose_mg_per_kg"].label,
        ">={dose_from_mg_per_kg} mg/kg",
        "<{dose_from_mg_per_kg}",
    ),
    Covariate("bmi_z_low", MEASURES["bmi_z"].label, "<={bmi_z_at_most}", ">{bmi_z_at_most}"),
    Covariate("perianal", MEASURES["perianal"].label, "yes", "no"),
    Covariate("severity_moderate_severe", "Severity by PCDAI", "moderate or severe", "mild"),
    Covariate("location_l2", "Location", "L2", "L1 or L3"),
    Covariate("upper_gi", "Upper gastrointestinal disease", "yes", "no"),
    Covariate("behaviour_b2_b3", "Behaviour", "B2 or B3", "B1"),
    Covariate("growth_delay", MEASURES["growth"].label, "yes", "no"),
    _high("crp"),
    _high("esr"),
    _high("wbc"),
    _low("hb"),
    _high("plt"),
    _low("alb"),
    Covariate("response_without_remission", "Week-14 outcome", "response only", "remission"),
    Covariate("ifx_monotherapy", "Infliximab alone", "yes", "no", acquired_after_start=True),
    Covariate(
        "ifx_with_glucocorticoid",
        "Infliximab with glucocorticoid",
        "yes",
        "no",
        acquired_after_start=True,
    ),
    Covariate("im_over_6_months", _LASTING, "yes", "no", acquired_after_start=True),
)
COVARIATES = tuple(one.under(AS_PUBLISHED) for one in _COVARIATES)

# What may change while a patient is under observation, beside the covariates acquired after the
# start: a column of the view `exposure` each. A number counts by its unit.
TIME_DEPENDENT = (
    *(covariate for covariate in COVARIATES if covariate.acquired_after_start),
    Covariate("immunomodulator", "Immunomodulator", "now", "not now", acquired_after_start=True),
    Covariate("glucocorticoid", "Glucocorticoid", "now", "not now", acquired_after_start=True),
    Covariate("intensified", "Infliximab intensified", "so far", "not yet", True),
    Covariate("combination_months", "Immunomodulator so far", "a month more", "", True),
    Covariate("dose_mg_per_kg", "Last infliximab dose", "1 mg/kg more", "", True),
)

# Whatever a model may have as a term, by its id.
MODEL_TERMS = {covariate.id: covariate for covariate in (*COVARIATES, *TIME_DEPENDENT)}
