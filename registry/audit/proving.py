"""Makes the proof of one child's rows: those, their paths to the roots of the seals, the chain."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from sqlalchemy import Connection, text

from registry.audit.erasure import erased_as
from registry.audit.proof import KIND, paths_to
from registry.errors import NotFound, Refused
from registry.records.patient_number import number_ever
from registry.words import tr

# The child's rows, and of the changes that they hang on who and when. What a change says, its
# command and reason, only where it is this child's alone: others may stand in it.
_ROWS = """
with own as (
    select e.* from audit.entries(0, :last) e where e.patient_id = :child
),
change as (
    select e.*, not exists (
        select from audit.record_change r
        where r.change_id = e.row_number and r.patient_id <> :child
    ) and not exists (
        select from audit.reference_change r where r.change_id = e.row_number
    ) as is_alone
    from audit.entries(0, :last) e
    where e.source = 'change_set'
        and e.row_number in (select (o.is_what ->> 0)::bigint from own o)
),
shown as (
    select o.*, true as is_alone from own o union all select * from change
)
select k.seal_number, k.place, s.source, s.row_number,
    jsonb_build_array(s.source, s.row_number, s.is_what)::text as is_what,
    case when s.is_alone and not s.is_emptied then s.says end as says,
    case when s.is_alone and not s.is_emptied then encode(s.secret, 'hex') end as secret,
    encode(coalesce(k.commitment, sha256(coalesce(s.secret, ''::bytea)
        || int8send(s.row_number) || convert_to(s.says, 'UTF8'))), 'hex') as commitment
from shown s
join audit.sealed_row k on k.source = s.source and k.row_number = s.row_number
order by k.seal_number, k.place
"""
_SEALS = """
select s.seal_number, s.hash, s.last_commit, audit.seal_words(s) from audit.seal s
where s.seal_number <= coalesce((select seal_number from audit.seal where hash = :head),
    (select max(seal_number) from audit.seal))
order by 1
"""
_LEAVES = "select leaf from audit.sealed_row where seal_number = :number order by place"


def make_proof(connection: Connection, study_id: str, *, head: str | None = None) -> dict[str, Any]:
    """The document that shows a child's rows to whoever has the head of a seal, the last one's.

    Raises NotFound for a child or a head that is not there, Refused where no row is sealed, or the
    child was erased.
    """
    if erased_as(connection, study_id) is not None:
        raise Refused(
            tr("{patient} was erased: no value is left that could be proved.", patient=study_id),
            cure=tr("That it was erased is proved by the seals: registry audit verify"),
        )
    child = number_ever(connection, study_id)
    seals = connection.execute(text(_SEALS), {"head": head}).all()
    if head is not None and (not seals or seals[-1].hash != head):
        raise NotFound(
            tr("No seal has the head {head}.", head=head),
            cure=tr("They are listed by: registry audit seals"),
        )
    last = seals[-1].last_commit if seals else 0
    rows = connection.execute(text(_ROWS), {"child": child, "last": last}).all()
    if not rows:
        raise Refused(
            tr("No row of {patient} is sealed yet.", patient=study_id),
            cure=tr("Seal first: registry audit seal"),
        )
    shown = []
    for number, of_seal in groupby(rows, lambda row: row.seal_number):
        leaves = connection.execute(text(_LEAVES), {"number": number}).scalars().all()
        listed = list(of_seal)
        paths = paths_to(leaves, [row.place for row in listed])
        shown += [
            {
                "seal": number,
                "place": row.place,
                "row": row.row_number,
                "is": row.is_what,
                "says": row.says,
                "secret": row.secret,
                "commitment": row.commitment,
                "path": [one.hex() for one in paths[row.place]],
            }
            for row in listed
        ]
    return {
        "proof": KIND,
        "patient_id": study_id,
        "head": seals[-1].hash,
        "seals": [seal.seal_words for seal in seals if seal.seal_number >= rows[0].seal_number],
        "rows": shown,
    }
