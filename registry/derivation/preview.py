"""What the rules say of some patients at this moment of a transaction; nothing is stored.

Taken before and after a change that is not committed yet, it tells which states the change turns.
The stored status is not looked at, for it may be waiting for a derivation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import BigInteger

from registry.derivation.run import Transition, are_most_patients
from registry.models.derivation import STATE, STATE_ON


@dataclass(frozen=True, slots=True)
class State:
    """A patient's state under one definition; `on` is the day it is dated to."""

    study_id: str
    state: str
    on: date | None


# By definition and the registry's number of the patient.
States = dict[tuple[str, int], State]


def states(connection: Connection, patients: Iterable[int]) -> States:
    """The states of these patients under every definition; one who is not there has none.

    A condition on the patient does not reach through the joins of the rules; a lateral does. For
    most patients of the registry one pass over all is quicker.
    """
    asked = sorted(set(patients))
    definitions = connection.execute(
        text("select name, data_cut from reference.definition order by name")
    ).all()
    if are_most_patients(connection, len(asked)):
        found = (
            "select patient_id, state, on_date from ("
            f"select patient_id, {STATE} as state, {STATE_ON} as on_date "
            "from {schema}.loss_of_response "
            "where definition = :definition) r where patient_id = any(:patients)"
        )
    else:
        found = (
            "select r.* from unnest(:patients) as asked (patient_id) cross join lateral ("
            f"select patient_id, {STATE} as state, {STATE_ON} as on_date "
            "from {schema}.loss_of_response l "
            "where l.patient_id = asked.patient_id and l.definition = :definition offset 0) r"
        )
    query = (
        f"select r.patient_id, n.study_id, r.state, r.on_date from ({found}) r "
        "join reference.patient_number n using (patient_id)"
    )
    # Up to today, also where the last derivation was on a day before.
    statements = {
        open_ended: text(query.replace("{schema}", schema)).bindparams(
            bindparam("patients", type_=ARRAY(BigInteger))
        )
        for open_ended, schema in ((False, "rules"), (True, "present"))
    }
    # One definition at a time: its name is then a constant to the planner, wherever it is joined.
    return {
        (definition, patient): State(*state)
        for definition, data_cut in definitions
        for patient, *state in connection.execute(
            statements[data_cut is None], {"definition": definition, "patients": asked}
        )
    }


def changes(before: Mapping[tuple[str, int], State], after: States) -> list[Transition]:
    """The states that came, went or turned, by definition and study id."""
    found = []
    for definition, patient in before.keys() | after.keys():
        old, new = before.get((definition, patient)), after.get((definition, patient))
        there = new or old
        from_state = old.state if old else None
        to_state = new.state if new else None
        if there is not None and from_state != to_state:
            on = new.on if new else None
            found.append(Transition(definition, there.study_id, from_state, to_state, on))
    return sorted(found, key=lambda one: (one.definition, one.patient_id))
