"""Kaplan-Meier, log-rank, Cox and Welch against R 4.2.2 with survival 3.5-3.

The data are `survival::lung`, which lifelines ships; each number stands beside the R call that
printed it. `event` is status == 2, `female` sex == 2, `unwell` ph.ecog >= 1, `old` age >= 65.
"""

from __future__ import annotations

import pandas as pd
import pytest

from registry.analysis import methods
from registry.analysis.cohort import table2
from registry.analysis.cox import fit as cox
from registry.analysis.curves import kaplan_meier
from registry.analysis.troughs import at_week as trough
from registry.drawing.numbers_at_risk import counts_at
from registry.variables import DAYS_PER_MONTH

DAYS = (90, 180, 365, 730)
MONTHS = tuple(day / DAYS_PER_MONTH for day in DAYS)


def test_curve_and_log_log_limits(lung: pd.DataFrame) -> None:
    # summary(survfit(Surv(time, event) ~ 1, conf.type = "log-log"), times = c(90,180,365,730))
    survival = (0.881578947368421, 0.721670653409762, 0.409241624460064, 0.115693098344539)
    lower = (0.83207134221092, 0.658304528445661, 0.338714269088323, 0.0676321514888291)
    upper = (0.917213604179644, 0.775314690716979, 0.478380767646914, 0.177825199700288)
    group = kaplan_meier.kaplan_meier(lung, "paper", at_months=MONTHS).to_json()["groups"][0]
    assert (group["group"], group["n"], group["events"]) == ("all", 228, 165)
    estimates = group["estimates"]
    assert [e["at_risk"] for e in estimates] == [201, 160, 65, 13]
    assert [1 - e["cumulative_incidence"] for e in estimates] == pytest.approx(survival, rel=1e-12)
    # The limits of an incidence are the complements of the limits of survival, in turned order.
    assert [1 - e["upper"] for e in estimates] == pytest.approx(lower, rel=1e-12)
    assert [1 - e["lower"] for e in estimates] == pytest.approx(upper, rel=1e-12)


def test_quantiles_with_limits(lung: pd.DataFrame) -> None:
    # quantile(survfit(Surv(time, event) ~ 1, conf.type = "log-log"))
    result = kaplan_meier.kaplan_meier(lung, "paper")
    curve = result.groups[0].curve
    assert curve.quantile_days(0.25) == (170, 144, 194)
    assert curve.quantile_days(0.5) == (310, 284, 361)
    assert curve.quantile_days(0.75) == (550, 457, 643)
    assert result.groups[0].median_months == pytest.approx(310 / DAYS_PER_MONTH)
    assert result.quartiles_kaplan_meier == pytest.approx(
        tuple(days / DAYS_PER_MONTH for days in (170, 310, 550))
    )


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        # survfit(Surv(c(1,2,3,4), c(1,1,1,1)) ~ 1, conf.type = "log-log"): flat at exactly 0.5
        # from 2 to 3
        ((1, 1, 1, 1), ((1.5, 1, 3), (2.5, 1, None), (3.5, 1, None))),
        # the same with event c(1,1,0,0): flat at 0.5 from 2 to the last observation at 4
        ((1, 1, 0, 0), ((1.5, 1, None), (3, 1, None), (None, 1, None))),
        # the same with no event at all
        ((0, 0, 0, 0), ((None, None, None),) * 3),
    ],
)
def test_quantiles_on_a_plateau(patients, event, expected) -> None:  # type: ignore[no-untyped-def]
    curve = kaplan_meier.kaplan_meier(patients((1, 2, 3, 4), event), "paper").groups[0].curve
    assert tuple(curve.quantile_days(share) for share in (0.25, 0.5, 0.75)) == expected


def test_by_group_with_log_rank(lung: pd.DataFrame) -> None:
    # survdiff(Surv(time, event) ~ sex): chisq 10.3267419548856, p 0.00131116452035549
    # quantile(survfit(Surv(time, event) ~ sex, conf.type = "log-log"), 0.5)
    result = kaplan_meier.kaplan_meier(lung, "paper", by="sex_female", at_months=MONTHS)
    document = result.to_json()
    assert document["logrank"] == pytest.approx(
        {"chi2": 10.3267419548856, "df": 1, "p": 0.00131116452035549}, rel=1e-10
    )
    female, male = result.groups
    assert (female.group, female.label, female.n, female.events) == ("true", "female", 90, 53)
    assert (male.group, male.label, male.n, male.events) == ("false", "male", 138, 112)
    assert female.curve.quantile_days(0.5) == (426, 345, 524)
    assert male.curve.quantile_days(0.5) == (270, 210, 306)
    assert [e.at_risk for e in male.estimates] == [117, 89, 35, 7]
    incidence = [e.cumulative_incidence for e in female.estimates]
    assert [1 - share for share in incidence if share is not None] == pytest.approx(
        (0.933333333333333, 0.842401705587783, 0.526463030185906, 0.187232497905056), rel=1e-12
    )


@pytest.mark.parametrize(
    ("group", "at_risk", "events", "censored"),
    [
        # summary(survfit(Surv(time, event) ~ sex), times = c(0,180,365,540,730,1000)): n.risk, and
        # n.event and n.censor summed up
        ("false", (138, 89, 35, 17, 7, 2), (0, 49, 85, 99, 109, 112), (0, 1, 18, 22, 22, 24)),
        ("true", (90, 71, 30, 16, 6, 0), (0, 14, 36, 44, 50, 53), (0, 5, 24, 30, 34, 37)),
    ],
)
def test_counts_under_the_axis(lung, group, at_risk, events, censored) -> None:  # type: ignore[no-untyped-def]
    document = kaplan_meier.kaplan_meier(lung, "paper", by="sex_female").to_json(curves=True)
    curve = next(one["curve"] for one in document["groups"] if one["group"] == group)
    counts = [counts_at(curve, day) for day in (0, 180, 365, 540, 730, 1000)]
    assert tuple(count["at_risk"] for count in counts) == at_risk
    assert tuple(count["events"] for count in counts) == events
    assert tuple(count["censored"] for count in counts) == censored


def test_univariate_row_over_known_values(lung: pd.DataFrame) -> None:
    # survdiff(Surv(time, event) ~ unwell): chisq 8.21194401832236, p 0.00416155419991537
    # table(unwell, event): 0 -> 26 37, 1 -> 37 127, NA -> 0 1
    rows = {
        row["covariate"]: row for row in table2.univariate_table(lung, "paper").to_json()["rows"]
    }
    row = rows["perianal"]
    assert row["chi2"] == pytest.approx(8.21194401832236, rel=1e-10)
    assert row["p"] == pytest.approx(0.00416155419991537, rel=1e-10)
    counts = [row[key] for key in ("events_true", "n_true", "events_false", "n_false", "missing")]
    assert counts == [127, 164, 37, 63, 1]


# m <- coxph(Surv(time, event) ~ female + unwell + old, ties = ...); coef(m); sqrt(diag(vcov(m)));
# summary(m)$conf.int; summary(m)$coefficients[, "Pr(>|z|)"]
COX = {
    "breslow": {
        "coef": (-0.560216447269065, 0.534551128582833, 0.213991189980931),
        "se": (0.168178807191519, 0.190981402000237, 0.158967220057093),
        "hr": (0.571085440586, 1.706681989529, 1.238611742552),
        "hr_lower": (0.410721112860, 1.173786043370, 0.907030832006),
        "hr_upper": (0.794063344293, 2.481511370693, 1.691407827224),
        "p": (0.000865108708839, 0.005126597187635, 0.178259284716900),
    },
    "efron": {
        "coef": (-0.560944699188063, 0.535111829709018, 0.214619144634686),
        "se": (0.168174941207773, 0.190980178830358, 0.158967236150500),
        "hr": (0.570669697919, 1.707639196371, 1.239389778820),
        "hr_lower": (0.410425223166, 1.174447186652, 0.907600556481),
        "hr_upper": (0.793479264288, 2.482897194634, 1.692470341579),
        "p": (0.000851512839385, 0.005079893554656, 0.176988994439002),
    },
}


@pytest.mark.parametrize("ties", ["breslow", "efron"])
def test_cox_on_complete_cases(lung: pd.DataFrame, ties: str) -> None:
    names = ("sex_female", "perianal", "bmi_z_low")
    result = cox.cox_regression(lung, "paper", covariates=names, ties=ties).to_json()
    assert (result["n"], result["dropped"], result["events"]) == (227, 1, 164)
    assert [term["covariate"] for term in result["terms"]] == list(names)
    for key, expected in COX[ties].items():
        assert [term[key] for term in result["terms"]] == pytest.approx(expected, rel=1e-6), key
    wald = [(b / s) ** 2 for b, s in zip(COX[ties]["coef"], COX[ties]["se"], strict=True)]
    assert [term["wald"] for term in result["terms"]] == pytest.approx(wald, rel=1e-6)


@pytest.mark.parametrize(
    ("ties", "coef", "se"),
    [
        # coxph(Surv(time, event) ~ age + sex + ph.ecog) on the 225 patients with ph.ecog, ph.karno
        # and inst
        (
            "breslow",
            (0.011398329324582, -0.548922877992232, 0.45964696044054),
            (0.00928746370117435, 0.168334819203885, 0.114720503840867),
        ),
        (
            "efron",
            (0.0114253821671864, -0.549705921804622, 0.460498332038502),
            (0.00928802698879843, 0.168331519979052, 0.114725251594269),
        ),
    ],
)
def test_cox_fit_with_values_that_are_not_yes_or_no(ties, coef, se) -> None:  # type: ignore[no-untyped-def]
    from lifelines.datasets import load_lung

    data = load_lung().dropna(subset=["ph.ecog", "ph.karno", "inst"])
    assert len(data) == 225
    values = data[["age", "sex", "ph.ecog"]].to_numpy(dtype=float)
    found = methods.cox(data["time"], data["status"] == 1, values, ties)
    assert found.coefficients == pytest.approx(coef, rel=1e-6)
    assert found.standard_errors == pytest.approx(se, rel=1e-6)


def test_welch() -> None:
    # t.test(age ~ sex): t = 1.86317615138459, df = 194.715498281385, p = 0.0639433611988746
    from lifelines.datasets import load_lung

    data = load_lung()
    frame = pd.DataFrame(
        {
            "definition": "paper",
            "patient_id": [f"P{i}" for i in range(len(data))],
            "event": data["sex"] == 2,
            "ifx_comparator": None,
            "ifx_for_mean": data["age"],
        }
    )
    result = trough.week14_troughs(frame, "paper")
    assert (result.t, result.df, result.p) == pytest.approx(
        (1.86317615138459, 194.715498281385, 0.0639433611988746), rel=1e-10
    )
