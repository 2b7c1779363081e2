"""The figures that drive the synthetic courses.

The effects are of the order that the study reports (doi 10.21037/tp-2025-344) but less extreme:
its hazard ratios come from 18 events. The rates are set so that the synthetic cohort resembles the
study's: four in five eligible, a quarter of them with a loss of response (a third within three
years by Kaplan-Meier), a median of 13 infusions and an observation of some 18 months.
"""

from __future__ import annotations

from registry.synth.days import YEAR

# Hazard of losing response, per day and for a child without any of the covariates below. No loss
# before the window of the week-14 score has closed, so that the score itself is not one.
BASE_HAZARD = 0.082 / YEAR
FIRST_RISK_DAY = 113
# The study's curve is all but flat after two years: 15.7, 27.3 and 30.9 % at 1, 2 and 3 years.
LATE_FROM_DAY = 730
LATE_FACTOR = 0.35

# Hazard ratios of what is known at the start or at week 14.
MODERATE_OR_SEVERE = 1.5
LOW_BMI = 1.8
GROWTH_DELAY = 1.8
RESPONSE_WITHOUT_REMISSION = 2.5
# For each halving of the week-14 trough below, and doubling above, the typical one.
TROUGH_HALVED = 1.5
TYPICAL_TROUGH = 4.5
# From the day on which antibodies to infliximab appear.
ANTIBODIES = 2.0

# Rates per year of observation that end it; independent of the hazard of a loss.
STOPS_A_YEAR = 0.24
LOST_A_YEAR = 0.05
DEATHS_A_YEAR = 0.002
ANTIBODIES_A_YEAR = 0.10

# After a loss: the study saw 7 of 18 stop, and 5 of the 11 others regain response.
STOPS_AFTER_LOSS = 0.39
REGAINS_AFTER_OPTIMISATION = 0.45
