"""What a night's derivation does not tell of, so that no silence is taken for good news."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, text

AFTER_CUT, NEVER_DERIVED, FAILED = "after_data_cut", "never_derived", "failed"

# A child is never derived when a derivation of the definition has not reached it.
_UNSEEN = f"""
select d.name as definition, l.cause, l.patients, d.data_cut::text as data_cut
from reference.definition d
cross join reference.registry_setting o
cross join lateral (
    select '{AFTER_CUT}' as cause, count(distinct i.patient_id) as patients
    from clinical.infusion i where i.infused_on > d.data_cut
    union all
    select '{NEVER_DERIVED}', count(*)
    from clinical.patient p
    where not exists (
        select from derived.lor_status s
        where s.patient_id = p.patient_id and s.definition = d.name
    )
) l
where l.patients > 0
order by d.name <> o.default_definition, d.name, l.cause
"""


def left_out(connection: Connection, failed: Mapping[str, str]) -> list[dict[str, Any]]:
    """What each definition leaves out: its name, the cause, and how many children it concerns.

    `failed` is what went wrong with a definition that could not be derived, by its name; how many
    children that concerns is not known.
    """
    unseen = [dict(row) for row in connection.execute(text(_UNSEEN)).mappings()]
    return [
        *({"definition": name, "cause": FAILED, "said": said} for name, said in failed.items()),
        *unseen,
    ]
