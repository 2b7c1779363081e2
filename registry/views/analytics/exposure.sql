-- One row per eligible patient, definition and stretch of days without a change of treatment, from
-- t0 to the end of observation; no gaps, no overlaps, and a cut at the loss of response.
-- A row says what held from its first day up to, not including, its last: what begins on the day of
-- a loss is not in the row that ends with it. Survival methods take (start_day, stop_day] and
-- event, and only the rows at risk, cut off at entry_day where entry is delayed; origin_day comes
-- off where the clock starts at week 14. The rows after a loss are there so that the days on a drug
-- add up to those of baseline.
-- The three covariates acquired after t0 stand here as known so far, free of immortal time. A
-- trough counts from the infusion that follows it. Courses that overlap count once. What is
-- known of their stops is as in baseline.
-- Source: infusions, medications and drug levels at the stored t0, loss and end of observation.
-- @from_on: first day of the row
-- @to_on: day on which the row ends, the first of the next
-- @start_day: days from t0 to from_on
-- @stop_day: days from t0 to to_on
-- @entry_day: days from t0 to the week-14 PCDAI; before it nobody can be seen to lose
-- @origin_day: days from t0 to where the definition's clock starts
-- @event: 1 when response is lost on to_on, else 0
-- @at_risk: whether the row lies before the loss of response
-- @immunomodulator: on azathioprine, mercaptopurine or methotrexate
-- @glucocorticoid: on a glucocorticoid
-- @combination_days: days with an immunomodulator since t0, before the row
-- @combination_months: the same in months
-- @ifx_monotherapy: neither an immunomodulator nor a glucocorticoid so far
-- @ifx_with_glucocorticoid: a glucocorticoid now or earlier
-- @im_over_6_months: with an immunomodulator for longer than the definition asks, before the row
-- @stops_known_to: day, month, year or unknown: the least known stop of the courses so far, which
-- the columns before it rest on; empty where none has stopped
-- @infusion_number: number of the last infusion
-- @dose_mg_per_kg: dose per kg of the last infusion (mg/kg)
-- @interval_days: days from the infusion before to the last; empty for the first
-- @intensified: whether an infusion so far has intensified the treatment
-- @trough_ug_ml: the last trough so far (ug/mL)
-- @trough_comparator: < or > when trough_ug_ml is a limit
-- @trough_sampled_on: day of that trough
create view exposure as
select
    s.definition,
    n.study_id as patient_id,
    s.start_on,
    x.from_on,
    x.to_on,
    x.from_on - s.start_on as start_day,
    x.to_on - s.start_on as stop_day,
    s.week14_on - s.start_on as entry_day,
    clock_starts_on(d.time_zero, s.start_on, s.week14_on) - s.start_on as origin_day,
    (x.to_on is not distinct from s.event_on)::integer as event,
    x.to_on <= coalesce(s.event_on, s.end_on) as at_risk,
    x.immunomodulator,
    x.glucocorticoid,
    x.combination_days,
    months(x.combination_days) as combination_months,
    not (x.had_immunomodulator or x.had_glucocorticoid) as ifx_monotherapy,
    x.had_glucocorticoid as ifx_with_glucocorticoid,
    x.combination_days > d.im_min_days as im_over_6_months,
    x.stops_known_to,
    x.infusion_number,
    x.dose_mg_per_kg,
    x.interval_days,
    x.intensified,
    x.trough_ug_ml,
    x.trough_comparator,
    x.trough_sampled_on
from lor_status s
join definition d on d.name = s.definition
join patient_number n using (patient_id)
cross join lateral (
    with measured as materialized (
        select r.next_infusion_on, r.sampled_on, r.assay, r.ifx_ug_ml, r.ifx_ug_ml_comparator
        from level_reading r
        where r.definition = s.definition and r.patient_id = s.patient_id and r.is_trough
    ),
    given as (
        select
            c.number::integer as infusion_number,
            c.infused_on,
            c.dose_mg / c.weight_kg as dose_mg_per_kg,
            c.interval_days,
            coalesce(bool_or(c.intensified) over (order by c.infused_on), false) as intensified,
            t.ifx_ug_ml as trough_ug_ml,
            t.ifx_ug_ml_comparator as trough_comparator,
            t.sampled_on as trough_sampled_on
        from infusion_step c
        left join lateral (
            select l.*
            from measured l
            where l.next_infusion_on <= c.infused_on
            order by l.sampled_on desc, l.assay nulls last
            limit 1
        ) t on true
        where
            c.definition = s.definition
            and c.patient_id = s.patient_id
            and c.infused_on <= s.end_on
    ),
    taken as (
        select
            (m.drug_class = 'immunomodulator')::integer as immunomodulator,
            (m.drug_class = 'glucocorticoid')::integer as glucocorticoid,
            m.stop_known_to,
            m.stopped_by,
            greatest(m.started_on, s.start_on) as from_on,
            least(m.counts_until, s.end_on) as to_on
        from drug_course m
        where
            m.definition = s.definition
            and m.patient_id = s.patient_id
            and m.drug_class in ('immunomodulator', 'glucocorticoid')
            and m.started_on < s.end_on
    ),
    change (changed_on, infusions, immunomodulators, glucocorticoids) as (
        -- Every day on which something changes, with the courses that begin and end on it.
        select infused_on, 1, 0, 0 from given
        union all
        select from_on, 0, immunomodulator, glucocorticoid from taken where from_on < to_on
        union all
        select to_on, 0, -immunomodulator, -glucocorticoid from taken where from_on < to_on
        union all
        select s.event_on, 0, 0, 0 where s.event_on is not null
        union all
        select s.end_on, 0, 0, 0
    ),
    spell as (
        select
            changed_on as from_on,
            lead(changed_on) over days as to_on,
            (sum(sum(infusions)) over days)::integer as infusion_number,
            sum(sum(immunomodulators)) over days > 0 as immunomodulator,
            sum(sum(glucocorticoids)) over days > 0 as glucocorticoid
        from change
        group by changed_on
        window days as (order by changed_on)
    ),
    counted as (
        select
            *,
            coalesce(sum(to_on - from_on) filter (where immunomodulator) over earlier, 0)::integer
                as combination_days,
            bool_or(immunomodulator) over so_far as had_immunomodulator,
            bool_or(glucocorticoid) over so_far as had_glucocorticoid
        from spell
        where to_on is not null
        window
            so_far as (order by from_on),
            earlier as (order by from_on rows between unbounded preceding and 1 preceding)
    ),
    reaching as (
        -- The day from which on the months of combination are reached, where a spell holds it.
        select
            *,
            case when immunomodulator and combination_days <= d.im_min_days then
                from_on + d.im_min_days + 1 - combination_days
            end as reached_on
        from counted
    ),
    parted as (
        select
            p.from_on,
            p.to_on,
            r.infusion_number,
            r.immunomodulator,
            r.glucocorticoid,
            r.combination_days + case when r.immunomodulator then p.from_on - r.from_on else 0 end
                as combination_days,
            r.had_immunomodulator,
            r.had_glucocorticoid
        from reaching r
        cross join lateral (
            select r.from_on, least(r.reached_on, r.to_on) as to_on
            union all
            select r.reached_on, r.to_on where r.reached_on < r.to_on
        ) p
    )
    select
        *,
        (
            select coarsest(array_agg(t.stop_known_to))
            from taken t
            where t.from_on < p.to_on and t.from_on < coalesce(t.stopped_by, s.end_on)
        ) as stops_known_to
    from parted p
    join given using (infusion_number)
) x
where s.eligible;
