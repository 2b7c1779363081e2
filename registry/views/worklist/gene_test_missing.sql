-- One row per definition and patient without a gene finding, whose disease began early or who lost
-- response with an unusual course: soon after the first infusion, or with perianal and penetrating
-- disease together. Of several reasons the strongest is given.
-- Source: the published study's discussion and the guideline (onset before 6 years; always before
-- 2); what is an unusual course is this registry's choice.
-- @rule gene_test_always: The disease began at {onset_years} years of age, before
-- {always_before_years}.
-- @do: Order a gene test or enter its result; if it found nothing, set this item aside.
-- @from: doi 10.21037/tp-2025-344, discussion, and guideline: suspect a monogenic cause; below 2
-- years always test; doi 10.21037/tp-2025-344
-- @place: 30
-- @rule gene_test_early_loss: Response was lost on {event_on}, {loss_day} days after the first
-- infusion: an unusual course.
-- @do: Order a gene test or enter its result; if it found nothing, set this item aside.
-- @from: doi 10.21037/tp-2025-344, discussion, and guideline: suspect a monogenic cause; what is
-- unusual is this registry's choice
-- @place: 40
-- @rule gene_test_perianal_penetrating: Response was lost on {event_on} with perianal and
-- penetrating disease: an unusual course.
-- @do: Order a gene test or enter its result; if it found nothing, set this item aside.
-- @from: doi 10.21037/tp-2025-344, discussion, and guideline: suspect a monogenic cause; what is
-- unusual is this registry's choice
-- @place: 41
-- @rule gene_test_early_onset: The disease began at {onset_years} years of age, before
-- {early_before_years}.
-- @do: Consider a gene test or enter its result; if it found nothing, set this item aside.
-- @from: doi 10.21037/tp-2025-344, discussion, and guideline: suspect a monogenic cause
-- @place: 100
create view gene_test_missing as
with facts as (
    select
        l.definition,
        l.patient_id,
        -- On a day before the onset there is none.
        case when o.onset <= today() then
            extract(year from age(o.onset, p.birth_date))::integer
        end as onset_years,
        d.veo_before_years,
        s.gene_always_before_years,
        l.event_on,
        l.event_on - l.start_on as loss_day,
        l.deciding_record_id,
        coalesce(l.event and l.event_on - l.start_on <= s.unusual_loss_days, false) as early_loss,
        coalesce(
            l.event
            and s.unusual_perianal_penetrating
            and f.perianal
            and f.behaviour in ('B3', 'B2B3'),
            false
        ) as perianal_penetrating,
        i.next_planned_on
    from loss_of_response l
    join definition d on d.name = l.definition
    join patient p on p.patient_id = l.patient_id
    cross join worklist_setting s
    cross join lateral (
        select date_in_period(p.onset_on, p.onset_on_precision, p.birth_date, l.start_on) as onset
    ) o
    left join lateral (
        select f.perianal, f.behaviour
        from phenotype f
        where f.patient_id = l.patient_id and f.assessed_on <= l.event_on
        order by f.assessed_on desc
        limit 1
    ) f on true
    left join lateral (
        -- A lookup by patient, however few the server expects.
        select n.next_planned_on
        from planned_infusion n
        where n.patient_id = l.patient_id
        order by n.infused_on desc
        limit 1
    ) i on true
    where not exists (select from gene_finding g where g.patient_id = l.patient_id)
),
judged as (
    select
        *,
        case
            when onset_years < gene_always_before_years then 'gene_test_always'
            when early_loss then 'gene_test_early_loss'
            when perianal_penetrating then 'gene_test_perianal_penetrating'
            when onset_years < veo_before_years then 'gene_test_early_onset'
        end as rule
    from facts
)
select
    definition,
    patient_id,
    rule,
    -- Of no date, so that what was set aside stays so when another reason comes up.
    null::date as record_on,
    null::text as about,
    next_planned_on as due_on,
    case
        when rule in ('gene_test_early_loss', 'gene_test_perianal_penetrating') then 'pcdai_visit'
        else 'patient'
    end as from_table,
    case
        when rule in ('gene_test_early_loss', 'gene_test_perianal_penetrating')
            then deciding_record_id
    end as from_record_id,
    jsonb_build_object(
        'onset_years',
        onset_years,
        'always_before_years',
        gene_always_before_years,
        'early_before_years',
        veo_before_years,
        'event_on',
        event_on,
        'loss_day',
        loss_day
    ) as facts
from judged
where rule is not null;
