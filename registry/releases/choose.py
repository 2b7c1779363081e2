"""Who is in a release, under which id, and what is not told of whom.

Children are alike in what could find one of them: centre, age and sex. Where fewer than the limit
are alike the centre is given up, where still fewer the age too; whoever then is not alike to enough
others is left out. So every set of values that is told is told of enough children.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, text

from registry.database.frozen import LIVE, Place
from registry.models.release import WITHDRAWN_BY
from registry.views.deidentified_tables import QUASI_IDENTIFIERS

# Quasi-identifier -> how children are compared by it.
COMPARED = {
    "centre": "p.centre",
    "birth_date": "extract(year from age(i.start_on, p.birth_date))::integer",
    "sex": "p.sex",
}
_CANDIDATES = """
create temporary table release_candidate on commit drop as
select p.patient_id, {compared}, cast(null as text[]) as given_up,
    case when i.start_on is null then 'no_infliximab' end as reason
from clinical.patient p
cross join lateral (
    select min(infused_on) as start_on from clinical.infusion where patient_id = p.patient_id
) i
"""
# Of the freeze and of today: what was withdrawn since is not released.
_WITHDRAWN = """
update release_candidate set reason = :reason
where reason is null and patient_id in (select patient_id from {view})
"""
_ALIKE = """
update release_candidate set given_up = :given_up
where reason is null and given_up is null and ({told}) in (
    select {told} from release_candidate where reason is null and given_up is null
    group by {told} having count(*) >= :smallest
)
"""
_LEFT_OUT = """
insert into derived.release_left_out (patient_id, release, reason)
select patient_id, :release, coalesce(reason, 'too_few_alike')
from release_candidate where given_up is null
"""
# The last bytes of a random UUID are random; the letter keeps a spreadsheet from reading a number.
_CHOSEN = """
insert into derived.release_child (patient_id, release, child_id, given_up, smallest_group)
select p.patient_id, :release,
    coalesce(
        before.child_id, 'c' || encode(substr(uuid_send(gen_random_uuid()), 11, 6), 'hex')
    ),
    p.given_up, :smallest
from release_candidate p
left join lateral (
    select c.child_id from derived.release_child c
    join reference.data_release r on r.name = c.release
    where c.patient_id = p.patient_id and r.series = :series
    order by r.as_of desc, r.name limit 1
) before on true
where p.given_up is not null
"""


def choose(
    connection: Connection,
    place: Place,
    release: str,
    smallest_group: int,
    series: str | None = None,
) -> int:
    """Keeps who is in a release and who is not, in the caller's transaction; how many are.

    In a series a child keeps the id that it has in another release of it.
    """
    compared = ", ".join(f"{sql} as {name}" for name, sql in COMPARED.items())
    connection.execute(text(place.sql(_CANDIDATES.format(compared=compared))))
    for reason, view in WITHDRAWN_BY.items():
        for one in dict.fromkeys((place, LIVE)):
            connection.execute(text(_WITHDRAWN.format(view=one.sql(view))), {"reason": reason})
    for given_up in _levels():
        told = ", ".join(name for name in QUASI_IDENTIFIERS if name not in given_up)
        connection.execute(
            text(_ALIKE.format(told=told)), {"given_up": given_up, "smallest": smallest_group}
        )
    connection.execute(text(_LEFT_OUT), {"release": release})
    kept = connection.execute(
        text(_CHOSEN), {"release": release, "smallest": smallest_group, "series": series}
    )
    connection.execute(text("drop table release_candidate"))
    # What was written now has no statistics, and without them the views are planned for one child.
    connection.execute(text("analyze derived.release_child"))
    return kept.rowcount


def _levels() -> Iterator[list[str]]:
    for place in range(len(QUASI_IDENTIFIERS)):
        yield list(QUASI_IDENTIFIERS[:place])
