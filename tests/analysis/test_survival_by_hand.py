"""Survival analyses on frames small enough to work out on paper, and where they must refuse."""

from __future__ import annotations

import json
import math

import pandas as pd
import pytest

from registry.analysis.cohort import table2
from registry.analysis.cox import fit as cox
from registry.analysis.curves import kaplan_meier
from registry.analysis.dataset import survival_data
from registry.covariates import COVARIATES
from registry.errors import CannotEstimate, Refused, WrongUsage
from registry.variables import DAYS_PER_MONTH


def test_curve(patients) -> None:  # type: ignore[no-untyped-def]
    # 5 at risk, one event at 10: 4/5. At 20 one event of 4, one censored: 4/5 * 3/4 = 3/5.
    # At 30 one event of 2: 3/5 * 1/2 = 3/10. The last is censored at 40.
    frame = patients((10, 20, 20, 30, 40), (True, True, False, True, False))
    result = kaplan_meier.kaplan_meier(
        frame, "paper", at_months=[day / DAYS_PER_MONTH for day in (9, 10, 20, 29, 30, 40, 41)]
    )
    estimates = result.groups[0].estimates
    found = [e.cumulative_incidence for e in estimates]
    assert found[:6] == pytest.approx([0, 0.2, 0.4, 0.4, 0.7, 0.7])
    assert found[6] is None
    assert [e.at_risk for e in estimates] == [5, 5, 4, 2, 2, 1, 0]
    assert estimates[0].lower is None
    assert any("ends after" in note for note in result.notes)
    # Quartiles by the (n+1)p rule. Events 10, 20, 30: positions 1, 2, 3.
    assert result.quartiles_lor_times == pytest.approx(
        tuple(day / DAYS_PER_MONTH for day in (10, 20, 30))
    )
    # All times 10, 20, 20, 30, 40: positions 1.5, 3, 4.5 -> 15, 20, 35.
    assert result.quartiles_analysis_times == pytest.approx(
        tuple(day / DAYS_PER_MONTH for day in (15, 20, 35))
    )
    # Survival is at or below 3/4, 1/2, 1/4 from day 20, 30 and never.
    assert result.quartiles_kaplan_meier[:2] == pytest.approx(
        (20 / DAYS_PER_MONTH, 30 / DAYS_PER_MONTH)
    )
    assert result.quartiles_kaplan_meier[2] is None


def test_limits_of_the_first_step(patients) -> None:  # type: ignore[no-untyped-def]
    # S = 3/4, Greenwood var/S^2 = 1/(4*3) = 1/12. On log(-log S): se = sqrt(1/12)/|log(3/4)|;
    # limits S^exp(+-1.959964 se).
    frame = patients((10, 20, 30, 40), (True, False, False, False))
    estimate = kaplan_meier.kaplan_meier(frame, "paper", at_months=[1]).groups[0].estimates[0]
    se = math.sqrt(1 / 12) / abs(math.log(0.75))
    assert estimate.lower == pytest.approx(1 - 0.75 ** math.exp(-1.959963984540054 * se))
    assert estimate.upper == pytest.approx(1 - 0.75 ** math.exp(1.959963984540054 * se))


def test_log_rank(patients) -> None:  # type: ignore[no-untyped-def]
    # Group: events at 1 and 3; other: event at 2, censored at 4.
    # Expected in the group 1/2 + 1/3 + 1/2 = 4/3, variance 1/4 + 2/9 + 1/4 = 13/18.
    # chi2 = (2 - 4/3)^2 / (13/18) = (4/9) * (18/13) = 8/13.
    frame = patients((1, 3, 2, 4), (True, True, True, False), perianal=[True, True, False, False])
    test = kaplan_meier.kaplan_meier(frame, "paper", by="perianal").logrank
    assert test is not None
    assert test.chi2 == pytest.approx(8 / 13)
    # P of a chi-square with 1 df is erfc(sqrt(chi2 / 2)).
    assert test.p == pytest.approx(math.erfc(math.sqrt(4 / 13)))


@pytest.mark.parametrize("ties", ["breslow", "efron"])
def test_cox(patients, ties: str) -> None:  # type: ignore[no-untyped-def]
    # Event at 1 with x = 1, two of four at risk have x = 1; event at 2 with x = 0, one of three.
    # With r = exp(b) the score is 1 - r/(r+1) - r/(r+2) = 0, so r^2 = 2 and b = log(2)/2.
    # Information p1(1-p1) + p2(1-p2) with p1 = r/(r+1), p2 = r/(r+2) = 1 - p1.
    frame = patients((1, 2, 3, 3), (True, True, False, False), perianal=[True, False, True, False])
    result = cox.cox_regression(frame, "paper", covariates=["perianal"], ties=ties)
    p1 = math.sqrt(2) / (math.sqrt(2) + 1)
    term = result.to_json()["terms"][0]
    assert term["coef"] == pytest.approx(math.log(2) / 2, abs=1e-7)
    assert term["se"] == pytest.approx(1 / math.sqrt(2 * p1 * (1 - p1)), abs=1e-6)
    assert term["hr"] == pytest.approx(math.sqrt(2), abs=1e-6)


def test_missing_covariate_is_counted_and_not_a_level(patients) -> None:  # type: ignore[no-untyped-def]
    frame = patients(
        (1, 3, 2, 4, 5), (True, True, True, False, True), perianal=[True, True, False, False, None]
    )
    by = kaplan_meier.kaplan_meier(frame, "paper", by="perianal")
    assert by.missing == 1
    assert [(g.group, g.label, g.n) for g in by.groups] == [("true", "yes", 2), ("false", "no", 2)]
    assert by.logrank is not None
    assert by.logrank.chi2 == pytest.approx(8 / 13)
    assert any("missing in 1 of 5" in note for note in by.notes)
    rows = {row.covariate.id: row for row in table2.univariate_table(frame, "paper").rows}
    assert (rows["perianal"].n_true, rows["perianal"].n_false, rows["perianal"].missing) == (
        2,
        2,
        1,
    )
    assert rows["upper_gi"].test is None
    assert rows["upper_gi"].note == "No test: missing in every patient."


def test_table2_has_every_covariate_in_order(patients) -> None:  # type: ignore[no-untyped-def]
    frame = patients((1, 2), (True, False))
    document = table2.univariate_table(frame, "paper").to_json()
    assert [row["covariate"] for row in document["rows"]] == [c.id for c in COVARIATES]
    assert all(row["chi2"] is None and row["p"] is None for row in document["rows"])
    assert any("immortal-time" in note for note in document["notes"])
    json.dumps(document, allow_nan=False)


@pytest.mark.parametrize(
    ("time", "event", "level", "reason"),
    [
        ((1, 2, 3), (1, 1, 0), (True, True, True), "one group is empty"),
        # The only events fall after the other group has left.
        ((5, 6, 1, 2), (1, 0, 0, 0), (True, True, False, False), "both groups"),
        # Everybody at risk has the event at once.
        ((3, 3), (1, 1), (True, False), "both groups"),
    ],
)
def test_no_log_rank_says_why(patients, time, event, level, reason) -> None:  # type: ignore[no-untyped-def]
    rows = table2.univariate_table(patients(time, event, perianal=level), "paper").rows
    row = next(row for row in rows if row.covariate.id == "perianal")
    assert row.test is None
    assert reason in (row.note or "")


def test_nobody_lost_response(patients) -> None:  # type: ignore[no-untyped-def]
    frame = patients((400, 800), (False, False), perianal=[True, False])
    result = kaplan_meier.kaplan_meier(frame, "paper", by="perianal", at_months=[12])
    document = result.to_json(curves=True)
    assert [g["estimates"][0]["cumulative_incidence"] for g in document["groups"]] == [0, 0]
    assert document["groups"][0]["median_months"] is None
    assert document["logrank"] is None
    assert document["time_to_lor_quartiles_months"] == [None, None, None]
    assert any("nobody lost response" in note for note in document["notes"])
    json.dumps(document, allow_nan=False)
    with pytest.raises(CannotEstimate, match="None of the 2 patients"):
        table2.univariate_table(frame, "paper")
    with pytest.raises(CannotEstimate, match="None of the 2 patients"):
        cox.cox_regression(frame, "paper", covariates=["perianal"])


@pytest.mark.parametrize("event", [True, False])
def test_one_patient(patients, event: bool) -> None:  # type: ignore[no-untyped-def]
    document = kaplan_meier.kaplan_meier(patients((400,), (event,)), "paper").to_json(curves=True)
    json.dumps(document, allow_nan=False)
    estimates = document["groups"][0]["estimates"]
    # After 13.1 months: lost for certain, or not known any more.
    expected = [0, 1, 1] if event else [0, None, None]
    assert [e["cumulative_incidence"] for e in estimates] == expected
    if event:
        assert document["time_to_lor_quartiles_months"] == pytest.approx([400 / DAYS_PER_MONTH] * 3)


def test_empty_cohort(patients) -> None:  # type: ignore[no-untyped-def]
    for analyse in (
        kaplan_meier.kaplan_meier,
        table2.univariate_table,
        cox.cox_regression,
    ):
        with pytest.raises(CannotEstimate, match="No patient is eligible"):
            analyse(patients((), ()), "paper")


@pytest.mark.parametrize("ties", ["breslow", "efron"])
@pytest.mark.parametrize(
    ("time", "event", "covariates", "message"),
    [
        # All events in one level: the hazard ratio is infinite.
        (
            (1, 2, 3, 4, 5, 6),
            (1, 1, 1, 0, 0, 0),
            {"perianal": (True, True, True, True, False, False)},
            "separation",
        ),
        # An event in each level, but those of 'no' only when nobody else is left.
        (
            (1, 2, 3, 4, 5, 6),
            (1, 1, 0, 1, 1, 0),
            {"perianal": (True, True, True, False, False, False)},
            "separation",
        ),
        # Neither covariate alone, but their sum: every event has one of them, nobody else.
        (
            (2, 1, 1, 2, 3, 3, 3, 3),
            (1, 1, 1, 1, 0, 0, 0, 0),
            {
                "perianal": (True, True, False, False, False, False, False, False),
                "upper_gi": (False, False, True, True, False, False, False, False),
            },
            "separat",
        ),
        # Two names of one thing.
        (
            (1, 2, 3, 4, 5, 6),
            (1, 1, 1, 1, 0, 0),
            {
                "perianal": (True, False, True, False, True, False),
                "upper_gi": (False, True, False, True, False, True),
            },
            "told apart",
        ),
        ((1, 2, 3), (1, 1, 0), {"perianal": (True, True, True)}, "has no hazard ratio"),
        (
            (1, 2, 3, 4),
            (1, 0, 0, 0),
            {"perianal": (True, False, True, False), "upper_gi": (True, True, False, False)},
            r"too few \(1\) for 2 covariates",
        ),
        # The only event lacks the covariate.
        (
            (1, 2, 3),
            (1, 0, 0),
            {"perianal": (None, True, False)},
            "none of these lost response",
        ),
        ((1, 2, 3), (1, 1, 0), {"perianal": (None, None, None)}, "none of these lost response"),
    ],
)
def test_cox_refuses(patients, ties, time, event, covariates, message) -> None:  # type: ignore[no-untyped-def]
    frame = patients(time, event, **covariates)
    with pytest.raises(CannotEstimate, match=message) as refused:
        cox.cox_regression(frame, "paper", covariates=list(covariates), ties=ties)
    assert refused.value.cure


def test_cox_chooses_by_p(patients, lung: pd.DataFrame) -> None:  # type: ignore[no-untyped-def]
    # Log-rank P by R's survdiff: sex_female 0.0013, perianal 0.0042, bmi_z_low 0.0554.
    result = cox.cox_regression(lung, "paper")
    assert [term.covariate.id for term in result.terms] == ["sex_female", "perianal"]
    document = result.to_json()
    assert "P below 0.05" in document["method"]
    assert document["covariates_from"] == "as_published"
    frame = patients((1, 2, 3, 4), (True, True, False, False), perianal=[True, False, True, False])
    with pytest.raises(CannotEstimate, match="No covariate has a univariate P below"):
        cox.cox_regression(frame, "paper")


def test_notes_on_the_model(patients) -> None:  # type: ignore[no-untyped-def]
    frame = patients(
        (1, 2, 3, 3, 9), (1, 1, 0, 0, 1), im_over_6_months=[True, False, True, False, None]
    )
    result = cox.cox_regression(frame, "paper", covariates=["im_over_6_months"])
    notes = " ".join(result.notes)
    assert "4 of 5 patients" in notes
    assert result.to_json()["events_per_term"] == 2
    assert "Fewer than 10 losses for each covariate" in notes
    assert "immortal-time" in notes
    by = kaplan_meier.kaplan_meier(frame, "paper", by="im_over_6_months")
    assert any("immortal-time" in note for note in by.notes)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"time_days": -1}, "whole number of days"),
        ({"time_days": None}, "whole number of days"),
        ({"time_days": 10.5}, "whole number of days"),
        ({"event": 2}, "neither true, false nor missing"),
        ({"event": None}, "no event indicator"),
        ({"patient_id": "P0002"}, "more than once"),
        ({"definition": "recommended"}, "definition recommended"),
        ({"perianal": "yes"}, "neither true, false nor missing"),
        ({"time_days": 0, "event": True}, "event on day 0"),
    ],
)
def test_unfit_rows_are_refused(patients, change, message) -> None:  # type: ignore[no-untyped-def]
    frame = patients((10, 20, 30), (True, False, True), perianal=[True, False, True])
    for name, value in change.items():
        frame.at[0, name] = value
    with pytest.raises(Refused, match=message):
        survival_data(frame, "paper")


def test_censored_on_day_0_is_at_risk_on_day_0_only(patients) -> None:  # type: ignore[no-untyped-def]
    frame = patients((0, 10, 20), (False, True, False))
    estimates = kaplan_meier.kaplan_meier(frame, "paper", at_months=[0, 0.5]).groups[0].estimates
    assert [(e.at_risk, e.cumulative_incidence) for e in estimates] == [
        (3, 0.0),
        (1, pytest.approx(0.5)),
    ]


def test_wrong_usage(patients) -> None:  # type: ignore[no-untyped-def]
    frame = patients((10, 20), (True, False))
    with pytest.raises(WrongUsage, match="No covariate is called shoe_size"):
        kaplan_meier.kaplan_meier(frame, "paper", by="shoe_size")
    with pytest.raises(WrongUsage, match="more than once"):
        cox.cox_regression(frame, "paper", covariates=["perianal", "perianal"])
    with pytest.raises(WrongUsage, match="ties cannot be 'exact'"):
        cox.cox_regression(frame, "paper", covariates=["perianal"], ties="exact")
    with pytest.raises(WrongUsage, match="negative"):
        kaplan_meier.kaplan_meier(frame, "paper", at_months=[-1])
    with pytest.raises(CannotEstimate, match="missing in all 2 patients"):
        kaplan_meier.kaplan_meier(frame, "paper", by="perianal")
