-- One row per definition and patient who lost response: why, as far as drug levels tell, and what
-- the guideline advises.
-- The level is the nearest to the loss within its window that tells: a trough whose value or limit
-- proves it low or within, or a level between two infusions that is already below the threshold,
-- which shows a low trough; the earlier of two equally near, of two assays on one day the first by
-- name, one without a name last. Without such a level the nearest other is shown, which tells
-- nothing. A trough at or above the therapeutic threshold: pharmacodynamic, whatever the antibodies.
-- Below it, by the antibodies: undetected pharmacokinetic (with a caveat where the cut-off of the
-- assay is not known), low titre or high titre immunogenic, anything else undetermined.
-- Source: the published study's discussion (doi 10.21037/tp-2025-344); the window is this
-- registry's choice.
-- @level_record_id: number of the record of the level
-- @days_from_event: days from the loss to the sample; negative before the loss
-- @levels_in_window: levels of infliximab within the window, whether they tell or not
-- @timepoint: trough that the level is or precedes: week_2, week_6, week_14 or maintenance, by the
-- number of the infusion; empty without one
-- @ifx_ug_ml: infliximab in the sample (ug/mL)
-- @trough_status: within (at or above the threshold), low, undetermined (a limit that does not
-- tell), or none
-- @mechanism: pharmacodynamic, pharmacokinetic, immunogenic_low_titre, immunogenic or undetermined
-- @action: what the guideline advises
-- @action_source: where the advice comes from
-- @caveat: what makes the mechanism uncertain
create view lor_mechanism as
with guidance (trough_status, ada_status, mechanism, action) as (
    values
        ('within', 'any', 'pharmacodynamic', 'switch to another class'),
        (
            'low',
            'undetected',
            'pharmacokinetic',
            'raise the dose, shorten the interval or add an immunomodulator'
        ),
        (
            'low',
            'low_titre',
            'immunogenic_low_titre',
            'raise the dose, shorten the interval or add an immunomodulator'
        ),
        (
            'low',
            'undetected_no_cut_off',
            'pharmacokinetic',
            'raise the dose, shorten the interval or add an immunomodulator'
        ),
        ('low', 'high_titre', 'immunogenic', 'switch to another anti-TNF or another biologic'),
        ('low', 'positive_unclassed', 'undetermined', 'repeat the measurement'),
        ('low', 'unclassed', 'undetermined', 'repeat the measurement'),
        ('low', 'not_evaluable', 'undetermined', 'repeat the measurement'),
        ('low', 'absent', 'undetermined', 'repeat the measurement'),
        ('undetermined', 'any', 'undetermined', 'repeat the measurement'),
        ('none', 'any', 'undetermined', 'measure first')
),
lost as (
    select
        s.definition,
        n.study_id as patient_id,
        s.event_on,
        l.*,
        case
            when l.trough_level = 'above' then 'within'
            when l.trough_level = 'below' or l.low_between_infusions then 'low'
            else coalesce(l.trough_level, 'none')
        end as trough_status
    from lor_status s
    join patient_number n using (patient_id)
    left join lateral (
        select
            r.record_id as level_record_id,
            r.sampled_on,
            r.sampled_on - s.event_on as days_from_event,
            (count(*) over ())::integer as levels_in_window,
            r.is_trough,
            r.days_to_infusion,
            r.timepoint,
            r.ifx_ug_ml,
            r.ifx_ug_ml_comparator,
            r.threshold_ug_ml,
            r.threshold_source,
            r.trough_level,
            r.low_between_infusions,
            r.assay,
            r.drug_tolerant,
            r.ada_au_ml,
            r.ada_au_ml_comparator,
            r.ada_status
        from level_reading r
        where
            r.patient_id = s.patient_id
            and r.definition = s.definition
            and r.ifx_ug_ml is not null
            and r.sampled_on between s.event_on - mechanism_days_before()
            and s.event_on + mechanism_days_after()
        order by
            r.tells desc,
            abs(r.sampled_on - s.event_on),
            r.sampled_on,
            r.assay nulls last
        limit 1
    ) l on true
    where s.event
)
select
    l.definition,
    l.patient_id,
    l.event_on,
    coalesce(l.levels_in_window, 0) as levels_in_window,
    l.level_record_id,
    l.sampled_on,
    l.days_from_event,
    l.is_trough,
    l.days_to_infusion,
    l.timepoint,
    l.ifx_ug_ml,
    l.ifx_ug_ml_comparator,
    l.threshold_ug_ml,
    l.threshold_source,
    l.trough_status,
    l.assay,
    l.drug_tolerant,
    l.ada_au_ml,
    l.ada_au_ml_comparator,
    l.ada_status,
    g.mechanism,
    g.action,
    'guideline as told in the discussion of doi 10.21037/tp-2025-344' as action_source,
    case
        when l.trough_status = 'low' and starts_with(l.ada_status, 'undetected') then
            case
                -- A sample below the limit of infliximab holds no drug that could disturb.
                when l.drug_tolerant is not null or l.ifx_ug_ml_comparator is not distinct from '<'
                    then case when l.ada_status <> 'undetected' then
                        'antibodies undetected, cut-off of the assay not known'
                    end
                when l.ada_status = 'undetected' then
                    'the drug tolerance of the assay is not known: antibodies may have been missed'
                else
                    'antibodies undetected, cut-off and drug tolerance of the assay not known'
            end
        when l.trough_status = 'low' and l.ada_status in ('positive_unclassed', 'unclassed')
            then 'the cut-offs of the assay are not known'
        when l.trough_status = 'none' and l.level_record_id is not null
            then 'no level within the window tells what the trough was'
    end as caveat
from lost l
join guidance g
    on g.trough_status = l.trough_status and g.ada_status in ('any', l.ada_status);
