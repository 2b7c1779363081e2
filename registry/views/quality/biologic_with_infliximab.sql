-- One row per course of another biologic of a child with infliximab; failed when infliximab was
-- infused within it, after its first day and before its last that is sure. The first such infusion
-- is named.
-- @says: {drug} from {started_on} to {stopped_on}, but infliximab was infused on {on}.
-- @do: Correct the course of {drug} or the infusion; if both were given, set this item aside.
-- @category: plausibleTemporal
-- @from: records of one child that cannot all be right, unless both were given on purpose
create view biologic_with_infliximab as
select
    m.patient_id,
    'medication' as from_table,
    m.record_id,
    m.started_on as record_on,
    m.drug as about,
    'started_on' as column_name,
    m.started_on::text as value,
    'infusion' as with_table,
    i.record_id as with_record_id,
    i.infused_on is not null as failed,
    jsonb_build_object(
        'drug',
        m.drug,
        'started_on',
        m.started_on,
        'stopped_on',
        case
            when m.stopped_on_precision is null then '…'
            else as_known(m.stopped_on, m.stopped_on_precision)
        end,
        'on',
        i.infused_on
    ) as facts
from medication m
join drug g on g.code = m.drug and g.drug_class = 'biologic'
left join lateral (
    select i.infused_on, i.record_id
    from infusion i
    where
        i.patient_id = m.patient_id
        and i.infused_on > m.started_on
        and (m.stopped_on_precision is null or i.infused_on < m.stopped_on)
    order by i.infused_on
    limit 1
) i on true;
