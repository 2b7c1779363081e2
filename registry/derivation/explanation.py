"""Says why a patient has his status: each rule in order, the record that decided, its threshold."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from registry.views.headers import (
    Facts,
    excluded,
    exclusions,
    facts_of,
    part,
    record_of,
    rules,
    said,
)
from registry.words import spoken, tr

# What is looked at in the cohort, after the exclusions.
OUTCOME = ("induction_outcome", "end_of_observation", "loss_of_response")


# Courses within the observation that end on a day which is not known.
COARSE_STOPS = """
select c.*
from rules.drug_course c
where c.patient_id = :patient_id and c.definition = :definition
    and c.drug_class in ('immunomodulator', 'glucocorticoid') and c.stop_known_to <> 'day'
    and greatest(c.started_on, :start_on) < least(c.stopped_by, :end_on)
order by c.started_on, c.drug
"""


class Step(NamedTuple):
    """One rule applied: what it asks, what it found, the record it looked at, what it was held to.

    `passed` is None where an earlier rule has already decided or there is nothing to judge.
    """

    rule: str
    passed: bool | None
    finding: str
    held_to: str
    table: str | None
    on: date | None


class Explanation(NamedTuple):
    """A patient's status under one definition and the rules that led to it."""

    patient_id: str
    definition: str
    definition_hash: str
    state: str
    conclusion: str
    rules: list[Step]

    def to_json(self) -> dict[str, Any]:
        """The explanation as one JSON document."""
        return {**self._asdict(), "rules": [step._asdict() for step in self.rules]}


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
                f"select {facts_of('e', 'd')} from rules.eligibility e "
                "join rules.definition d on d.name = e.definition "
                "where e.patient_id = :number and e.definition = :definition"
            ),
            {"number": number, "definition": definition},
        )
        .mappings()
        .one()
    )
    steps = _eligibility_steps(facts)
    state = facts["reason"]
    if state is not None:
        conclusion = tr("Not in the cohort: {reason}.", reason=excluded(state, facts))
    else:
        steps += [_step(code, facts, _passed(code, facts)) for code in OUTCOME]
        courses = connection.execute(text(COARSE_STOPS), facts).mappings()
        steps += [_step("coarse_stop", dict(course), None) for course in courses]
        if facts["event_on"] is not None:
            state = "loss_of_response"
            conclusion = tr("Lost response on {day}.", day=facts["event_on"])
        else:
            state = "sustained_response"
            conclusion = tr(
                "No loss of response up to {day}: {reason}.",
                day=facts["end_on"],
                reason=part("ending", facts),
            )
    return Explanation(patient, definition, facts["hash"], state, conclusion, steps)


def _eligibility_steps(facts: Facts) -> list[Step]:
    """The exclusions in their order; behind the one that holds nothing is judged any more."""
    reason, steps = facts["reason"], []
    decided = False
    for code in exclusions():
        if said(code, "found", facts) is not None:
            steps.append(_step(code, facts, None if decided else code != reason))
        decided = decided or code == reason
        if facts["start_on"] is None:
            break
    return steps


def _passed(code: str, facts: Facts) -> bool | None:
    """Of what is looked at in the cohort only a loss is something that is or is not."""
    return facts["event_on"] is not None if code == "loss_of_response" else None


def _step(code: str, facts: Facts, passed: bool | None) -> Step:
    found, held_to = said(code, "found", facts) or "", said(code, "limit", facts) or ""
    return Step(spoken(rules()[code].title), passed, found, held_to, *record_of(code, facts))
