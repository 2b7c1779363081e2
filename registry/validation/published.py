"""The study's printed numbers, to which the program is held over the study's files.

Source: Translational Pediatrics, doi 10.21037/tp-2025-344, and an independent computation on the
same files; `tests/integration/test_study` and `registry validate` read them here.
"""

from __future__ import annotations

FLOW = {"started": 85, "eligible": 69, "events": 18}
# Of the cohort, by the column of the view baseline: how many have the value.
TABLE1 = {
    ("sex", "male"): 41,
    ("location", "L1"): 14,
    ("location", "L2"): 20,
    ("location", "L3"): 35,
    ("behaviour", "B1"): 43,
    ("behaviour", "B2"): 16,
    ("behaviour", "B3"): 7,
    ("behaviour", "B2B3"): 3,
    ("perianal", "true"): 23,
    ("growth", "G1"): 11,
    ("prior_surgery", "true"): 7,
}

EXCLUDED = {
    "age_18_or_over": 1,
    "prior_biologic": 2,
    "contraindication": 2,
    "fewer_than_4_infusions": 3,
    "late_induction_infusion": 2,
    "no_week14_pcdai": 1,
    "primary_non_response": 5,
}

# covariate: (losses with it, all with it, chi-square of the log-rank test)
TABLE2 = {
    "sex_female": (7, 28, 0.037),
    "veo_cd": (2, 6, 0.366),
    "duration_ge_6_months": (10, 39, 0.016),
    "initial_dose_ge_7": (8, 31, 0.011),
    "bmi_z_low": (16, 46, 4.603),
    "perianal": (9, 23, 2.812),
    "severity_moderate_severe": (16, 53, 1.878),
    "location_l2": (7, 20, 2.195),
    "upper_gi": (7, 33, 1.512),
    "behaviour_b2_b3": (6, 26, 0.443),
    "growth_delay": (5, 11, 5.051),
    "crp_high": (15, 46, 2.922),
    "esr_high": (13, 45, 0.671),
    "wbc_high": (7, 24, 0.025),
    "hb_low": (9, 32, 0.281),
    "plt_high": (9, 40, 1.221),
    "alb_low": (12, 38, 1.731),
    "response_without_remission": (4, 5, 13.189),
    "ifx_monotherapy": (7, 26, 0.249),
    "ifx_with_glucocorticoid": (4, 10, 0.947),
    "im_over_6_months": (5, 30, 4.356),
}

# The chi-squares that the study prints; the files carry them within 0.04.
PUBLISHED_CHI2 = {
    "sex_female": 0.035,
    "veo_cd": 0.366,
    "duration_ge_6_months": 0.017,
    "initial_dose_ge_7": 0.01,
    "bmi_z_low": 4.607,
    "perianal": 2.833,
    "severity_moderate_severe": 1.88,
    "location_l2": 2.18,
    "upper_gi": 1.522,
    "behaviour_b2_b3": 0.433,
    "growth_delay": 5.012,
    "crp_high": 2.93,
    "esr_high": 0.676,
    "wbc_high": 0.024,
    "hb_low": 0.274,
    "plt_high": 1.234,
    "alb_low": 1.71,
    "response_without_remission": 13.224,
    "ifx_monotherapy": 0.253,
    "ifx_with_glucocorticoid": 0.941,
    "im_over_6_months": 4.377,
}

# beta of the study's Table 3; the files carry them within 0.03.
PUBLISHED_COX = {
    "response_without_remission": 2.047,
    "im_over_6_months": -1.383,
    "bmi_z_low": 0.872,
    "growth_delay": 0.449,
}
