"""What a change of a patient's records does to his status: taken before and after, told at once.

Nothing is stored and the stored status is not looked at. A definition with a data cut is read
twice: as analyses see it, up to the cut, and as of today, so that a visit after it is told as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import BigInteger

from registry.entry.answers.findings import shown
from registry.words import tr

# A condition on the patient does not reach through the joins of the rules; a lateral does.
STATUS = text(
    " union all ".join(
        f"select n.study_id, d.name as definition, {as_of_today} as as_of_today, "
        f"'{schema}' = 'present' as up_to_today, d.lor_above, "
        "d.lor_requires_rise, d.remission_below, d.response_drop, r.responded, r.reason, "
        "r.baseline_pcdai, r.week14_on, r.week14_pcdai, r.event_on, r.event_pcdai, r.end_on, "
        "r.end_reason from unnest(:patients) as asked (patient_id) "
        "join reference.patient_number n using (patient_id) cross join reference.definition d "
        f"cross join lateral (select * from {schema}.eligibility e "
        "where e.patient_id = asked.patient_id and e.definition = d.name offset 0) r "
        f"where d.data_cut {has_cut}"
        for schema, as_of_today, has_cut in (
            ("rules", "false", "is not null"),
            ("present", "true", "is not null"),
            ("present", "false", "is null"),
        )
    )
).bindparams(bindparam("patients", type_=ARRAY(BigInteger)))


@dataclass(frozen=True, slots=True)
class Status:
    """A patient's status under one definition and the parameters that its words need.

    `up_to_today` also holds for a definition without a data cut, `as_of_today` for one with it.
    """

    study_id: str
    definition: str
    as_of_today: bool
    up_to_today: bool
    lor_above: Decimal
    lor_requires_rise: bool
    remission_below: Decimal
    response_drop: Decimal
    responded: bool | None
    reason: str | None
    baseline_pcdai: Decimal | None
    week14_on: date | None
    week14_pcdai: Decimal | None
    event_on: date | None
    event_pcdai: Decimal | None
    end_on: date | None
    end_reason: str | None

    def lost_on(self) -> date | None:
        """The day of the loss of response of a patient in the cohort."""
        return self.event_on if self.reason is None else None

    def induction(self) -> tuple[object, ...]:
        """What the words on week 14 are made of."""
        return (self.week14_on, self.week14_pcdai, self.baseline_pcdai, self.responded)


# Study id, definition and whether it is read as of today.
Key = tuple[str, str, bool]
Statuses = dict[Key, Status]


@dataclass(frozen=True)
class Consequence:
    """One thing that a change does to a patient's status, under the definitions it holds for.

    `kind`: week14, loss_of_response, no_loss_of_response, in_cohort, out_of_cohort or end. `on` is
    the day it is dated to. `as_of_today` is set where only the data cut hides it from analyses.
    """

    study_id: str
    kind: str
    on: date | None
    definitions: tuple[str, ...]
    as_of_today: bool
    text: str

    def to_json(self) -> dict[str, Any]:
        """The consequence for programs."""
        return {
            "patient_id": self.study_id,
            "kind": self.kind,
            "on": None if self.on is None else self.on.isoformat(),
            "definitions": list(self.definitions),
            "as_of_today": self.as_of_today,
            "text": self.text,
        }


def status_of(connection: Connection, patients: Iterable[int]) -> Statuses:
    """The status of these patients (the registry's numbers) under every definition."""
    found = connection.execute(STATUS, {"patients": sorted(set(patients))}).mappings()
    statuses = (Status(**row) for row in found)
    return {(one.study_id, one.definition, one.as_of_today): one for one in statuses}


def differences(before: Mapping[Key, Status], after: Mapping[Key, Status]) -> list[Consequence]:
    """What the change between the two did, a sentence each, by patient and definition.

    Definitions of which the same can be said share a sentence. What holds up to a data cut is not
    said once more as of today.
    """
    said: dict[tuple[str, str, date | None, bool, str], list[str]] = {}
    for key in sorted(after):
        study_id, definition, as_of_today = key
        for kind, on, words in _told(before.get(key), after[key]):
            if as_of_today and any(
                definition in named
                for (who, what, _, today, _), named in said.items()
                if (who, what, today) == (study_id, kind, False)
            ):
                continue
            said.setdefault((study_id, kind, on, as_of_today, words), []).append(definition)
    return [
        Consequence(
            study_id, kind, on, tuple(named), as_of_today, _named(words, named, as_of_today)
        )
        for (study_id, kind, on, as_of_today, words), named in said.items()
    ]


def _named(words: str, definitions: list[str], as_of_today: bool) -> str:
    listed = ", ".join(definitions)
    if as_of_today:
        listed = tr("{definitions}, as of today, beyond the data cut", definitions=listed)
    head, colon, rest = words.partition(":")
    return f"{head} ({listed}){colon}{rest}"


def _told(old: Status | None, new: Status) -> list[tuple[str, date | None, str]]:
    """Kind, day and words of each thing that is new."""
    told: list[tuple[str, date | None, str]] = []
    if new.week14_on is not None and (old is None or old.induction() != new.induction()):
        told.append(("week14", new.week14_on, _week14(new)))
    old_reason = "no_infliximab" if old is None else old.reason
    if new.reason is None and old_reason is not None:
        told.append(("in_cohort", None, tr("In the cohort: all conditions hold.")))
    if new.reason is not None and old_reason is None:
        told.append(("out_of_cohort", None, _out(new.reason)))
    lost_before = None if old is None else old.lost_on()
    if new.lost_on() is not None and new.lost_on() != lost_before:
        told.append(("loss_of_response", new.event_on, _loss(new)))
    if new.lost_on() is None and lost_before is not None:
        words = tr("No loss of response any more: it was on {on}.", on=lost_before)
        told.append(("no_loss_of_response", lost_before, words))
    if new.end_reason is not None and old is not None and _ends_otherwise(old, new):
        told.append(("end", new.end_on, _end(new)))
    return told


def _ends_otherwise(old: Status, new: Status) -> bool:
    """Whether observation ends for another reason; the first infusion only makes it begin."""
    return old.end_reason is not None and old.end_reason != new.end_reason


def _week14(status: Status) -> str:
    values = {
        "on": status.week14_on,
        "score": shown(status.week14_pcdai),
        "limit": shown(status.remission_below),
    }
    assert status.week14_pcdai is not None
    remission = status.week14_pcdai < status.remission_below
    if status.baseline_pcdai is None:
        if remission:
            return tr(
                "Week-14 score of {on}: {score}, below {limit}; without a baseline PCDAI there is "
                "no response to judge.",
                **values,
            )
        return tr(
            "Week-14 score of {on}: {score}; without a baseline PCDAI there is no response to "
            "judge.",
            **values,
        )
    values["fall"] = shown(status.baseline_pcdai - status.week14_pcdai)
    values["needed"] = shown(status.response_drop)
    if not status.responded:
        return tr(
            "Week-14 score of {on}: {score}, primary non-response; it fell by {fall}, a response "
            "is {needed} or more.",
            **values,
        )
    if remission:
        return tr("Week-14 score of {on}: {score}, remission; it fell by {fall}.", **values)
    return tr(
        "Week-14 score of {on}: {score}, response without remission; it fell by {fall}.", **values
    )


def _loss(status: Status) -> str:
    values = {
        "on": status.event_on,
        "score": shown(status.event_pcdai),
        "limit": shown(status.lor_above),
        "week14": shown(status.week14_pcdai),
    }
    if status.lor_requires_rise:
        return tr(
            "Loss of response on {on}: PCDAI {score} is above {limit} and above the {week14} of "
            "week 14.",
            **values,
        )
    return tr("Loss of response on {on}: PCDAI {score} is above {limit}.", **values)


def _out(reason: str) -> str:
    words = {
        "no_infliximab": tr("no infliximab"),
        "not_crohns_disease": tr("the diagnosis is not Crohn's disease"),
        "age_18_or_over": tr("too old at the first infusion"),
        "prior_biologic": tr("another biologic before infliximab"),
        "contraindication": tr("a contraindication to infliximab"),
        "fewer_than_4_infusions": tr("fewer infusions than needed"),
        "late_induction_infusion": tr("an infusion of induction is off its day"),
        "no_baseline_pcdai": tr("no baseline PCDAI"),
        "no_week14_pcdai": tr("no PCDAI at week 14"),
        "primary_non_response": tr("primary non-response"),
    }
    return tr("No longer in the cohort: {reason}.", reason=words[reason])


def _end(status: Status) -> str:
    words = {
        "ifx_stopped": tr("infliximab was stopped"),
        "transferred_to_adult_care": tr("transferred to adult care"),
        "lost_to_follow_up": tr("lost to follow-up"),
        "died": tr("died"),
        "exposure_ended": tr("no infusion for longer than the tail of exposure"),
        "data_cut": tr("the data cut"),
    }
    # Where the cut is today observation goes on.
    if status.up_to_today and status.end_reason == "data_cut":
        return tr("Observation goes on: nothing ends it.")
    return tr(
        "Observation ends on {on}: {reason}.",
        on=status.end_on,
        reason=words[str(status.end_reason)],
    )
