-- One row per record with a date; failed when the child would be older than any child. In the
-- worklist a child has one item, of the first such record.
-- @says: A child born on {born_on} would be {years} years old on {on} ({table}).
-- @do: Correct the date or the birth.
-- @category: plausibleTemporal
-- @from: this registry's choice
create view too_old as
select
    p.patient_id,
    r.from_table,
    r.from_record_id as record_id,
    p.birth_date as record_on,
    null::text as about,
    r.column_name,
    r.dated_on::text as value,
    null::text as with_table,
    null::bigint as with_record_id,
    s.last_on > p.birth_date + make_interval(years => l.value::integer)
        and r.dated_on > p.birth_date + make_interval(years => l.value::integer) as failed,
    jsonb_build_object(
        'born_on',
        p.birth_date,
        'on',
        r.dated_on,
        'table',
        r.from_table,
        'years',
        extract(year from age(r.dated_on, p.birth_date))::integer
    ) as facts
from (
    select patient_id, from_table, from_record_id, column_name, dated_on from dated_record
    union all
    select patient_id, 'follow_up_end', record_id, 'ended_on', ended_on from follow_up_end
) r
join patient p on p.patient_id = r.patient_id
-- By it the records of hardly any child are looked at one by one.
join contact_span s on s.patient_id = p.patient_id
join entry_limit l on l.key = 'oldest_years';
