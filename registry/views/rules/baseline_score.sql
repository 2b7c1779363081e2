-- One row per definition and patient who started infliximab, with the baseline PCDAI (B):
-- the nearest on or before t0, within its window.
-- Source: the study's methods; the width of the window is this registry's choice.
-- @methods response: Disease activity is the PCDAI. The baseline score is the last on the day of the
-- first infusion or up to {baseline_window_days:day|days} before it.
-- @parameters: baseline_window_days
-- @rule no_baseline_pcdai: Baseline PCDAI (B)
-- @found if baseline_on: {baseline_pcdai} on {baseline_on}
-- @found: none
-- @limit: the last from {baseline_from} to {start_on}
-- @record if baseline_on: pcdai_visit baseline_on
-- @excluded: No baseline PCDAI
-- @value baseline_from: start_on - baseline_window_days
create view baseline_score as
select
    o.*,
    b.visited_on as baseline_on,
    b.score as baseline_pcdai
from observation o
join definition d on d.name = o.definition
left join lateral (
    select v.visited_on, v.score
    from pcdai_visit v
    where
        v.patient_id = o.patient_id
        and v.visited_on between o.start_on - d.baseline_window_days and o.start_on
    order by v.visited_on desc
    limit 1
) b on true;
