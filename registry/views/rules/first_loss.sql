-- One row per definition and patient who started infliximab: the first loss of response after W
-- within the observation, and the last visit before it, from W on, that shows none.
-- A visit shows loss when its PCDAI is above the threshold and, where the definition asks for it,
-- above that of week 14; with two confirmations the next scored visit must show it too, and the
-- loss is dated at the first of the two.
-- Source: the study's methods; rise and confirmation are this registry's choice.
-- @event_id: number of the record of the visit that shows the loss
create view first_loss as
select
    o.*,
    l.event_id,
    l.event_on,
    l.event_pcdai,
    l.last_negative_on
from week14_score o
join definition d on d.name = o.definition
left join lateral (
    with followed as (
        select
            v.record_id,
            v.visited_on,
            v.score,
            v.score > d.lor_above and (not d.lor_requires_rise or v.score > o.week14_pcdai)
                as shows_loss
        from pcdai_visit v
        where v.patient_id = o.patient_id and v.visited_on between o.week14_on and o.end_on
    ),
    confirmed as (
        select
            *,
            shows_loss
                and visited_on > o.week14_on
                and (
                    d.lor_confirmations = 1
                    or coalesce(lead(shows_loss) over (order by visited_on), false)
                ) as is_loss
        from followed
    ),
    dated as (
        select *, min(visited_on) filter (where is_loss) over () as first_on
        from confirmed
    )
    select
        max(record_id) filter (where visited_on = first_on) as event_id,
        max(first_on) as event_on,
        max(score) filter (where visited_on = first_on) as event_pcdai,
        max(visited_on)
            filter (where not shows_loss and (first_on is null or visited_on < first_on))
            as last_negative_on
    from dated
) l on true;
