"""The stored statuses, held to their own hashes and to the rules."""

from __future__ import annotations

from sqlalchemy import Connection, text

from registry.audit.finding import Found
from registry.models.status_columns import STATUS_COLUMNS, status_hash

TABLE = "lor_status"
_SAID = ", ".join(STATUS_COLUMNS)

# What waits for a derivation differs for a reason.
_DIFFERING = f"""
select distinct d.patient_id from (
    (select {_SAID} from rules.loss_of_response except select {_SAID} from derived.lor_status)
    union all
    (select {_SAID} from derived.lor_status except select {_SAID} from rules.loss_of_response)
) d
join analytics.freshness f using (definition)
where not f.rules_changed and not exists (
    select from rules.waiting_patient w
    where w.patient_id = d.patient_id and w.definition = d.definition
)
"""


def check_hashes(connection: Connection) -> list[Found]:
    """Statuses that say something else than when a run wrote them."""
    rows = connection.execute(
        text(
            "select distinct s.patient_id from derived.lor_status s "
            f"where s.row_hash <> {status_hash('s', 's.run_id')}"
        )
    )
    return [("derived_changed", TABLE, patient, None) for (patient,) in rows]


def check_rules(connection: Connection) -> list[Found]:
    """Patients whose statuses are not what the rules give of their records."""
    rows = connection.execute(text(_DIFFERING))
    return [("derived_differs", TABLE, patient, None) for (patient,) in rows]
