-- One row per visit with points for a loss of weight, a weight of that day and an earlier one as
-- the item is proposed from; failed when the weights give other points. No points are never held
-- against the weights: a loss may be voluntary.
-- @says: The item weight has {points} points, but {weight} kg on that day against {other} kg of
-- {other_on} gives {expected}.
-- @do: Correct the item or a weight.
-- @category: plausibleAtemporal
-- @from: PCDAI: Hyams et al., J Pediatr Gastroenterol Nutr 1991;12:439-447; how old the earlier
-- weight may be is this registry's choice
create view pcdai_weight_item as
with held as (
    select
        v.patient_id,
        v.record_id,
        v.visited_on,
        v.weight as points,
        w.place,
        w.record_id as weight_record_id,
        w.weight_kg,
        o.weight_kg as other_kg,
        o.weighed_on as other_on
    from pcdai_visit v
    join entry_limit newest on newest.key = 'earlier_weight_from'
    join entry_limit oldest on oldest.key = 'earlier_weight_to'
    cross join lateral (
        select w.place, w.record_id, w.weight_kg
        from weighing w
        where w.patient_id = v.patient_id and w.weighed_on = v.visited_on
        order by w.place
        limit 1
    ) w
    cross join lateral (
        select o.weight_kg, o.weighed_on
        from weighing o
        where
            o.patient_id = v.patient_id
            and o.weighed_on between v.visited_on - oldest.value::integer
                and v.visited_on - newest.value::integer
        order by o.weighed_on desc, o.place
        limit 1
    ) o
    where v.weight > 0
),
banded as (
    select h.*, b.reading::numeric as expected
    from held h
    join score_band b
        on b.measure = 'weight'
        and numrange(
            lower(b.band) * h.other_kg,
            upper(b.band) * h.other_kg,
            concat(
                case when lower_inc(b.band) then '[' else '(' end,
                case when upper_inc(b.band) then ']' else ')' end
            )
        ) @> (h.weight_kg - h.other_kg) * 100
)
select
    patient_id,
    'pcdai_visit' as from_table,
    record_id,
    visited_on as record_on,
    null::text as about,
    'weight' as column_name,
    trim_scale(points)::text as value,
    place as with_table,
    weight_record_id as with_record_id,
    points <> expected as failed,
    jsonb_build_object(
        'points',
        trim_scale(points),
        'weight',
        trim_scale(weight_kg),
        'other',
        trim_scale(other_kg),
        'other_on',
        other_on,
        'expected',
        expected
    ) as facts
from banded;
