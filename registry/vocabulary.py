"""The code lists of the registry: every code with its meaning, in one place.

Constraints, import checks, options, templates and labels are all made from these lists; nothing
else in the program spells a list of codes out again.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

SEXES = ("female", "male")
DIAGNOSES = ("CD", "UC", "IBDU")
LOCATIONS = ("L1", "L2", "L3", "none")
UPPER_GI = ("L4a", "L4b", "L4ab")
BEHAVIOURS = ("B1", "B2", "B3", "B2B3")
GROWTH = ("G0", "G1")
ZYGOSITIES = ("heterozygous", "homozygous", "hemizygous", "compound_heterozygous", "unknown")
ACMG_CLASSES = ("pathogenic", "likely_pathogenic", "uncertain", "likely_benign", "benign")
FOLLOW_UP_END_REASONS = ("ifx_stopped", "transferred_to_adult_care", "lost_to_follow_up", "died")

CONTRAINDICATIONS = ("severe_infection", "active_tuberculosis", "lymphoma", "malignancy")
CONDITIONS = (*CONTRAINDICATIONS, "other")

# A drug and its class; a biologic started before infliximab excludes, a small molecule does not.
DRUG_CLASSES = {
    "azathioprine": "immunomodulator",
    "mercaptopurine": "immunomodulator",
    "methotrexate": "immunomodulator",
    "thalidomide": "other",
    "prednisone": "glucocorticoid",
    "prednisolone": "glucocorticoid",
    "methylprednisolone": "glucocorticoid",
    "budesonide": "glucocorticoid",
    "hydrocortisone": "glucocorticoid",
    "EEN": "nutrition",
    "mesalazine": "other",
    "adalimumab": "biologic",
    "certolizumab": "biologic",
    "golimumab": "biologic",
    "vedolizumab": "biologic",
    "ustekinumab": "biologic",
    "risankizumab": "biologic",
    "tofacitinib": "small_molecule",
    "upadacitinib": "small_molecule",
}
DRUGS = tuple(DRUG_CLASSES)

# Analyte -> unit -> factor to the analyte's own unit, which is the one listed first.
ANALYTE_UNITS: dict[str, dict[str, Decimal]] = {
    "CRP": {"mg/L": Decimal(1), "mg/dL": Decimal(10), "ug/mL": Decimal(1)},
    "ESR": {"mm/h": Decimal(1)},
    "WBC": {"10^9/L": Decimal(1), "/uL": Decimal("0.001")},
    "HGB": {"g/L": Decimal(1), "g/dL": Decimal(10)},
    "HCT": {"%": Decimal(1), "L/L": Decimal(100)},
    "PLT": {"10^9/L": Decimal(1), "/uL": Decimal("0.001"), "10^4/uL": Decimal(10)},
    "ALB": {"g/L": Decimal(1), "g/dL": Decimal(10)},
    "FCAL": {"ug/g": Decimal(1), "mg/kg": Decimal(1)},
}
ANALYTES = tuple(ANALYTE_UNITS)
UNITS = tuple(dict.fromkeys(unit for units in ANALYTE_UNITS.values() for unit in units))

# The first failure, in this order, is the reason that a patient is not in the cohort.
EXCLUSION_REASONS = {
    "no_infliximab": "No infliximab",
    "not_crohns_disease": "Not Crohn's disease",
    "age_18_or_over": "Aged 18 years or over at the first infusion",
    "prior_biologic": "Another biologic before infliximab",
    "contraindication": "Contraindication to infliximab",
    "fewer_than_4_infusions": "Fewer than four infusions",
    "late_induction_infusion": "Induction infusion off its date",
    "no_baseline_pcdai": "No baseline PCDAI",
    "no_week14_pcdai": "No PCDAI at week 14",
    "primary_non_response": "Primary non-response",
}

CENSOR_REASONS = (*FOLLOW_UP_END_REASONS, "exposure_ended", "data_cut")
INDUCTION_OUTCOMES = ("remission", "response")


@dataclass(frozen=True)
class Covariate:
    """A yes-or-no covariate of the univariate table.

    `level` is what true means and `other_level` what false means; `acquired_after_start` marks the
    covariates that a patient can only come to have by staying in the study.
    """

    id: str
    label: str
    level: str
    other_level: str
    acquired_after_start: bool = False


COVARIATES = (
    Covariate("sex_female", "Sex", "female", "male"),
    Covariate("veo_cd", "Onset before 6 years (VEO-CD)", "yes", "no"),
    Covariate("duration_ge_6_months", "Disease duration before infliximab", ">=6 months", "<6"),
    Covariate("initial_dose_ge_7", "First infliximab dose", ">=7 mg/kg", "<7"),
    Covariate("bmi_z_low", "BMI Z-score", "<=-1", ">-1"),
    Covariate("perianal", "Perianal disease", "yes", "no"),
    Covariate("severity_moderate_severe", "Severity by PCDAI", "moderate or severe", "mild"),
    Covariate("location_l2", "Location", "L2", "L1 or L3"),
    Covariate("upper_gi", "Upper gastrointestinal disease", "yes", "no"),
    Covariate("behaviour_b2_b3", "Behaviour", "B2 or B3", "B1"),
    Covariate("growth_delay", "Growth delay", "yes", "no"),
    Covariate("crp_high", "CRP", ">12 mg/L", "<=12"),
    Covariate("esr_high", "ESR", ">20 mm/h", "<=20"),
    Covariate("wbc_high", "White cells", ">10 x10^9/L", "<=10"),
    Covariate("hb_low", "Haemoglobin", "<110 g/L", ">=110"),
    Covariate("plt_high", "Platelets", ">400 x10^9/L", "<=400"),
    Covariate("alb_low", "Albumin", "<35 g/L", ">=35"),
    Covariate("response_without_remission", "Week-14 outcome", "response only", "remission"),
    Covariate("ifx_monotherapy", "Infliximab alone", "yes", "no", acquired_after_start=True),
    Covariate(
        "ifx_with_glucocorticoid",
        "Infliximab with glucocorticoid",
        "yes",
        "no",
        acquired_after_start=True,
    ),
    Covariate(
        "im_over_6_months",
        "Infliximab with immunomodulator over 6 months",
        "yes",
        "no",
        acquired_after_start=True,
    ),
)
