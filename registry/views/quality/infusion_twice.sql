-- One row per infusion but the first; failed when it follows the one before so closely that the
-- two may be one.
-- @says: Infusions on {before_on} and {on}, {days} days apart.
-- @do: Take out one of the two infusions, if it is one.
-- @category: plausibleUniqueness
-- @from: records of one child that cannot all be right; how close is too close is this registry's
-- choice
create view infusion_twice as
select
    p.patient_id,
    'infusion' as from_table,
    p.record_id,
    p.infused_on as record_on,
    null::text as about,
    'infused_on' as column_name,
    p.infused_on::text as value,
    null::text as with_table,
    null::bigint as with_record_id,
    p.interval_days < s.infusion_twice_days as failed,
    jsonb_build_object(
        'before_on',
        p.infused_on - p.interval_days,
        'on',
        p.infused_on,
        'days',
        p.interval_days
    ) as facts
from planned_infusion p
cross join worklist_setting s
where p.interval_days is not null;
