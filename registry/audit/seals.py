"""Seals: made by the database, held to the rows of the audit that they cover and to each other."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from registry.audit.finding import Finding, Found

TABLE = "seal"

_SEAL = "select seal_number, hash, first_commit, last_commit, leaves, root, sealed_at, sealed_by"

# A row of the audit and its place in a seal, where one of the two is missing or says otherwise.
_ROWS = """
with covered as (select coalesce(max(last_commit), 0) as last_commit from audit.seal)
select
    case when s.leaf is null then 'row_not_sealed' when l.leaf is null then 'sealed_row_missing'
        else 'sealed_row_changed' end,
    coalesce(l.table_name, s.source), coalesce(s.patient_id, l.patient_id),
    coalesce(l.row_number, s.row_number), coalesce(l.source, s.source)
from audit.sealed_row s
full join (
    select r.* from covered cross join lateral audit.leaves(0, covered.last_commit) r
) l on l.source = s.source and l.row_number = s.row_number
where s.leaf is distinct from l.leaf
    -- Of such rows of an erased child nothing stays but the leaf.
    and not (l.leaf is null and s.source in ('query_step', 'signature', 'worklist_dismissal')
        and s.patient_id in (select e.patient_id from audit.erasure e))
order by 5, 4
"""
_CHAIN = """
with linked as (
    select s.*, audit.seal_hash(s) as made_hash, row_number() over one_by_one as place,
        coalesce(lag(hash) over one_by_one, '') as before,
        coalesce(lag(last_commit) over one_by_one, 0) as commit_before
    from audit.seal s window one_by_one as (order by seal_number)
),
covering as (select seal_number, count(*) as leaves from audit.sealed_row group by 1)
select coalesce(s.seal_number, c.seal_number), k.kind
from linked s
full join covering c using (seal_number)
left join audit.merkle_roots() r on r.seal_number = c.seal_number
cross join lateral (values
    ('seal_missing', s.hash is null),
    ('seal_changed', s.hash <> s.made_hash),
    ('seal_chain_broken', s.hash_before <> s.before or s.seal_number <> s.place
        or s.first_commit <> s.commit_before + 1),
    ('seal_root_differs', s.leaves <> coalesce(c.leaves, 0) or s.root is distinct from r.root)
) k (kind, is_so)
where k.is_so order by 1, 2
"""


@dataclass(frozen=True)
class Seal:
    """A seal: its place in the chain, its hash, what it covers, when and by which login."""

    seal: int
    head: str
    first_commit: int
    last_commit: int
    rows: int
    root: str
    sealed_at: datetime
    sealed_by: str

    def to_json(self) -> dict[str, Any]:
        """The seal as one JSON document."""
        return asdict(self)


def make_seal(connection: Connection) -> Seal | None:
    """Seals all that was committed since the last seal; None where nothing was."""
    row = connection.execute(
        text(f"with made as (insert into audit.seal default values returning *) {_SEAL} from made")
    ).one_or_none()
    return None if row is None else Seal(*row)


def last_seal(connection: Connection) -> Seal | None:
    """The head of the chain; None while nothing is sealed."""
    row = connection.execute(
        text(f"{_SEAL} from audit.seal order by seal_number desc limit 1")
    ).one_or_none()
    return None if row is None else Seal(*row)


def seals(connection: Connection) -> list[Seal]:
    """Every seal, the first one first."""
    return [Seal(*row) for row in connection.execute(text(f"{_SEAL} from audit.seal order by 1"))]


def check_rows(connection: Connection) -> tuple[list[Found], list[Finding]]:
    """Rows of the audit that are not as a seal has them: of children, and others."""
    children: list[Found] = []
    others = []
    for kind, table, patient, number, source in connection.execute(text(_ROWS)):
        if patient is not None:
            is_audit = source == "record_change"
            children.append((kind, table, patient, number if is_audit else None))
        elif source == "change_set":
            others.append(Finding(kind, table, name=str(number)))
        else:
            others.append(Finding(kind, table, audit_id=number))
    return children, others


def check_chain(connection: Connection, head: str | None) -> list[Finding]:
    """Seals that are not what they cover or do not follow each other, and a head that is none's."""
    found = [
        Finding(kind, TABLE, name=str(number)) for number, kind in connection.execute(text(_CHAIN))
    ]
    if head is not None and not connection.scalar(
        text("select exists (select from audit.seal where hash = :head)"), {"head": head}
    ):
        found.append(Finding("head_unknown", TABLE, name=head))
    return found
