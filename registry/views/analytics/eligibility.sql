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
        ('no_infliximab', e.start_on is null),
        ('no_research_consent', e.not_for_research),
        ('not_crohns_disease', e.diagnosis <> 'CD'),
        ('age_18_or_over', e.too_old),
        ('prior_biologic', case when e.start_on is not null then e.biologic_id is not null end),
        (
            'contraindication',
            case when e.start_on is not null then e.contraindication_id is not null end
        ),
        ('fewer_than_4_infusions', e.lacks_infusions),
        (
            'late_induction_infusion',
            case when not e.lacks_infusions then e.late_infusion is not null end
        ),
        ('no_baseline_pcdai', case when e.start_on is not null then e.baseline_pcdai is null end),
        ('no_week14_pcdai', case when e.start_on is not null then e.week14_pcdai is null end),
        ('primary_non_response', not e.responded)
) as c (criterion, excludes)
join exclusion o on o.reason = c.criterion
where not e.not_for_research or c.criterion in ('no_infliximab', 'no_research_consent');
