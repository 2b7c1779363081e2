-- One row per definition, gene and change of the coding DNA found up to the data cut: in how many
-- patients, and how they fared. A finding without a date counts.
-- Source: the gene findings and the stored status.
-- @hgvs_p: change of the protein in three letters, else as entered; several are listed
-- @acmg_class: ACMG class; several are listed
-- @zygosity: zygosity; several are listed
-- @diagnosis: monogenic disease; several are listed
-- @patients: patients with the finding
-- @boys: of them, boys
-- @veo: of them, with onset before the age of the definition's very early onset
-- @in_cohort: of them, in the cohort
-- @losses: of them, in the cohort with a loss of response
-- @first_reported_on: day of the first report; empty when none is dated
create view gene_summary as
with found as (
    select
        d.name as definition,
        g.*,
        p.sex,
        s.eligible,
        s.event,
        extract(year from age(o.onset_on, p.birth_date)) < d.veo_before_years as veo
    from gene_finding g
    join definition d on g.reported_on <= d.cut_on or g.reported_on is null
    join patient p using (patient_id)
    join lor_status s on s.patient_id = g.patient_id and s.definition = d.name
    cross join lateral (
        select case when day <= d.cut_on then day end as onset_on
        from date_in_period(
            p.onset_on, p.onset_on_precision, p.birth_date, coalesce(s.start_on, d.cut_on)
        ) as day
    ) o
    where
        s.reason is distinct from 'no_research_consent'
        and g.patient_id not in (select patient_id from withdrawn_genetics)
)
select
    definition,
    gene,
    hgvs_c,
    string_agg(distinct coalesce(hgvs_p_normalised, hgvs_p), ', ') as hgvs_p,
    string_agg(distinct acmg_class, ', ') as acmg_class,
    string_agg(distinct zygosity, ', ') as zygosity,
    string_agg(distinct diagnosis, ', ') as diagnosis,
    count(*) as patients,
    count(*) filter (where sex = 'male') as boys,
    count(*) filter (where veo) as veo,
    count(*) filter (where eligible) as in_cohort,
    count(*) filter (where event) as losses,
    min(reported_on) as first_reported_on
from found
group by definition, gene, hgvs_c;
