-- One row per level of a named assay; failed when there is another of that day and child, entered
-- before, whose assay differs in case alone.
-- @says: Two samples of {on}, whose assays differ in case alone: {assay} and {other}.
-- @do: Take out one of the two, and correct the assay.
-- @category: plausibleUniqueness
-- @from: records of one child that cannot all be right
create view assay_case as
select
    l.patient_id,
    'tdm_level' as from_table,
    l.record_id,
    l.sampled_on as record_on,
    l.assay as about,
    'assay' as column_name,
    l.assay as value,
    'tdm_level' as with_table,
    o.record_id as with_record_id,
    o.record_id is not null as failed,
    jsonb_build_object(
        'on',
        l.sampled_on,
        'assay',
        l.assay,
        'other',
        o.assay
    ) as facts
from tdm_level l
left join tdm_level o
    on o.patient_id = l.patient_id
    and o.sampled_on = l.sampled_on
    and o.record_id < l.record_id
    and o.assay <> l.assay
    and lower(o.assay) = lower(l.assay)
where l.assay is not null;
