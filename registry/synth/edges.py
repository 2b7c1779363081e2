"""The edge cases of the registry's rules, and how often each is made.

A case is an intention: two of them may meet in one child and one then wins, which is wanted, since
real records fail several rules at once too.
"""

from __future__ import annotations

from enum import Enum, auto
from random import Random


class Edge(Enum):
    """One special situation of a child's record."""

    # What keeps a child out of the cohort.
    NO_INFLIXIMAB = auto()
    NOT_CROHNS = auto()
    ADULT_START = auto()
    PRIOR_BIOLOGIC = auto()
    CONTRAINDICATION = auto()
    FEWER_THAN_FOUR = auto()
    LATE_INDUCTION = auto()
    NO_BASELINE = auto()
    NO_WEEK14 = auto()
    PRIMARY_NON_RESPONSE = auto()
    # What nearly does.
    EVE_OF_18 = auto()
    LEAP_BIRTH = auto()
    PRIOR_SMALL_MOLECULE = auto()
    BIOLOGIC_ON_START = auto()
    HARMLESS_CONDITION = auto()
    INDUCTION_AT_TOLERANCE = auto()
    BASELINE_AT_LIMIT = auto()
    WEEK14_AT_LIMIT = auto()
    WEEK14_AFTER_END = auto()
    SMALL_DROP_REMISSION = auto()
    DROP_AT_LIMIT = auto()
    # Which of several scores counts.
    TWO_BASELINES = auto()
    WEEK14_TIE = auto()
    WEEK14_BOTH_SIDES = auto()
    WEEK14_ONLY_AFTER = auto()
    STILL_ACTIVE_AT_WEEK14 = auto()
    # How the observation ends.
    EVENT_ON_END = auto()
    SILENT_END = auto()
    STOP_ON_TAIL = auto()
    NEAR_CUT = auto()
    RESTART = auto()
    LONG_GAP = auto()
    # Covariates on a limit, missing or from the wrong time.
    ONSET_ON_SIXTH_BIRTHDAY = auto()
    SIX_MONTHS_DURATION = auto()
    DOSE_AT_LIMIT = auto()
    BMI_AT_LIMIT = auto()
    LABS_AT_LIMIT = auto()
    NO_LABS = auto()
    NO_ANTHROPOMETRY = auto()
    OLD_BASELINE_VALUES = auto()
    LATE_PHENOTYPE = auto()
    BACKWARD_PHENOTYPE = auto()
    IM_AT_THRESHOLD = auto()
    IM_ENDS_ON_START = auto()


PROBABILITY: dict[Edge, float] = {
    Edge.NO_INFLIXIMAB: 0.015,
    Edge.NOT_CROHNS: 0.018,
    Edge.ADULT_START: 0.012,
    Edge.PRIOR_BIOLOGIC: 0.018,
    Edge.CONTRAINDICATION: 0.018,
    Edge.FEWER_THAN_FOUR: 0.025,
    Edge.LATE_INDUCTION: 0.018,
    Edge.NO_BASELINE: 0.012,
    Edge.NO_WEEK14: 0.012,
    Edge.PRIMARY_NON_RESPONSE: 0.04,
    Edge.EVE_OF_18: 0.008,
    Edge.LEAP_BIRTH: 0.008,
    Edge.PRIOR_SMALL_MOLECULE: 0.01,
    Edge.BIOLOGIC_ON_START: 0.004,
    Edge.HARMLESS_CONDITION: 0.02,
    Edge.INDUCTION_AT_TOLERANCE: 0.02,
    Edge.BASELINE_AT_LIMIT: 0.02,
    Edge.WEEK14_AT_LIMIT: 0.02,
    Edge.WEEK14_AFTER_END: 0.004,
    Edge.SMALL_DROP_REMISSION: 0.01,
    Edge.DROP_AT_LIMIT: 0.01,
    Edge.TWO_BASELINES: 0.15,
    Edge.WEEK14_TIE: 0.02,
    Edge.WEEK14_BOTH_SIDES: 0.12,
    Edge.WEEK14_ONLY_AFTER: 0.04,
    Edge.STILL_ACTIVE_AT_WEEK14: 0.02,
    Edge.EVENT_ON_END: 0.15,
    Edge.SILENT_END: 0.04,
    Edge.STOP_ON_TAIL: 0.015,
    Edge.NEAR_CUT: 0.25,
    Edge.RESTART: 0.01,
    Edge.LONG_GAP: 0.03,
    Edge.ONSET_ON_SIXTH_BIRTHDAY: 0.01,
    Edge.SIX_MONTHS_DURATION: 0.02,
    Edge.DOSE_AT_LIMIT: 0.03,
    Edge.BMI_AT_LIMIT: 0.01,
    Edge.LABS_AT_LIMIT: 0.04,
    Edge.NO_LABS: 0.03,
    Edge.NO_ANTHROPOMETRY: 0.03,
    Edge.OLD_BASELINE_VALUES: 0.02,
    Edge.LATE_PHENOTYPE: 0.02,
    Edge.BACKWARD_PHENOTYPE: 0.01,
    Edge.IM_AT_THRESHOLD: 0.02,
    Edge.IM_ENDS_ON_START: 0.015,
}


def draw_edges(rng: Random) -> frozenset[Edge]:
    """The special situations of one child, drawn independently of each other."""
    return frozenset(edge for edge, chance in PROBABILITY.items() if rng.random() < chance)
