"""What a change of a patient's records does to his status: taken before and after, told at once.

Nothing is stored and the stored status is not looked at. A definition with a data cut is read
twice: as analyses see it, up to the cut, and as of today, so that a visit after it is told as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection

from registry.clinical_tables import CLINICAL_TABLES
from registry.views.combined import DEFINITION, combined
from registry.views.headers import Facts, excluded, facts_of, part, said
from registry.words import tr

# Of the tables the rules see what lies before the day up to which they are asked, and nothing else:
# so both days are asked of one text of them, which is half as much to plan as two.
_ELIGIBILITY = combined(
    "eligibility",
    "patient_id = asked.patient_id",
    instead={
        **{table.name: f"select * from clinical.{table.name}" for table in CLINICAL_TABLES},
        DEFINITION: "select judged.*",
    },
)
_OF_PATIENTS = (
    "select n.study_id, judged.up_to_today and judged.data_cut is not null as as_of_today, "
    f"{facts_of('r', 'judged')} from unnest(cast($1 as bigint[])) as asked (patient_id) "
    "join reference.patient_number n using (patient_id) cross join ("
    "select *, false as up_to_today from rules.definition where data_cut is not null "
    "union all select *, true from present.definition) judged "
    # A condition on the patient does not reach through the joins of the rules; a lateral does.
    f"cross join lateral ({_ELIGIBILITY} offset 0) r"
)
# Planning takes the server ten times as long as the answer, and it is asked before and after: it is
# planned once, and the joins are done as they are written, which is from the patient on.
_PLANNING = {
    "plan_cache_mode": "force_generic_plan",
    "join_collapse_limit": "1",
    "from_collapse_limit": "1",
}
_PLAN = "; ".join(f"set local {name} = {value}" for name, value in _PLANNING.items())
_PLAN_AS_USUAL = "; ".join(f"set local {name} to default" for name in _PLANNING)
# The first temporary object of a session makes every plan stale, and the write makes some.
# The least of them is a function.
_FIRST_TEMPORARY = "create or replace function pg_temp.nothing() returns void language sql as ''"
_PREPARED = "registry_status"

# Study id, definition and whether it is read as of today, beyond its data cut.
Key = tuple[str, str, bool]
# `up_to_today` stands beside the facts; it also holds for a definition without a data cut.
Statuses = dict[Key, Facts]


class Consequence(NamedTuple):
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
    connection.exec_driver_sql("; ".join([_PLAN, *_prepared(connection)]))
    connection.info[_PREPARED] = connection.get_transaction()
    # What executes a prepared statement takes no parameters but written ones.
    asked = ", ".join(str(int(patient)) for patient in sorted(set(patients)))
    found = connection.exec_driver_sql(
        f"execute {_PREPARED} ('{{{asked}}}'); {_PLAN_AS_USUAL}"
    ).mappings()
    told: Statuses = {
        (one["study_id"], one["definition"], one["as_of_today"]): dict(one) for one in found
    }
    return told


def _prepared(connection: Connection) -> Iterator[str]:
    """What prepares the query, once a transaction: a plan that lived on would be that of the tables
    as they once were."""
    if connection.info.get(_PREPARED) is connection.get_transaction():
        return
    # What prepares it may be refused: then it is not there.
    if connection.info.pop(_PREPARED, None) is not None:
        yield f"deallocate {_PREPARED}"
    yield _FIRST_TEMPORARY
    yield f"prepare {_PREPARED} as {_OF_PATIENTS}"


def differences(before: Statuses, after: Statuses) -> list[Consequence]:
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


def _told(old: Facts | None, new: Facts) -> list[tuple[str, date | None, str]]:
    """Kind, day and words of each thing that is new."""
    told: list[tuple[str, date | None, str]] = []
    if new["week14_on"] is not None and (old is None or _induction(old) != _induction(new)):
        told.append(("week14", new["week14_on"], _entered("induction_outcome", new)))
    old_reason = "no_infliximab" if old is None else old["reason"]
    if new["reason"] is None and old_reason is not None:
        told.append(("in_cohort", None, tr("In the cohort: all conditions hold.")))
    if new["reason"] is not None and old_reason is None:
        reason = excluded(new["reason"], new)
        words = tr("No longer in the cohort: {reason}.", reason=reason)
        told.append(("out_of_cohort", None, words))
    lost_before, lost_on = _lost_on(old), _lost_on(new)
    if lost_on is not None and lost_on != lost_before:
        told.append(("loss_of_response", lost_on, _entered("loss_of_response", new)))
    if lost_on is None and lost_before is not None:
        words = tr("No loss of response any more: it was on {on}.", on=lost_before)
        told.append(("no_loss_of_response", lost_before, words))
    if new["end_reason"] is not None and old is not None and _ends_otherwise(old, new):
        told.append(("end", new["end_on"], _end(new)))
    return told


def _entered(rule: str, facts: Facts) -> str:
    return said(rule, "entered", facts) or ""


def _induction(facts: Facts) -> list[object]:
    """What the words on week 14 are made of."""
    return [facts[name] for name in ("week14_on", "week14_pcdai", "baseline_pcdai", "responded")]


def _lost_on(facts: Facts | None) -> date | None:
    """The day of the loss of response of a patient in the cohort."""
    return None if facts is None or facts["reason"] is not None else facts["event_on"]


def _ends_otherwise(old: Facts, new: Facts) -> bool:
    """Whether observation ends for another reason; the first infusion only makes it begin."""
    return old["end_reason"] is not None and old["end_reason"] != new["end_reason"]


def _end(facts: Facts) -> str:
    # Where the cut is today observation goes on.
    if facts["up_to_today"] and facts["end_reason"] == "data_cut":
        return tr("Observation goes on: nothing ends it.")
    return tr(
        "Observation ends on {on}: {reason}.", on=facts["end_on"], reason=part("ending", facts)
    )
