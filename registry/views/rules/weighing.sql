-- One row per weight of a child, measured or taken at an infusion, with the other weight of the
-- child that is nearest in time: of the same day first, then the earlier.
-- A weight jumps when it differs from that one by more than a share of the earlier of the two; the
-- share is larger for weights further apart, and none beyond a distance.
-- Source: anthropometry and infusions; what is a jump is this registry's choice.
-- @place: table of the record: anthropometry or infusion
-- @weighed_on: day of the weight
-- @other_place: table of the nearest other weight; empty for the only one
-- @other_on: day of the nearest other weight
-- @other_kg: nearest other weight (kg)
-- @apart_days: days between the two
-- @jumped: whether the weight jumps; empty for the only one
create view weighing as
with weighed as (
    select patient_id, record_id, 'anthropometry' as place, measured_on as weighed_on, weight_kg
    from anthropometry
    where weight_kg is not null
    union all
    select patient_id, record_id, 'infusion' as place, infused_on as weighed_on, weight_kg
    from infusion
),
paired as (
    select
        w.*,
        o.place as other_place,
        o.weighed_on as other_on,
        o.weight_kg as other_kg,
        abs(o.weighed_on - w.weighed_on) as apart_days,
        abs(w.weight_kg - o.weight_kg) * 100 as differs_by,
        case when o.weighed_on <= w.weighed_on then o.weight_kg else w.weight_kg end as earlier_kg
    from weighed w
    left join lateral (
        select v.place, v.weighed_on, v.weight_kg
        from weighed v
        where v.patient_id = w.patient_id and (v.place, v.record_id) <> (w.place, w.record_id)
        order by abs(v.weighed_on - w.weighed_on), v.weighed_on, v.place
        limit 1
    ) o on true
)
select
    p.patient_id,
    p.record_id,
    p.place,
    p.weighed_on,
    p.weight_kg,
    p.other_place,
    p.other_on,
    p.other_kg,
    p.apart_days,
    case
        when p.other_on is null then null
        when p.apart_days <= l.near_days then p.differs_by > l.near * p.earlier_kg
        when p.apart_days <= l.far_days then p.differs_by > l.far * p.earlier_kg
        else false
    end as jumped
from paired p
cross join (
    select
        max(value) filter (where key = 'weight_jump_near') as near,
        max(value) filter (where key = 'weight_jump_near_days') as near_days,
        max(value) filter (where key = 'weight_jump_far') as far,
        max(value) filter (where key = 'weight_jump_far_days') as far_days
    from entry_limit
) l;
