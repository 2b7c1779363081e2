"""The code lists of the registry: every code with its meaning, in one place.

Constraints, import checks, options, templates and labels are all made from these lists; nothing
else in the program spells a list of codes out again.
"""

from __future__ import annotations

from decimal import Decimal

# Code -> its meaning; the codes alone are the tuples below each.
SEX_MEANINGS = {"female": "female", "male": "male"}
SEXES = tuple(SEX_MEANINGS)
DIAGNOSIS_MEANINGS = {
    "CD": "Crohn's disease",
    "UC": "ulcerative colitis",
    "IBDU": "inflammatory bowel disease, unclassified",
}
DIAGNOSES = tuple(DIAGNOSIS_MEANINGS)
# The Paris classification (Levine et al., Inflamm Bowel Dis 2011;17:1314-21).
LOCATION_MEANINGS = {
    "L1": "terminal ileum",
    "L2": "colon",
    "L3": "ileocolon",
    "none": "none below the ligament of Treitz",
}
LOCATIONS = tuple(LOCATION_MEANINGS)
UPPER_GI_MEANINGS = {
    "L4a": "proximal to the ligament of Treitz",
    "L4b": "distal to the ligament of Treitz",
    "L4ab": "proximal and distal to the ligament of Treitz",
}
UPPER_GI = tuple(UPPER_GI_MEANINGS)
BEHAVIOUR_MEANINGS = {
    "B1": "neither stricturing nor penetrating",
    "B2": "stricturing",
    "B3": "penetrating",
    "B2B3": "stricturing and penetrating",
}
BEHAVIOURS = tuple(BEHAVIOUR_MEANINGS)
GROWTH_MEANINGS = {"G0": "no growth delay", "G1": "growth delay"}
GROWTH = tuple(GROWTH_MEANINGS)
ZYGOSITY_MEANINGS = {
    "heterozygous": "on one of two copies of the gene",
    "homozygous": "the same change on both copies",
    "hemizygous": "on the only copy, as of an X-linked gene in a boy",
    "compound_heterozygous": "a different change on each copy",
    "unknown": "not known",
}
ZYGOSITIES = tuple(ZYGOSITY_MEANINGS)
# The five classes of variants (Richards et al., Genet Med 2015;17:405-24).
ACMG_MEANINGS = {
    "pathogenic": "class 5",
    "likely_pathogenic": "class 4",
    "uncertain": "class 3, of uncertain significance",
    "likely_benign": "class 2",
    "benign": "class 1",
}
ACMG_CLASSES = tuple(ACMG_MEANINGS)
FOLLOW_UP_END_MEANINGS = {
    "ifx_stopped": "infliximab was stopped",
    "transferred_to_adult_care": "transferred to adult care",
    "lost_to_follow_up": "lost to follow-up",
    "died": "died",
}
FOLLOW_UP_END_REASONS = tuple(FOLLOW_UP_END_MEANINGS)

# Why a value is missing: null flavours of HL7 version 3, with the labels that OpenClinica gives.
NULL_FLAVOUR_MEANINGS = {
    "NI": "no information",
    "NA": "not applicable",
    "UNK": "unknown",
    "NASK": "not asked",
    "ASKU": "asked but unknown",
    "NAV": "temporarily unavailable",
}
NULL_FLAVOURS = tuple(NULL_FLAVOUR_MEANINGS)

# The states of a query about a value, as OpenClinica names them.
QUERY_STATE_MEANINGS = {
    "new": "New",
    "updated": "Updated",
    "resolution_proposed": "Resolution Proposed",
    "closed": "Closed",
    "not_applicable": "Not Applicable",
}
QUERY_STATES = tuple(QUERY_STATE_MEANINGS)
# Those in which nothing more is asked, though the value may stand as it was.
SETTLED_STATES = ("closed", "not_applicable")

CONDITION_MEANINGS = {
    "severe_infection": "severe infection; a contraindication to infliximab",
    "active_tuberculosis": "active tuberculosis; a contraindication to infliximab",
    "lymphoma": "lymphoma; a contraindication to infliximab",
    "malignancy": "another malignancy; a contraindication to infliximab",
    "other": "any other condition",
}
CONDITIONS = tuple(CONDITION_MEANINGS)
# As the rule of eligibility reads them: whatever is not another condition excludes.
CONTRAINDICATIONS = tuple(code for code in CONDITIONS if code != "other")

# The grades of adverse events (Common Terminology Criteria for Adverse Events v5.0, NCI 2017).
SEVERITY_MEANINGS = {
    "mild": "grade 1: no or mild symptoms; no intervention indicated",
    "moderate": "grade 2: minimal, local or noninvasive intervention indicated",
    "severe": "grade 3: medically significant, not immediately life-threatening",
    "life_threatening": "grade 4: life-threatening consequences; urgent intervention indicated",
    "fatal": "grade 5: death related to the adverse event",
}
SEVERITIES = tuple(SEVERITY_MEANINGS)

# What a family consents to, each by itself, and who gave the consent.
CONSENT_SCOPE_MEANINGS = {
    "registry": "keeping the child's data in this registry",
    "research": "use of the data in research",
    "genetics": "use of gene findings in research",
    "contact": "being asked again, as for a study",
    "sharing": "passing data on beyond the centre",
}
CONSENT_SCOPES = tuple(CONSENT_SCOPE_MEANINGS)
CONSENT_GIVER_MEANINGS = {
    "parent_or_guardian": "a parent or guardian",
    "adolescent": "the patient, not yet of age",
    "adult": "the patient, of age",
}
CONSENT_GIVERS = tuple(CONSENT_GIVER_MEANINGS)

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
DRUG_MEANINGS = {
    drug: "other drug" if group == "other" else group.replace("_", " ")
    for drug, group in DRUG_CLASSES.items()
} | {"EEN": "exclusive enteral nutrition"}

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
ANALYTE_MEANINGS = {
    "CRP": "C-reactive protein",
    "ESR": "erythrocyte sedimentation rate",
    "WBC": "white blood cells",
    "HGB": "haemoglobin",
    "HCT": "haematocrit",
    "PLT": "platelets",
    "ALB": "albumin",
    "FCAL": "faecal calprotectin",
}
ANALYTES = tuple(ANALYTE_UNITS)
UNITS = tuple(dict.fromkeys(unit for units in ANALYTE_UNITS.values() for unit in units))
UNIT_MEANINGS = {
    unit: "of " + ", ".join(name for name, units in ANALYTE_UNITS.items() if unit in units)
    for unit in UNITS
}

# A variable's codes -> their meanings.
MEANINGS: dict[tuple[str, ...], dict[str, str]] = {
    tuple(meanings): meanings
    for meanings in (
        SEX_MEANINGS,
        DIAGNOSIS_MEANINGS,
        LOCATION_MEANINGS,
        UPPER_GI_MEANINGS,
        BEHAVIOUR_MEANINGS,
        GROWTH_MEANINGS,
        ZYGOSITY_MEANINGS,
        ACMG_MEANINGS,
        FOLLOW_UP_END_MEANINGS,
        CONDITION_MEANINGS,
        SEVERITY_MEANINGS,
        CONSENT_SCOPE_MEANINGS,
        CONSENT_GIVER_MEANINGS,
        DRUG_MEANINGS,
        ANALYTE_MEANINGS,
        UNIT_MEANINGS,
        NULL_FLAVOUR_MEANINGS,
    )
}

# Codes that the views derive, beside those above, and that a screen says as words.
DERIVED_CODES = (
    *("pharmacodynamic", "pharmacokinetic", "immunogenic_low_titre", "immunogenic"),
    *("undetermined", "within", "low", "none", "above", "below"),
    *("undetected", "low_titre", "high_titre", "not_evaluable", "positive_unclassed"),
    *("unclassed", "absent", "undetected_no_cut_off"),
    *("week_2", "week_6", "week_14", "maintenance"),
    *("optimised", "stopped", "neither", "remission", "response"),
    *("mild", "moderate", "severe", "any", "perianal_fistulising"),
)
