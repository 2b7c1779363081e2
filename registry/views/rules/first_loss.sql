-- One row per definition and patient who started infliximab: the first loss of response after W
-- within the observation, and the last visit before it, from W on, that shows none.
-- A visit shows loss when its PCDAI is above the threshold and, where the definition asks for it,
-- above that of week 14; with two confirmations the next scored visit must show it too, and the
-- loss is dated at the first of the two.
-- Source: the study's methods; rise and confirmation are this registry's choice.
-- @methods loss: Secondary loss of response is the first PCDAI above {lor_above} after the day of the
-- week-14 score and within the observation.
-- @methods loss if lor_requires_rise: The score must also lie above that of week 14.
-- @methods loss if lor_confirmations=2: The next score within the observation must show it too; the
-- loss is dated at the first of the two.
-- @parameters: lor_above, lor_requires_rise, lor_confirmations
-- @rule loss_of_response: Loss of response
-- @found if event_on: {scored}{last_without}
-- @found: no visit shows it{last_scored}
-- @limit: first PCDAI above {lor_above}{rise}{twice} after {week14_on}, up to {end_on}
-- @record if event_on: pcdai_visit event_on
-- @record if last_negative_on: pcdai_visit last_negative_on
-- @entered if lor_requires_rise: Loss of response on {event_on}: PCDAI {event_pcdai} is above
-- {lor_above} and above the {week14_pcdai} of week 14.
-- @entered: Loss of response on {event_on}: PCDAI {event_pcdai} is above {lor_above}.
-- @part scored: PCDAI {event_pcdai} on {event_on}
-- @part beyond: above {lor_above}
-- @part beyond_week14 if lor_requires_rise: above {week14_pcdai} of week 14
-- @part confirmed if lor_confirmations=2: ", confirmed by the next visit"
-- @part line if lor_confirmations=2: above {lor_above} twice
-- @part line: above {lor_above}
-- @part line_week14 if lor_requires_rise: also above {week14_pcdai}
-- @part last_without if last_negative_on: "; last visit without loss {last_negative_on}"
-- @part last_scored if last_negative_on: "; last scored visit {last_negative_on}"
-- @part rise if lor_requires_rise: " and above W"
-- @part twice if lor_confirmations=2: ", at two consecutive visits"
-- @event_id: number of the record of the visit that shows the loss
create view first_loss as
select
    o.*,
    l.record_id as event_id,
    l.visited_on as event_on,
    l.score as event_pcdai,
    n.visited_on as last_negative_on
from week14_score o
join definition d on d.name = o.definition
cross join lateral (
    -- greatest() passes over nulls: without the demand for a rise the threshold alone. "offset 0"
    -- makes one value of it.
    select greatest(d.lor_above, case when d.lor_requires_rise then o.week14_pcdai end)
        as loss_above
    offset 0
) t
left join lateral (
    select v.record_id, v.visited_on, v.score
    from pcdai_visit v
    where
        v.patient_id = o.patient_id
        and v.visited_on > o.week14_on
        and v.visited_on <= o.end_on
        and v.score > t.loss_above
        and (
            d.lor_confirmations = 1
            or (
                select next.score > t.loss_above
                from pcdai_visit next
                where
                    next.patient_id = o.patient_id
                    and next.visited_on > v.visited_on
                    and next.visited_on <= o.end_on
                order by next.visited_on
                limit 1
            )
        )
    order by v.visited_on
    limit 1
) l on true
left join lateral (
    select v.visited_on
    from pcdai_visit v
    where
        v.patient_id = o.patient_id
        and v.visited_on between o.week14_on and least(l.visited_on - 1, o.end_on)
        and v.score <= t.loss_above
    order by v.visited_on desc
    limit 1
) n on true;
