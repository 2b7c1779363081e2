-- One row per definition and patient: the first exclusion that holds, null when none does.
-- The order of the cases is the order of the published flow. A biologic excludes when it was
-- started before t0 (small molecules are not biologics); a contraindication when its onset is on
-- or before t0 and it was not resolved before t0.
-- Source: the study's inclusion and exclusion criteria.
-- @methods patients: The cohort are the children with Crohn's disease who were below {age_limit_years}
-- years of age at the first infusion of infliximab, had begun no other biologic before it, had no
-- contraindication then (severe infection, active tuberculosis, lymphoma, malignancy), and responded
-- to the induction.
-- @methods patients: They had received at least {required_infusions:infusion|infusions}. Of infusions
-- 2, 3 and 4 those that were given lay within {induction_tolerance_2}, {induction_tolerance_3} and
-- {induction_tolerance_4} days of days {induction_day_2}, {induction_day_3} and {induction_day_4},
-- whatever the number needed.
-- @methods response unless remission_overrides_drop: Response is a fall from baseline to week 14 of at
-- least {response_drop} points; without it a low score at week 14 does not count as response.
-- @methods response if remission_overrides_drop: Response is a fall from baseline to week 14 of at
-- least {response_drop} points, or whatever the fall a score below {remission_below} at week 14.
-- @methods patients if consent_required: Children of whom no consent to research is recorded, or whose
-- consent was withdrawn, are left out.
-- @methods patients unless consent_required: Children whose consent to research was withdrawn are left
-- out.
-- @parameters: consent_required, age_limit_years, required_infusions, induction_day_2, induction_day_3, induction_day_4,
-- induction_tolerance_2, induction_tolerance_3, induction_tolerance_4, response_drop,
-- remission_overrides_drop
-- @rule no_research_consent: Research may use the data
-- @found if consent_withdrawn_on: withdrawn on {consent_withdrawn_on}
-- @found if consented: consent recorded
-- @found if consent_required: no consent that counts
-- @limit if consent_required: a consent to research
-- @limit: nothing withdrawn
-- @record if consent_withdrawn_on: consent consent_signed_on
-- @excluded: No consent to research
-- @rule not_crohns_disease: Has Crohn's disease
-- @found: diagnosis {diagnosis}
-- @limit: CD
-- @record: patient
-- @excluded: Not Crohn's disease
-- @rule age_18_or_over: Is a child at t0
-- @found: {age_years:completed year|completed years}, born {birth_date}
-- @limit: below {age_limit_years:year|years}
-- @record: patient
-- @excluded unless age_limit_years=18: Aged {age_limit_years} years or over at the first infusion
-- @excluded: Aged 18 years or over at the first infusion
-- @rule prior_biologic: No other biologic before t0
-- @found if biologic: {biologic} from {biologic_on}
-- @found: none
-- @limit: none started before {start_on}
-- @record if biologic: medication biologic_on
-- @excluded: Another biologic before infliximab
-- @rule contraindication: No contraindication at t0
-- @found if contraindication: {contraindication} from {contraindication_on}
-- @found: none
-- @limit: none unresolved on {start_on}
-- @record if contraindication: condition contraindication_on
-- @excluded: Contraindication to infliximab
-- @rule fewer_than_4_infusions: Induction complete
-- @found: {infusions:infusion|infusions}
-- @limit: at least {required_infusions}
-- @record: infusion
-- @excluded unless required_infusions=4: Fewer than {required_infusions:infusion|infusions}
-- @excluded: Fewer than four infusions
-- @rule late_induction_infusion: Induction on time
-- @found if infusion_2_on: infusion 2: day {day_of_2}{third}{fourth}
-- @found: no second infusion
-- @limit: days {induction_day_2}±{induction_tolerance_2}, {induction_day_3}±{induction_tolerance_3},
-- {induction_day_4}±{induction_tolerance_4}
-- @record: infusion late_on
-- @excluded: Induction infusion off its date
-- @part third if infusion_3_on: ", 3: day {day_of_3}"
-- @part fourth if infusion_4_on: ", 4: day {day_of_4}"
-- @value day_of_2: infusion_2_on - start_on
-- @value day_of_3: infusion_3_on - start_on
-- @value day_of_4: infusion_4_on - start_on
-- @value late_on: case reason when 'late_induction_infusion' then deciding_on end
-- @rule primary_non_response: Responded to induction
-- @found if fall: PCDAI fell by {fall}, from {baseline_pcdai} to {week14_pcdai}
-- @limit: a fall of at least {response_drop}{or_remission}
-- @record: pcdai_visit week14_on
-- @excluded: Primary non-response
-- @part or_remission if remission_overrides_drop: ", or W {line_remission}"
-- @part line_response: to {response_at_most}
-- @part fallen: "{baseline_pcdai} − {response_drop} = {response_at_most} or less"
-- @value fall: baseline_pcdai - week14_pcdai
-- @value response_at_most: baseline_pcdai - response_drop
-- @consented: a consent to research counts; empty where none is recorded
-- @consent_withdrawn_on: day from which research was withdrawn
-- @consent_id: number of the consent that was withdrawn
-- @consent_signed_on: day on which it was signed
-- @deciding_table: table of the record that excludes
-- @deciding_on: date of the record that excludes
-- @deciding_record_id: number of the record that excludes
-- @age_years: completed years of age at t0
-- @late_infusion: number of the first infusion of induction that is off its day
-- @biologic_id: number of the record of the first biologic before t0
-- @biologic: the first biologic before t0
-- @biologic_on: day it was started
-- @contraindication_id: number of the record of the first contraindication at t0
-- @contraindication: the first contraindication at t0
-- @contraindication_on: its onset
-- @responded: the fall of the PCDAI is large enough, or remission where the definition counts it
-- @no_infliximab: whether this excludes the child, and so each of the next; empty where it cannot be judged
-- @no_research_consent: research may not use the data
-- @not_crohns_disease: another diagnosis
-- @age_18_or_over: the age at t0 is at or above the limit
-- @prior_biologic: another biologic was started before t0
-- @contraindication_at_start: a contraindication was there at t0
-- @fewer_than_4_infusions: fewer infusions than the definition asks for
-- @late_induction_infusion: enough infusions, one of induction off its day
-- @no_baseline_pcdai: no score before t0 counts
-- @no_week14_pcdai: no score at week 14 counts
-- @primary_non_response: not responded
create view eligibility as
with first_biologic as (
    select distinct on (m.patient_id) m.patient_id, m.record_id, m.drug, m.started_on
    from medication m
    join drug g on g.code = m.drug and g.drug_class = 'biologic'
    order by m.patient_id, m.started_on, m.drug
),
facts as (
    select
        d.name as definition,
        p.patient_id,
        u.consented,
        u.withdrawn_on as consent_withdrawn_on,
        u.withdrawn_id as consent_id,
        u.withdrawn_signed_on as consent_signed_on,
        d.consent_on is not null
            and (
                u.withdrawn_on is not null
                or (d.consent_required and u.consented is not true)
            ) as no_research_consent,
        p.diagnosis,
        p.birth_date,
        a.age_years,
        a.age_years >= d.age_limit_years as age_18_or_over,
        o.infusions < d.required_infusions as fewer_than_4_infusions,
        case
            when abs(o.infusion_2_on - o.start_on - d.induction_day_2) > d.induction_tolerance_2
                then 2
            when abs(o.infusion_3_on - o.start_on - d.induction_day_3) > d.induction_tolerance_3
                then 3
            when abs(o.infusion_4_on - o.start_on - d.induction_day_4) > d.induction_tolerance_4
                then 4
        end as late_infusion,
        b.record_id as biologic_id,
        b.drug as biologic,
        b.started_on as biologic_on,
        k.record_id as contraindication_id,
        k.condition as contraindication,
        k.onset_on as contraindication_on,
        o.baseline_pcdai - o.week14_pcdai >= d.response_drop
            or (d.remission_overrides_drop and o.week14_pcdai < d.remission_below) as responded,
        o.start_on,
        o.infusion_1_id,
        o.infusion_2_on,
        o.infusion_2_id,
        o.infusion_3_on,
        o.infusion_3_id,
        o.infusion_4_on,
        o.infusion_4_id,
        o.infusions,
        o.end_on,
        o.end_reason,
        o.end_table,
        o.end_record_id,
        o.end_record_on,
        o.baseline_on,
        o.baseline_pcdai,
        o.week14_on,
        o.week14_id,
        o.week14_pcdai,
        o.event_on,
        o.event_id,
        o.event_pcdai,
        o.last_negative_on
    from patient p
    cross join definition d
    left join first_loss o on o.definition = d.name and o.patient_id = p.patient_id
    -- age() counts whole calendar years, as people do.
    cross join lateral (
        select extract(year from age(o.start_on, p.birth_date))::integer as age_years
    ) a
    left join lateral (
        -- A lookup by patient.
        select *
        from research_consent r
        where r.patient_id = p.patient_id and r.definition = d.name
        offset 0
    ) u on true
    left join first_biologic b on b.patient_id = p.patient_id and b.started_on < o.start_on
    left join lateral (
        select c.record_id, c.condition, c.onset_on
        from condition c
        where
            c.patient_id = p.patient_id
            and c.condition <> 'other'
            and c.onset_on <= o.start_on
            and (c.resolved_on is null or c.resolved_on >= o.start_on)
        order by c.onset_on, c.condition
        limit 1
    ) k on true
)
select
    f.*,
    c.*,
    r.reason,
    case r.reason
        when 'no_research_consent' then case when f.consent_id is not null then 'consent' end
        when 'not_crohns_disease' then 'patient'
        when 'age_18_or_over' then 'infusion'
        when 'prior_biologic' then 'medication'
        when 'contraindication' then 'condition'
        when 'late_induction_infusion' then 'infusion'
        when 'primary_non_response' then 'pcdai_visit'
    end as deciding_table,
    case r.reason
        when 'no_research_consent' then f.consent_id
        when 'age_18_or_over' then f.infusion_1_id
        when 'prior_biologic' then f.biologic_id
        when 'contraindication' then f.contraindication_id
        when 'late_induction_infusion' then
            case f.late_infusion
                when 2 then f.infusion_2_id when 3 then f.infusion_3_id else f.infusion_4_id
            end
        when 'primary_non_response' then f.week14_id
    end as deciding_record_id,
    case r.reason
        when 'no_research_consent' then f.consent_signed_on
        when 'age_18_or_over' then f.start_on
        when 'prior_biologic' then f.biologic_on
        when 'contraindication' then f.contraindication_on
        when 'late_induction_infusion' then
            case f.late_infusion
                when 2 then f.infusion_2_on when 3 then f.infusion_3_on else f.infusion_4_on
            end
        when 'primary_non_response' then f.week14_on
    end as deciding_on
from facts f
-- "offset 0" makes one value of each condition, and of what they come to, for all that uses it.
cross join lateral (
    select
        f.start_on is null as no_infliximab,
        f.diagnosis <> 'CD' as not_crohns_disease,
        case when f.start_on is not null then f.biologic_id is not null end as prior_biologic,
        case when f.start_on is not null then f.contraindication_id is not null end
            as contraindication_at_start,
        case when not f.fewer_than_4_infusions then f.late_infusion is not null end
            as late_induction_infusion,
        case when f.start_on is not null then f.baseline_pcdai is null end as no_baseline_pcdai,
        case when f.start_on is not null then f.week14_pcdai is null end as no_week14_pcdai,
        not f.responded as primary_non_response
    offset 0
) c
cross join lateral (
    select
        case
            when c.no_infliximab then 'no_infliximab'
            when f.no_research_consent then 'no_research_consent'
            when c.not_crohns_disease then 'not_crohns_disease'
            when f.age_18_or_over then 'age_18_or_over'
            when c.prior_biologic then 'prior_biologic'
            when c.contraindication_at_start then 'contraindication'
            when f.fewer_than_4_infusions then 'fewer_than_4_infusions'
            when c.late_induction_infusion then 'late_induction_infusion'
            when c.no_baseline_pcdai then 'no_baseline_pcdai'
            when c.no_week14_pcdai then 'no_week14_pcdai'
            when c.primary_non_response then 'primary_non_response'
        end as reason
    offset 0
) r;
