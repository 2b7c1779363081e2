-- One row per day with a weight that is plausible for the age and has another beside it; failed
-- when it is far from the last, however long ago. It is not when it agrees with the weight before
-- that or with the next: then the last is the one that is told, or the child did change. The first
-- is told when those after it agree with each other. Of two weights of one day the measured one
-- counts.
-- @says: The weight jumps: {weight} kg is {percent} % against {other} kg of {other_on} ({place}),
-- {days} days apart.
-- @do: Correct one of the two weights, or confirm them.
-- @category: plausibleTemporal
-- @from: this registry's choice; beyond a year, and before the second birthday, the growth of the
-- WHO's median is allowed for
create view weight_jump as
with weighed as (
    select distinct on (patient_id, weighed_on) *
    from weight_at_age
    where not off_age
    order by patient_id, weighed_on, place
),
limits as (
    select array_agg(value order by position) as limits
    from entry_limit
    join (
        values
            ('weight_jump_near_days', 1),
            ('weight_jump_near', 2),
            ('weight_jump_far_days', 3),
            ('weight_jump_far', 4),
            ('weight_jump_long', 5)
    ) v (key, position) using (key)
),
-- The children of whom two weights that follow one another disagree: of nobody else can one fail, and
-- to have all neighbours of a weight is dear.
doubtful as (
    select distinct patient_id
    from (
        select
            patient_id,
            weights_disagree(lag(weight_kg) over course, lag(weighed_on) over course, lag(median_kg) over course, lag(age_months) over course, weight_kg, weighed_on, median_kg, age_months, limits) as disagree
        from weighed
        cross join limits
        window course as (partition by patient_id order by weighed_on)
    ) w
    where disagree
),
neighbours as (
    select
        *,
        lag(weight_kg) over course as before_kg,
        lag(weighed_on) over course as before_on,
        lag(median_kg) over course as before_median,
        lag(age_months) over course as before_age,
        lag(place) over course as before_place,
        lag(record_id) over course as before_record_id,
        lag(weight_kg, 2) over course as twice_kg,
        lag(weighed_on, 2) over course as twice_on,
        lag(median_kg, 2) over course as twice_median,
        lag(age_months, 2) over course as twice_age,
        lead(weight_kg) over course as next_kg,
        lead(weighed_on) over course as next_on,
        lead(median_kg) over course as next_median,
        lead(age_months) over course as next_age,
        lead(place) over course as next_place,
        lead(record_id) over course as next_record_id,
        lead(weight_kg, 2) over course as later_kg,
        lead(weighed_on, 2) over course as later_on,
        lead(median_kg, 2) over course as later_median,
        lead(age_months, 2) over course as later_age
    from weighed
    join doubtful using (patient_id)
    window course as (partition by patient_id order by weighed_on)
),
judged as (
    select
        n.*,
        case
            when before_on is not null then
                weights_disagree(before_kg, before_on, before_median, before_age, weight_kg, weighed_on, median_kg, age_months, limits)
                and weights_disagree(twice_kg, twice_on, twice_median, twice_age, weight_kg, weighed_on, median_kg, age_months, limits) is not false
                and weights_disagree(weight_kg, weighed_on, median_kg, age_months, next_kg, next_on, next_median, next_age, limits) is not false
            else
                weights_disagree(weight_kg, weighed_on, median_kg, age_months, next_kg, next_on, next_median, next_age, limits)
                and weights_disagree(next_kg, next_on, next_median, next_age, later_kg, later_on, later_median, later_age, limits) is false
        end as failed
    from neighbours n
    cross join limits
)
select
    patient_id,
    place as from_table,
    record_id,
    weighed_on as record_on,
    null::text as about,
    'weight_kg' as column_name,
    trim_scale(weight_kg)::text as value,
    coalesce(before_place, next_place) as with_table,
    coalesce(before_record_id, next_record_id) as with_record_id,
    coalesce(failed, false) as failed,
    jsonb_build_object(
        'weight',
        trim_scale(weight_kg),
        'percent',
        to_char(
            round((weight_kg / coalesce(before_kg, next_kg) - 1) * 100), 'FMSG999990'
        ),
        'other',
        trim_scale(coalesce(before_kg, next_kg)),
        'other_on',
        coalesce(before_on, next_on),
        'place',
        coalesce(before_place, next_place),
        'days',
        abs(weighed_on - coalesce(before_on, next_on))
    ) as facts
from judged
where before_on is not null or next_on is not null
union all
select
    patient_id,
    place,
    record_id,
    weighed_on,
    null,
    'weight_kg',
    trim_scale(weight_kg)::text,
    null,
    null,
    false,
    null
from (
    select *, count(*) over (partition by patient_id) as days
    from weighed
    where patient_id not in (select patient_id from doubtful)
) w
where days > 1;
