-- One row per change of which the login may know: that it made itself, or that touched a child of its
-- centres. Why, and what it came to, are told where it touched no other child, since these words may name
-- one. Read with the rights of its maker: its own conditions say what is shown.
create view change_set as
with own as (
    select c.patient_id from child_centre c where c.centre in (select own_centres())
)
select
    c.change_id, c.made_at, c.made_by, c.command,
    case when told.words then c.reason end as reason,
    case when told.words then c.summary end as summary,
    c.transaction_id, c.server, c.database_role, c.program_version
from change_set c
cross join lateral (
    select c.database_role = session_user or not exists (
        select from record_change r where r.change_id = c.change_id
        and not exists (select from own o where o.patient_id = r.patient_id)
    ) as words
) told
where c.database_role = session_user
    or exists (
        select from record_change r where r.change_id = c.change_id
        and exists (select from own o where o.patient_id = r.patient_id)
    )
    or exists (
        select from query_step q where q.change_id = c.change_id
        and exists (select from own o where o.patient_id = q.patient_id)
    )
    or exists (
        select from worklist_dismissal w where w.change_id = c.change_id
        and exists (select from own o where o.patient_id = w.patient_id)
    );
