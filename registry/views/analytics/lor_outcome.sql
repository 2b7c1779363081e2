-- One row per definition and patient who lost response: what was done and what came of it.
-- Optimised: an infusion on or after the loss, up to the data cut, intensifies the treatment.
-- Stopped: infliximab was stopped without one. Regained, of the optimised: the last PCDAI of the
-- observation is at or below the threshold of loss.
-- Source: the study's outcomes after loss.
-- @outcome: optimised, stopped or neither
-- @intensified_on: first infusion on or after the loss that intensifies
-- @last_pcdai_on: day of the last PCDAI of the observation
-- @last_pcdai: the last PCDAI of the observation (points)
-- @regained: whether response was regained; empty unless optimised
create view lor_outcome as
with followed as (
    select
        s.definition,
        n.study_id as patient_id,
        s.event_on,
        s.end_on,
        d.lor_above,
        (
            select min(c.infused_on)
            from infusion_step c
            where
                c.definition = s.definition
                and c.patient_id = s.patient_id
                and c.infused_on >= s.event_on
                and c.intensified
        ) as intensified_on,
        exists (
            select
            from follow_up_end f
            where
                f.patient_id = s.patient_id
                and f.reason = 'ifx_stopped'
                and f.ended_on <= d.cut_on
        ) as ifx_stopped,
        v.visited_on as last_pcdai_on,
        v.score as last_pcdai
    from lor_status s
    join definition d on d.name = s.definition
    join patient_number n using (patient_id)
    cross join lateral (
        select p.visited_on, p.score
        from pcdai_visit p
        where p.patient_id = s.patient_id and p.visited_on <= s.end_on
        order by p.visited_on desc
        limit 1
    ) v
    where s.event
)
select
    definition,
    patient_id,
    event_on,
    case
        when intensified_on is not null then 'optimised'
        when ifx_stopped then 'stopped'
        else 'neither'
    end as outcome,
    intensified_on,
    end_on,
    last_pcdai_on,
    last_pcdai,
    case when intensified_on is not null then last_pcdai <= lor_above end as regained
from followed;
