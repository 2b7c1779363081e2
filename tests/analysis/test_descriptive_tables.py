"""Flow, Table 1, troughs and outcomes on frames worked out by hand."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from registry.analysis.cohort import flow, outcome, table1
from registry.analysis.troughs import at_week as trough
from registry.errors import CannotEstimate, Refused

from .frames import baseline_frame, flow_frame, outcome_frame, trough_frame


def test_flow_is_in_order_and_without_zeros() -> None:
    document = flow.cohort_flow(flow_frame(), "paper").to_json()
    assert document["started"] == 9
    assert [(one["reason"], one["n"]) for one in document["excluded"]] == [
        ("not_crohns_disease", 2),
        ("primary_non_response", 1),
    ]
    assert (document["eligible"], document["events"], document["responders"]) == (6, 2, 4)


@pytest.mark.parametrize("step", ["registered", "started", "eligible", "events"])
def test_flow_must_add_up(step: str) -> None:
    with pytest.raises(Refused, match="does not add up"):
        flow.cohort_flow(flow_frame(**{step: 99}), "paper")


def test_flow_of_nobody() -> None:
    zeros = dict.fromkeys(
        ("registered", "no_infliximab", "started", "eligible", "events", "responders"), 0
    )
    frame = flow_frame(**zeros)
    frame = frame[frame["step"] != "excluded"]
    assert flow.cohort_flow(frame, "paper").eligible == 0
    with pytest.raises(Refused, match="lacks the step events"):
        flow.cohort_flow(frame[frame["step"] != "events"], "paper")


def rows_by_id(frame: pd.DataFrame) -> dict[str, dict[str, Any]]:
    document = table1.baseline_table(frame, "paper").to_json()
    json.dumps(document, allow_nan=False)
    return {row["id"]: row for row in document["rows"]}


def test_table1_statistics() -> None:
    frame = baseline_frame(
        sex=["male", "male", "male", "female"],
        bmi_z=[Decimal(-3), Decimal(-1), Decimal(1), None],
        age_at_start_years=[Decimal(v) for v in (1, 2, 3, 4)],
        cdeis=[Decimal("2.9"), Decimal(3), Decimal(9), Decimal(12)],
    )
    rows = rows_by_id(frame)
    assert (rows["male"]["n"], rows["male"]["percent"]) == (3, 75.0)
    # Mean of -3, -1, 1 is -1; sd sqrt((4 + 0 + 4) / 2) = 2.
    assert (rows["baz"]["mean"], rows["baz"]["sd"], rows["baz"]["missing"]) == (-1, 2, 1)
    # (n+1)p of 1, 2, 3, 4: positions 1.25, 2.5, 3.75.
    age = rows["age_first_ifx_y"]
    assert (age["q1"], age["median"], age["q3"]) == (1.25, 2.5, 3.75)
    cdeis = [rows[f"cdeis_{band}"]["n"] for band in ("remission", "mild", "moderate", "severe")]
    assert cdeis == [1, 1, 1, 1]


def test_table1_tells_none_from_unknown() -> None:
    # Two assessed, one with upper disease and one without; two never assessed.
    frame = baseline_frame(
        upper_gi_location=["L4a", None, None, None],
        phenotype_assessed_on=["2020-01-01", "2020-01-01", None, None],
        behaviour=["B1", "B2", None, None],
        perianal=[True, None, None, None],
        location=["none", "L2", None, None],
    )
    rows = rows_by_id(frame)
    assert (rows["L4a_only"]["n"], rows["L4a_only"]["percent"]) == (1, 50.0)
    assert rows["L4a_only"]["missing"] == 2
    assert (rows["B2"]["percent"], rows["B2"]["missing"]) == (50.0, 2)
    assert (rows["p"]["percent"], rows["p"]["missing"]) == (100.0, 3)
    assert (rows["L_none"]["n"], rows["L2"]["n"]) == (1, 1)
    assert "L_none" not in rows_by_id(baseline_frame())


def test_table1_with_nothing_known_and_with_one_patient() -> None:
    empty = rows_by_id(baseline_frame(height_z=None, cdeis=None))
    assert (empty["haz"]["mean"], empty["haz"]["sd"], empty["haz"]["missing"]) == (None, None, 4)
    assert empty["cdeis_mild"]["percent"] is None
    one = rows_by_id(baseline_frame(1))
    assert (one["pcdai"]["mean"], one["pcdai"]["sd"]) == (40, None)
    assert (one["age_first_ifx_y"]["q1"], one["age_first_ifx_y"]["q3"]) == (12.5, 12.5)
    with pytest.raises(CannotEstimate):
        table1.baseline_table(baseline_frame(0), "paper")


def test_troughs() -> None:
    # Means 2 and 6, variances 2 and 4: t = 4 / sqrt(2/2 + 4/3) = 4 / sqrt(7/3).
    # Welch-Satterthwaite df = (7/3)^2 / (1^2/1 + (4/3)^2/2) = (49/9) / (17/9) = 49/17.
    frame = trough_frame([1, 3], [4, 6, 8], ifx_comparator=["<", None, None, None, ">"])
    document = trough.week14_troughs(frame, "paper").to_json()
    assert document["t"] == pytest.approx(4 / math.sqrt(7 / 3))
    assert document["df"] == pytest.approx(49 / 17)
    lost, kept = document["groups"]
    assert (lost["group"], lost["n"], lost["mean"], lost["censored"]) == ("lor", 2, 2, 1)
    assert lost["sd"] == pytest.approx(math.sqrt(2))
    assert (kept["group"], kept["n"], kept["mean"], kept["sd"], kept["censored"]) == (
        "responder",
        3,
        6,
        2,
        1,
    )
    assert "2 of 5 levels" in document["notes"][0]


@pytest.mark.parametrize(
    ("lost", "kept", "message"),
    [
        ([], [4, 6], "fewer than two levels"),
        ([1], [4, 6], "fewer than two levels"),
        ([], [], "fewer than two levels"),
        ([0.2, 0.2], [0.2, 0.2], "do not vary"),
    ],
)
def test_troughs_that_cannot_be_compared(
    lost: list[float], kept: list[float], message: str
) -> None:
    frame = trough_frame(lost, kept, ifx_comparator="<")
    with pytest.raises(CannotEstimate, match=message):
        trough.week14_troughs(frame, "paper")


def test_troughs_of_one_group_without_spread_can_be_compared() -> None:
    # t = (5 - 0.2) / sqrt(0 + 2/2) = 4.8 with df 1.
    result = trough.week14_troughs(trough_frame([0.2, 0.2], [4, 6]), "paper")
    assert (result.t, result.df) == pytest.approx((4.8, 1))


def test_outcomes() -> None:
    frame = outcome_frame(
        [
            ("stopped", None),
            ("optimised", True),
            ("optimised", False),
            ("optimised", False),
            ("optimised", None),
            ("neither", None),
        ]
    )
    document = outcome.outcomes_after_loss(frame, "paper").to_json()
    found = {key: document[key] for key in ("lor", "stopped", "optimised", "regained", "neither")}
    assert found == {"lor": 6, "stopped": 1, "optimised": 4, "regained": 1, "neither": 1}
    assert (document["not_regained"], document["regained_unknown"]) == (2, 1)


def test_no_outcomes_and_wrong_ones() -> None:
    assert outcome.outcomes_after_loss(outcome_frame([]), "paper").lor == 0
    with pytest.raises(Refused, match="not optimised"):
        outcome.outcomes_after_loss(outcome_frame([("stopped", True)]), "paper")
    with pytest.raises(Refused, match="unknown outcome"):
        outcome.outcomes_after_loss(outcome_frame([("cured", None)]), "paper")
