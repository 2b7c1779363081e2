"""Says why a patient has his status: each rule in order, the record that decided, its threshold."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from registry.vocabulary import EXCLUSION_REASONS

ENDINGS = {
    "ifx_stopped": "infliximab was stopped",
    "transferred_to_adult_care": "transferred to adult care",
    "lost_to_follow_up": "lost to follow-up",
    "died": "died",
    "exposure_ended": "no infusion for longer than the tail of exposure",
    "data_cut": "the data cut",
}


@dataclass(frozen=True)
class Step:
    """One rule applied: what it asks, what it found, the record it looked at, what it was held to.

    `passed` is None where an earlier rule has already decided or there is nothing to judge.
    """

    rule: str
    passed: bool | None
    finding: str
    held_to: str
    table: str | None
    on: date | None


@dataclass(frozen=True)
class Explanation:
    """A patient's status under one definition and the rules that led to it."""

    patient_id: str
    definition: str
    definition_hash: str
    state: str
    conclusion: str
    rules: list[Step]

    def to_json(self) -> dict[str, Any]:
        """The explanation as one JSON document."""
        return asdict(self)


def explain(connection: Connection, patient: str, definition: str) -> Explanation:
    """Applies the rules to the patient's data as they are now, step by step."""
    # The number as a constant is a condition that the views pass down to the tables.
    number = connection.execute(
        text("select patient_id from reference.patient_number where study_id = :patient"),
        {"patient": patient},
    ).scalar_one()
    facts = dict(
        connection.execute(
            text(
                "select e.*, p.birth_date, s.condition_words from rules.eligibility e "
                "join clinical.patient p using (patient_id) "
                "cross join lateral (select replace(e.contraindication, '_', ' ')) "
                "as s (condition_words) "
                "where e.patient_id = :number and e.definition = :definition"
            ),
            {"number": number, "definition": definition},
        )
        .mappings()
        .one()
    )
    held = dict(
        connection.execute(
            text("select * from reference.definition where name = :name"), {"name": definition}
        )
        .mappings()
        .one()
    )
    steps = _eligibility_steps(facts, held)
    reason = facts["reason"]
    if reason is not None:
        state = reason
        conclusion = f"Not in the cohort: {EXCLUSION_REASONS[reason].lower()}."
    else:
        steps += _outcome_steps(facts, held)
        if facts["event_on"] is not None:
            state = "loss_of_response"
            conclusion = f"Lost response on {facts['event_on']}."
        else:
            state = "sustained_response"
            conclusion = (
                f"No loss of response up to {facts['end_on']}: {ENDINGS[facts['end_reason']]}."
            )
    return Explanation(patient, definition, held["hash"], state, conclusion, steps)


def _points(value: Decimal | None) -> str:
    return "none" if value is None else f"{value.normalize():f}"


def _eligibility_steps(facts: dict[str, Any], held: dict[str, Any]) -> list[Step]:
    start = facts["start_on"]
    reason = facts["reason"]
    order = list(EXCLUSION_REASONS)
    steps = []

    def add(
        code: str,
        rule: str,
        finding: str,
        held_to: str,
        table: str | None = None,
        on: date | None = None,
    ) -> None:
        decided = reason is not None and order.index(code) > order.index(reason)
        passed = None if decided else code != reason
        steps.append(Step(rule, passed, finding, held_to, table, on))

    add(
        "no_infliximab",
        "Started infliximab",
        "no infusion up to the data cut" if start is None else f"first infusion on {start} (t0)",
        f"data cut {held['data_cut']}",
        None if start is None else "infusion",
        start,
    )
    if start is None:
        return steps
    add(
        "not_crohns_disease",
        "Has Crohn's disease",
        f"diagnosis {facts['diagnosis']}",
        "CD",
        "patient",
    )
    add(
        "age_18_or_over",
        "Is a child at t0",
        f"{facts['age_years']} completed years, born {facts['birth_date']}",
        f"below {held['age_limit_years']} years",
        "patient",
    )
    add(
        "prior_biologic",
        "No other biologic before t0",
        f"{facts['biologic']} from {facts['biologic_on']}" if facts["biologic"] else "none",
        f"none started before {start}",
        "medication" if facts["biologic"] else None,
        facts["biologic_on"],
    )
    add(
        "contraindication",
        "No contraindication at t0",
        f"{facts['condition_words']} from {facts['contraindication_on']}"
        if facts["contraindication"]
        else "none",
        f"none unresolved on {start}",
        "condition" if facts["contraindication"] else None,
        facts["contraindication_on"],
    )
    add(
        "fewer_than_4_infusions",
        "Induction complete",
        f"{facts['infusions']} infusions",
        f"at least {held['required_infusions']}",
        "infusion",
    )
    add(
        "late_induction_infusion",
        "Induction on time",
        _induction(facts),
        "days "
        + ", ".join(
            f"{held[f'induction_day_{n}']}±{held[f'induction_tolerance_{n}']}" for n in (2, 3, 4)
        ),
        "infusion",
        facts["deciding_on"] if reason == "late_induction_infusion" else None,
    )
    window = held["baseline_window_days"]
    add(
        "no_baseline_pcdai",
        "Baseline PCDAI (B)",
        f"{_points(facts['baseline_pcdai'])} on {facts['baseline_on']}"
        if facts["baseline_on"]
        else "none",
        f"the last from {start - timedelta(days=window)} to {start}",
        "pcdai_visit" if facts["baseline_on"] else None,
        facts["baseline_on"],
    )
    add(
        "no_week14_pcdai",
        "Week-14 PCDAI (W)",
        f"{_points(facts['week14_pcdai'])} on {facts['week14_on']}, "
        f"day {(facts['week14_on'] - start).days}"
        if facts["week14_on"]
        else "none",
        f"nearest to day {held['week14_target_day']} within "
        f"{held['week14_from_day']} to {held['week14_to_day']}, not after infusion 4 if possible",
        "pcdai_visit" if facts["week14_on"] else None,
        facts["week14_on"],
    )
    if facts["baseline_pcdai"] is not None and facts["week14_pcdai"] is not None:
        fall = facts["baseline_pcdai"] - facts["week14_pcdai"]
        or_remission = (
            f", or W below {_points(held['remission_below'])}"
            if held["remission_overrides_drop"]
            else ""
        )
        add(
            "primary_non_response",
            "Responded to induction",
            f"PCDAI fell by {_points(fall)}, from {_points(facts['baseline_pcdai'])} "
            f"to {_points(facts['week14_pcdai'])}",
            f"a fall of at least {_points(held['response_drop'])}{or_remission}",
            "pcdai_visit",
            facts["week14_on"],
        )
    return steps


def _induction(facts: dict[str, Any]) -> str:
    days = [
        f"{n}: day {(facts[f'infusion_{n}_on'] - facts['start_on']).days}"
        for n in (2, 3, 4)
        if facts[f"infusion_{n}_on"] is not None
    ]
    return "infusion " + ", ".join(days) if days else "no second infusion"


def _outcome_steps(facts: dict[str, Any], held: dict[str, Any]) -> list[Step]:
    remission = facts["week14_pcdai"] < held["remission_below"]
    rise = " and above W" if held["lor_requires_rise"] else ""
    twice = ", at two consecutive visits" if held["lor_confirmations"] == 2 else ""
    tail = held["exposure_tail_days"]
    tail_words = "" if tail is None else f", {tail} days after the last infusion"
    lost = facts["event_on"] is not None
    last = facts["last_negative_on"]
    return [
        Step(
            "Induction outcome",
            None,
            "remission" if remission else "response without remission",
            f"remission is W below {_points(held['remission_below'])}",
            "pcdai_visit",
            facts["week14_on"],
        ),
        Step(
            "End of observation",
            None,
            f"{facts['end_on']}: {ENDINGS[facts['end_reason']]}",
            f"first of recorded end{tail_words} and data cut {held['data_cut']}",
            facts["end_table"],
            facts["end_on"],
        ),
        Step(
            "Loss of response",
            lost,
            f"PCDAI {_points(facts['event_pcdai'])} on {facts['event_on']}"
            + (f"; last visit without loss {last}" if last else "")
            if lost
            else "no visit shows it" + (f"; last scored visit {last}" if last else ""),
            f"first PCDAI above {_points(held['lor_above'])}{rise}{twice} "
            f"after {facts['week14_on']}, up to {facts['end_on']}",
            "pcdai_visit" if lost or last else None,
            facts["event_on"] if lost else last,
        ),
    ]
