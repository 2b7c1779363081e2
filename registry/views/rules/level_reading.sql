-- One row per definition and drug level up to the data cut: what it says.
-- A level is a trough when infliximab was measured on the day of an infusion, or shortly before it
-- by the definition; not before the first infusion, when there is no drug yet. Which trough it is
-- goes by the number of that infusion. A level drawn between two infusions and already below the
-- threshold shows that the trough was low, because it can only be lower; above it shows nothing.
-- The therapeutic threshold is that of the newest version, for perianal fistulising disease where
-- the last phenotype up to the sample has perianal disease and the version has such a threshold. A
-- value reported as a limit is below the threshold, or not, only if the limit proves it.
-- Antibodies are held to the cut-offs of the assay. Without a cut-off of positivity (the assay has
-- none, is not described, or was not named) a value below the limit of quantification is undetected
-- with a cut-off that is not known, and any other is unclassed. Negative by an assay that drug
-- disturbs is not evaluable, unless the sample is known to hold none; an assay of which that is not
-- known is taken at its word.
-- Source: infusions, phenotypes, assays and thresholds; guideline and published study.
-- @methods levels: A level is a trough when it was drawn on the day of an infusion or at most
-- {trough_days_before:day|days} before it, but not before the first infusion. A level reported as a
-- limit keeps its limit.
-- @parameters: trough_days_before
-- @infusion_number: number of the infusion that comes next, on the day of the sample or after it, or
-- that is expected next where none is known
-- @next_infusion_on: day of that infusion; empty when none is known up to the data cut
-- @days_to_infusion: days from the sample to that infusion
-- @is_trough: whether it is a trough of infliximab
-- @timepoint: trough that the level is or precedes: week_2, week_6, week_14 or maintenance, by the
-- number of the infusion; empty without one
-- @ifx_ug_ml: infliximab in the sample (ug/mL)
-- @phenotype_held_to: phenotype of the threshold: any, or perianal_fistulising
-- @threshold_ug_ml: therapeutic threshold of that trough (ug/mL)
-- @threshold_source: where the threshold comes from
-- @threshold_version: edition of the threshold
-- @trough_level: below or above (at or above) the threshold, undetermined when a limit does not
-- tell; empty unless a trough
-- @tells: whether the level proves the trough low or within: below or above the threshold, or low
-- between two infusions
-- @low_between_infusions: whether a level between two infusions is already below the threshold;
-- empty for a trough, without a next infusion, or when a limit does not tell
-- @ada_status: antibodies: absent (not measured), undetected, undetected_no_cut_off (below the
-- limit of an assay without a known cut-off), not_evaluable, low_titre, high_titre,
-- positive_unclassed (positive, no cut-off of a high titre) or unclassed (not known if positive)
create view level_reading as
with placed as (
    select
        d.name as definition,
        t.*,
        a.drug_tolerant,
        a.ada_positive_from,
        a.ada_high_from,
        given.before::integer + 1 as infusion_number,
        upcoming.infused_on as next_infusion_on,
        upcoming.infused_on - t.sampled_on as days_to_infusion,
        t.ifx_ug_ml is not null and given.before > 0 and upcoming.infused_on is not null
            as is_in_course,
        d.trough_days_before
    from tdm_level t
    join definition d on t.sampled_on <= d.cut_on
    left join assay a on a.name = t.assay
    cross join lateral (
        select count(*) as before
        from infusion i
        where i.patient_id = t.patient_id and i.infused_on < t.sampled_on
    ) given
    left join lateral (
        select i.infused_on
        from infusion i
        where
            i.patient_id = t.patient_id
            and i.infused_on >= t.sampled_on
            and i.infused_on <= d.cut_on
        order by i.infused_on
        limit 1
    ) upcoming on true
),
timed as (
    select
        *,
        is_in_course and days_to_infusion <= trough_days_before as is_trough,
        case when is_in_course then
            case infusion_number
                when 2 then 'week_2'
                when 3 then 'week_6'
                when 4 then 'week_14'
                else 'maintenance'
            end
        end as timepoint
    from placed
),
held as (
    select
        l.*,
        h.phenotype as phenotype_held_to,
        h.ifx_ug_ml as threshold_ug_ml,
        h.source as threshold_source,
        h.version as threshold_version,
        is_below(l.ifx_ug_ml, l.ifx_ug_ml_comparator, h.ifx_ug_ml) as is_low,
        is_below(l.ada_au_ml, l.ada_au_ml_comparator, l.ada_positive_from) as is_negative,
        is_below(l.ada_au_ml, l.ada_au_ml_comparator, l.ada_high_from) as is_not_high,
        l.ada_positive_from is null
            and (l.ada_au_ml_comparator is not distinct from '<' or l.ada_au_ml = 0)
            as is_unquantified,
        case l.ifx_ug_ml_comparator when '<' then false when '>' then true else l.ifx_ug_ml > 0 end
            as has_drug
    from timed l
    left join lateral (
        select f.perianal
        from phenotype f
        where f.patient_id = l.patient_id and f.assessed_on <= l.sampled_on
        order by f.assessed_on desc
        limit 1
    ) p on true
    left join lateral (
        select r.*
        from tdm_threshold r
        where
            r.version = (select max(version) from tdm_threshold)
            and r.timepoint = l.timepoint
            and r.purpose = 'therapeutic'
            and (r.phenotype = 'any' or (r.phenotype = 'perianal_fistulising' and p.perianal))
        order by r.phenotype = 'any'
        limit 1
    ) h on true
)
select
    definition,
    patient_id,
    record_id,
    sampled_on,
    infusion_number,
    next_infusion_on,
    days_to_infusion,
    is_trough,
    timepoint,
    ifx_ug_ml,
    ifx_ug_ml_comparator,
    phenotype_held_to,
    threshold_ug_ml,
    threshold_source,
    threshold_version,
    case when is_trough then
        case when is_low then 'below' when not is_low then 'above' else 'undetermined' end
    end as trough_level,
    case when is_in_course and not is_trough then is_low end as low_between_infusions,
    is_in_course and coalesce(case when is_trough then is_low is not null else is_low end, false)
        as tells,
    assay,
    drug_tolerant,
    ada_au_ml,
    ada_au_ml_comparator,
    case
        when ada_au_ml is null then 'absent'
        when not is_not_high then 'high_titre'
        when not is_negative and is_not_high then 'low_titre'
        when not is_negative then 'positive_unclassed'
        when is_negative or is_unquantified then
            case
                when not drug_tolerant and coalesce(has_drug, true) then 'not_evaluable'
                when is_negative then 'undetected'
                else 'undetected_no_cut_off'
            end
        else 'unclassed'
    end as ada_status
from held;
