-- One row per definition and patient without a PCDAI in the window of week 14, from its first day
-- until some time after its last: open, closing soon, or closed, when only a score from the notes
-- can help.
-- Source: the study's methods; the window is the definition's.
-- @rule week14_closing: There is no PCDAI since {from}; the week-14 window closes in {days_left}
-- days.
-- @do: See the child and score the PCDAI by {until}, before infusion 4.
-- @from: doi 10.21037/tp-2025-344: the PCDAI of week 14 decides on response; its window is this
-- registry's choice
-- @place: 10
-- @rule week14_open: There is no PCDAI since {from}; the week-14 window is open for {days_left}
-- days more.
-- @do: Score the PCDAI before infusion 4, by {until}.
-- @from: doi 10.21037/tp-2025-344: the PCDAI of week 14 decides on response; its window is this
-- registry's choice
-- @place: 150
-- @rule week14_closed: There is no PCDAI from {from} to {until}; without one the child is in no
-- analysis.
-- @do: Look in the notes for a PCDAI from {from} to {until} and enter it; if there is none, set
-- this item aside.
-- @from: doi 10.21037/tp-2025-344: the PCDAI of week 14 decides on response; its window is this
-- registry's choice
-- @place: 160
create view week14_window as
with windowed as (
    select
        c.definition,
        c.patient_id,
        c.start_on,
        c.infusion_1_id,
        c.start_on + d.week14_from_day as from_on,
        c.start_on + d.week14_to_day as until_on
    from course c
    join definition d on d.name = c.definition
),
unscored as (
    select w.*, w.until_on - today() as days_left
    from windowed w
    where
        not exists (
            select
            from pcdai_visit v
            where v.patient_id = w.patient_id and v.visited_on between w.from_on and w.until_on
        )
)
select
    u.definition,
    u.patient_id,
    case
        when u.days_left < 0 then 'week14_closed'
        when u.days_left <= s.window_closing_days then 'week14_closing'
        else 'week14_open'
    end as rule,
    u.start_on as record_on,
    null::text as about,
    u.until_on as due_on,
    'infusion' as from_table,
    u.infusion_1_id as from_record_id,
    jsonb_build_object('from', u.from_on, 'until', u.until_on, 'days_left', u.days_left) as facts
from unscored u
cross join worklist_setting s
where today() >= u.from_on and u.days_left >= -s.window_search_days;
