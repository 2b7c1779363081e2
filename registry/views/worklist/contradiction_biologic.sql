-- One row per course of another biologic within which infliximab was infused: after its first day
-- and before its last that is sure. The first such infusion is named.
-- Source: records of one child that cannot all be right, unless both were given on purpose.
create view contradiction_biologic as
select
    m.patient_id,
    'biologic_with_infliximab' as rule,
    m.started_on as record_on,
    m.drug as about,
    null::date as due_on,
    'medication' as from_table,
    m.record_id as from_record_id,
    jsonb_build_object(
        'drug',
        m.drug,
        'started_on',
        m.started_on,
        'stopped_on',
        case when m.stopped_on_precision is null then '…' else m.stopped_on::text end,
        'on',
        i.infused_on
    ) as facts
from medication m
join drug g on g.code = m.drug and g.drug_class = 'biologic'
join lateral (
    select i.infused_on
    from infusion i
    where
        i.patient_id = m.patient_id
        and i.infused_on > m.started_on
        and (m.stopped_on_precision is null or i.infused_on < m.stopped_on)
    order by i.infused_on
    limit 1
) i on true;
