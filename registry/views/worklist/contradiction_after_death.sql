-- One row per patient with records later than the death; a gene finding may be reported later.
-- Source: records of one child that cannot all be right.
create view contradiction_after_death as
select distinct on (e.patient_id)
    e.patient_id,
    'records_after_death' as rule,
    e.ended_on as record_on,
    null::text as about,
    null::date as due_on,
    r.from_table,
    r.from_record_id,
    jsonb_build_object(
        'ended_on',
        e.ended_on,
        'records',
        count(*) over (partition by e.patient_id),
        'on',
        r.dated_on,
        'table',
        r.from_table
    ) as facts
from follow_up_end e
join dated_record r on r.patient_id = e.patient_id and r.dated_on > e.ended_on
where e.reason = 'died' and r.from_table not in ('gene_finding', 'medication')
order by e.patient_id, r.dated_on, r.from_table, r.from_record_id;
