-- One row per definition, patient and criterion, in the order of the published flow: whether the
-- criterion excludes the patient, and whether it is the first that does.
-- Source: the rules on today's data, not the stored status.
-- @position: place of the criterion in the order
-- @criterion: the exclusion
-- @excludes: whether it holds; empty where it cannot be judged
-- @decides: whether it is the first that holds
create view eligibility as
select
    e.definition,
    n.study_id as patient_id,
    o.position,
    c.criterion,
    c.excludes,
    c.criterion is not distinct from e.reason as decides
from eligibility e
join patient_number n using (patient_id)
cross join lateral (
    values
        ('no_infliximab', e.no_infliximab),
        ('no_research_consent', e.no_research_consent),
        ('not_crohns_disease', e.not_crohns_disease),
        ('age_18_or_over', e.age_18_or_over),
        ('prior_biologic', e.prior_biologic),
        ('contraindication', e.contraindication_at_start),
        ('fewer_than_4_infusions', e.fewer_than_4_infusions),
        ('late_induction_infusion', e.late_induction_infusion),
        ('no_baseline_pcdai', e.no_baseline_pcdai),
        ('no_week14_pcdai', e.no_week14_pcdai),
        ('primary_non_response', e.primary_non_response)
) as c (criterion, excludes)
join exclusion o on o.reason = c.criterion
where not e.no_research_consent or c.criterion in ('no_infliximab', 'no_research_consent');
