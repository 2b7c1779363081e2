-- One row per definition and scored visit up to the data cut: the score, its severity, and how it
-- has changed.
-- Phases: before, baseline (the baseline PCDAI), induction, week14 (the week-14 PCDAI; without one
-- induction lasts to the end of its window), follow_up, loss (the visit that shows it), after_loss,
-- after_observation.
-- Source: the visits, with the stored status.
-- @day: days from t0 to the visit; negative before t0, empty without infliximab
-- @phase: where the visit lies in the course; empty without infliximab
-- @severity: remission, mild, moderate or severe by the score
-- @score_source: declared (the total in the notes) or computed (from the items)
-- @no_height: whether the computed total lacks the height item; empty without a computed total
-- @since_baseline: points since the baseline PCDAI; empty before it or without one
-- @since_previous: points since the scored visit before; empty for the first
-- @previous_on: day of the scored visit before
create view pcdai_course as
select
    s.definition,
    n.study_id as patient_id,
    v.record_id,
    s.eligible,
    v.visited_on,
    v.visited_on - s.start_on as day,
    case
        when s.start_on is null then null
        when v.visited_on = s.baseline_on then 'baseline'
        when v.visited_on <= s.start_on then 'before'
        when v.visited_on > s.end_on then 'after_observation'
        when v.visited_on = s.event_on then 'loss'
        when v.visited_on > s.event_on then 'after_loss'
        when v.visited_on = s.week14_on then 'week14'
        when v.visited_on > coalesce(s.week14_on, s.start_on + d.week14_to_day) then 'follow_up'
        else 'induction'
    end as phase,
    v.score,
    pcdai_severity(
        v.score, d.severity_mild_from, d.severity_moderate_from, d.severity_severe_from
    ) as severity,
    case when v.total is null then 'computed' else 'declared' end as score_source,
    v.total,
    v.computed_total,
    case when v.computed_total is not null then v.height is null end as no_height,
    case when v.visited_on >= s.baseline_on then v.score - s.baseline_pcdai end as since_baseline,
    v.score - v.previous_score as since_previous,
    v.previous_on
from lor_status s
join definition d on d.name = s.definition
join patient_number n using (patient_id)
cross join lateral (
    select
        c.*,
        lag(c.score) over course as previous_score,
        lag(c.visited_on) over course as previous_on
    from pcdai_visit c
    where c.patient_id = s.patient_id and c.visited_on <= d.cut_on
    window course as (order by c.visited_on)
) v
where s.reason is distinct from 'no_research_consent';
