-- One row per visit whose declared PCDAI cannot be the sum of its items: below the sum of those
-- given, or above that with all others at their highest.
-- Source: the index itself: eleven items, haematocrit and ESR up to 5 points, the others up to 10.
create view contradiction_total as
with summed as (
    select
        v.patient_id,
        v.record_id,
        v.visited_on,
        v.total,
        sum(coalesce(x.points, 0)) as lowest,
        sum(coalesce(x.points, x.highest)) as highest
    from pcdai_visit v
    cross join lateral (
        values
            (v.abdominal_pain, 10),
            (v.stools, 10),
            (v.functioning, 10),
            (v.hematocrit, 5),
            (v.esr, 5),
            (v.albumin, 10),
            (v.weight, 10),
            (v.height, 10),
            (v.abdomen, 10),
            (v.perirectal, 10),
            (v.extraintestinal, 10)
    ) x (points, highest)
    where v.total is not null
    group by v.patient_id, v.record_id, v.visited_on, v.total
)
select
    patient_id,
    'pcdai_total' as rule,
    visited_on as record_on,
    null::text as about,
    null::date as due_on,
    'pcdai_visit' as from_table,
    record_id as from_record_id,
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
where total not between lowest and highest;
