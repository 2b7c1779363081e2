-- One row per eligible patient and definition: the last value of each analyte in the window before
-- t0, in the analyte's own unit, with < or > where it is a limit.
-- Source: laboratory values, converted by analyte_unit.
-- @crp: CRP (mg/L)
-- @crp_comparator: < or > when crp is a limit
-- @esr: ESR (mm/h)
-- @esr_comparator: < or > when esr is a limit
-- @wbc: white cells (10^9/L)
-- @wbc_comparator: < or > when wbc is a limit
-- @hb: haemoglobin (g/L)
-- @hb_comparator: < or > when hb is a limit
-- @plt: platelets (10^9/L)
-- @plt_comparator: < or > when plt is a limit
-- @alb: albumin (g/L)
-- @alb_comparator: < or > when alb is a limit
create view baseline_laboratory as
select
    s.definition,
    n.study_id as patient_id,
    v.crp,
    v.crp_comparator,
    v.esr,
    v.esr_comparator,
    v.wbc,
    v.wbc_comparator,
    v.hb,
    v.hb_comparator,
    v.plt,
    v.plt_comparator,
    v.alb,
    v.alb_comparator
from lor_status s
join definition d on d.name = s.definition
join patient_number n using (patient_id)
left join lateral (
    with latest as (
        select distinct on (r.analyte)
            r.analyte,
            r.value * u.factor as value,
            r.value_comparator as comparator
        from lab_result r
        join analyte_unit u on u.analyte = r.analyte and u.unit = r.unit
        where
            r.patient_id = s.patient_id
            and r.collected_on between s.start_on - d.covariate_window_days and s.start_on
        order by r.analyte, r.collected_on desc
    )
    select
        max(value) filter (where analyte = 'CRP') as crp,
        max(comparator) filter (where analyte = 'CRP') as crp_comparator,
        max(value) filter (where analyte = 'ESR') as esr,
        max(comparator) filter (where analyte = 'ESR') as esr_comparator,
        max(value) filter (where analyte = 'WBC') as wbc,
        max(comparator) filter (where analyte = 'WBC') as wbc_comparator,
        max(value) filter (where analyte = 'HGB') as hb,
        max(comparator) filter (where analyte = 'HGB') as hb_comparator,
        max(value) filter (where analyte = 'PLT') as plt,
        max(comparator) filter (where analyte = 'PLT') as plt_comparator,
        max(value) filter (where analyte = 'ALB') as alb,
        max(comparator) filter (where analyte = 'ALB') as alb_comparator
    from latest
) v on true
where s.eligible;
