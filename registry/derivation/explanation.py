"""Says why a patient has his status: each rule in order, the record that decided, its threshold."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from registry.records.definitions import data_cut_of
from registry.vocabulary import EXCLUSION_REASONS
from registry.words import note, spoken, tr

ENDINGS = {
    "ifx_stopped": note("infliximab was stopped"),
    "transferred_to_adult_care": note("transferred to adult care"),
    "lost_to_follow_up": note("lost to follow-up"),
    "died": note("died"),
    "exposure_ended": note("no infusion for longer than the tail of exposure"),
    "data_cut": note("the data cut"),
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
            text("select * from rules.definition where name = :name"), {"name": definition}
        )
        .mappings()
        .one()
    )
    steps = _eligibility_steps(facts, held)
    reason = facts["reason"]
    if reason is not None:
        state = reason
        words = spoken(EXCLUSION_REASONS[reason])
        conclusion = tr("Not in the cohort: {reason}.", reason=words[:1].lower() + words[1:])
    else:
        steps += _outcome_steps(facts, held)
        if facts["event_on"] is not None:
            state = "loss_of_response"
            conclusion = tr("Lost response on {day}.", day=facts["event_on"])
        else:
            state = "sustained_response"
            conclusion = tr(
                "No loss of response up to {day}: {reason}.",
                day=facts["end_on"],
                reason=_ending(facts, held),
            )
    return Explanation(patient, definition, held["hash"], state, conclusion, steps)


def _ending(facts: dict[str, Any], held: dict[str, Any]) -> str:
    if facts["end_reason"] == "data_cut" and held["data_cut"] is None:
        return tr("nothing has ended it, and the derivation was of that day")
    return spoken(ENDINGS[facts["end_reason"]])


def _points(value: Decimal | None) -> str:
    return tr("none") if value is None else f"{value.normalize():f}"


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
        tr("Started infliximab"),
        tr("no infusion up to the data cut")
        if start is None
        else tr("first infusion on {start} (t0)", start=start),
        tr("data cut {data_cut}", data_cut=data_cut_of(held)),
        None if start is None else "infusion",
        start,
    )
    if start is None:
        return steps
    add(
        "not_crohns_disease",
        tr("Has Crohn's disease"),
        tr("diagnosis {diagnosis}", diagnosis=facts["diagnosis"]),
        "CD",
        "patient",
    )
    add(
        "age_18_or_over",
        tr("Is a child at t0"),
        tr(
            "{age_years:completed year|completed years}, born {birth_date}",
            age_years=facts["age_years"],
            birth_date=facts["birth_date"],
        ),
        tr("below {age_limit_years:year|years}", age_limit_years=held["age_limit_years"]),
        "patient",
    )
    add(
        "prior_biologic",
        tr("No other biologic before t0"),
        tr("{what} from {day}", what=facts["biologic"], day=facts["biologic_on"])
        if facts["biologic"]
        else tr("none"),
        tr("none started before {start}", start=start),
        "medication" if facts["biologic"] else None,
        facts["biologic_on"],
    )
    add(
        "contraindication",
        tr("No contraindication at t0"),
        tr(
            "{what} from {day}",
            what=spoken(facts["condition_words"]),
            day=facts["contraindication_on"],
        )
        if facts["contraindication"]
        else tr("none"),
        tr("none unresolved on {start}", start=start),
        "condition" if facts["contraindication"] else None,
        facts["contraindication_on"],
    )
    add(
        "fewer_than_4_infusions",
        tr("Induction complete"),
        tr("{infusions:infusion|infusions}", infusions=facts["infusions"]),
        tr("at least {required_infusions}", required_infusions=held["required_infusions"]),
        "infusion",
    )
    add(
        "late_induction_infusion",
        tr("Induction on time"),
        _induction(facts),
        tr("days {days}", days=", ".join(_induction_day(held, n) for n in (2, 3, 4))),
        "infusion",
        facts["deciding_on"] if reason == "late_induction_infusion" else None,
    )
    window = held["baseline_window_days"]
    add(
        "no_baseline_pcdai",
        tr("Baseline PCDAI (B)"),
        tr(
            "{score} on {day}",
            score=_points(facts["baseline_pcdai"]),
            day=facts["baseline_on"],
        )
        if facts["baseline_on"]
        else tr("none"),
        tr("the last from {first} to {last}", first=start - timedelta(days=window), last=start),
        "pcdai_visit" if facts["baseline_on"] else None,
        facts["baseline_on"],
    )
    add(
        "no_week14_pcdai",
        tr("Week-14 PCDAI (W)"),
        tr(
            "{score} on {day}, day {number}",
            score=_points(facts["week14_pcdai"]),
            day=facts["week14_on"],
            number=(facts["week14_on"] - start).days,
        )
        if facts["week14_on"]
        else tr("none"),
        tr(
            "nearest to day {week14_target_day} within {week14_from_day} to {week14_to_day}, "
            "not after infusion 4 if possible",
            week14_target_day=held["week14_target_day"],
            week14_from_day=held["week14_from_day"],
            week14_to_day=held["week14_to_day"],
        ),
        "pcdai_visit" if facts["week14_on"] else None,
        facts["week14_on"],
    )
    if facts["baseline_pcdai"] is not None and facts["week14_pcdai"] is not None:
        fall = facts["baseline_pcdai"] - facts["week14_pcdai"]
        or_remission = (
            tr(", or W below {remission_below}", remission_below=_points(held["remission_below"]))
            if held["remission_overrides_drop"]
            else ""
        )
        add(
            "primary_non_response",
            tr("Responded to induction"),
            tr(
                "PCDAI fell by {fall}, from {before} to {after}",
                fall=_points(fall),
                before=_points(facts["baseline_pcdai"]),
                after=_points(facts["week14_pcdai"]),
            ),
            tr(
                "a fall of at least {response_drop}{or_remission}",
                response_drop=_points(held["response_drop"]),
                or_remission=or_remission,
            ),
            "pcdai_visit",
            facts["week14_on"],
        )
    return steps


def _induction_day(held: dict[str, Any], infusion: int) -> str:
    return f"{held[f'induction_day_{infusion}']}±{held[f'induction_tolerance_{infusion}']}"


def _induction(facts: dict[str, Any]) -> str:
    days = [
        tr(
            "{infusion}: day {number}",
            infusion=n,
            number=(facts[f"infusion_{n}_on"] - facts["start_on"]).days,
        )
        for n in (2, 3, 4)
        if facts[f"infusion_{n}_on"] is not None
    ]
    return tr("infusion {days}", days=", ".join(days)) if days else tr("no second infusion")


def _outcome_steps(facts: dict[str, Any], held: dict[str, Any]) -> list[Step]:
    remission = facts["week14_pcdai"] < held["remission_below"]
    rise = tr(" and above W") if held["lor_requires_rise"] else ""
    twice = tr(", at two consecutive visits") if held["lor_confirmations"] == 2 else ""
    tail = held["exposure_tail_days"]
    tail_words = "" if tail is None else tr(", {tail:day|days} after the last infusion", tail=tail)
    lost = facts["event_on"] is not None
    last = facts["last_negative_on"]
    return [
        Step(
            tr("Induction outcome"),
            None,
            tr("remission") if remission else tr("response without remission"),
            tr(
                "remission is W below {remission_below}",
                remission_below=_points(held["remission_below"]),
            ),
            "pcdai_visit",
            facts["week14_on"],
        ),
        Step(
            tr("End of observation"),
            None,
            tr(": ").join([str(facts["end_on"]), _ending(facts, held)]),
            tr(
                "first of recorded end{tail_words} and data cut {data_cut}",
                tail_words=tail_words,
                data_cut=data_cut_of(held),
            ),
            facts["end_table"],
            facts["end_record_on"],
        ),
        Step(
            tr("Loss of response"),
            lost,
            tr(
                "PCDAI {score} on {day}",
                score=_points(facts["event_pcdai"]),
                day=facts["event_on"],
            )
            + (tr("; last visit without loss {last}", last=last) if last else "")
            if lost
            else tr("no visit shows it")
            + (tr("; last scored visit {last}", last=last) if last else ""),
            tr(
                "first PCDAI above {lor_above}{rise}{twice} after {week14_on}, up to {end_on}",
                lor_above=_points(held["lor_above"]),
                rise=rise,
                twice=twice,
                week14_on=facts["week14_on"],
                end_on=facts["end_on"],
            ),
            "pcdai_visit" if lost or last else None,
            facts["event_on"] if lost else last,
        ),
    ]
