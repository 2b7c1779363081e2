-- One row per visit with a declared PCDAI; failed when it cannot be the sum of its items: below
-- the sum of those given, or above that with all others at their highest.
-- @says: On {on} the total is {total}, but the items allow {lowest} to {highest}.
-- @do: Correct the declared total or an item.
-- @category: plausibleAtemporal
-- @from: PCDAI: the total is the sum of its eleven items, haematocrit and ESR up to 5 points, the
-- others up to 10
create view pcdai_total as
with summed as (
    select
        patient_id,
        record_id,
        visited_on,
        total,
        coalesce(abdominal_pain, 0)
        + coalesce(stools, 0)
        + coalesce(functioning, 0)
        + coalesce(hematocrit, 0)
        + coalesce(esr, 0)
        + coalesce(albumin, 0)
        + coalesce(weight, 0)
        + coalesce(height, 0)
        + coalesce(abdomen, 0)
        + coalesce(perirectal, 0)
        + coalesce(extraintestinal, 0) as lowest,
        coalesce(abdominal_pain, 10)
        + coalesce(stools, 10)
        + coalesce(functioning, 10)
        + coalesce(hematocrit, 5)
        + coalesce(esr, 5)
        + coalesce(albumin, 10)
        + coalesce(weight, 10)
        + coalesce(height, 10)
        + coalesce(abdomen, 10)
        + coalesce(perirectal, 10)
        + coalesce(extraintestinal, 10) as highest
    from pcdai_visit
)
select
    patient_id,
    'pcdai_visit' as from_table,
    record_id,
    visited_on as record_on,
    null::text as about,
    'total' as column_name,
    trim_scale(total)::text as value,
    null::text as with_table,
    null::bigint as with_record_id,
    total not between lowest and highest as failed,
    jsonb_build_object(
        'on',
        visited_on,
        'total',
        trim_scale(total),
        'lowest',
        trim_scale(lowest),
        'highest',
        trim_scale(highest)
    ) as facts
from summed
where total is not null;
