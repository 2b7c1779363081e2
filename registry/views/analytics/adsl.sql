-- One row per patient and definition: who they are, how they were treated and observed, with the
-- names of CDISC ADaM's subject level where it has one, in lower case, as SQL has them.
-- The cohort of the definition is the full analysis set (fasfl); those who started infliximab are
-- the safety set (saffl).
-- Source: the clinical tables, the rule of the observation and the stored status.
-- @usubjid: Unique Subject Identifier: the study id
-- @siteid: Study Site Identifier: the treating centre
-- @brthdt: Date of Birth
-- @age: Age: completed years at t0; empty without infliximab
-- @ageu: Age Units
-- @sex: Sex: F or M, recorded at birth
-- @saffl: Safety Population Flag: Y started infliximab, N did not
-- @fasfl: Full Analysis Set Population Flag: Y in the cohort of the definition, N not
-- @reason: first exclusion that holds; empty in the cohort
-- @trtsdt: Date of First Exposure to Treatment: t0
-- @trtedt: Date of Last Exposure to Treatment: the last infusion of the observation
-- @trtdurd: Total Treatment Duration (days): trtedt minus trtsdt, and one
-- @infusions: infusions of the observation
-- @eosstt: End of Study Status: ONGOING at the data cut, or DISCONTINUED; empty without infliximab
-- @eosdt: End of Study Date: end of observation
-- @dcsreas: Reason for Discontinuation from Study; empty at the data cut
-- @dthfl: Subject Death Flag: Y died up to the data cut, else empty
-- @dthdt: Date of Death
-- @upper_gi_location: Paris upper disease, L4a, L4b or L4ab; empty = none
-- @perianal: perianal disease, by the last assessment on or before t0 like the other Paris items
create view adsl as
select
    s.definition,
    n.study_id as usubjid,
    p.centre as siteid,
    p.birth_date as brthdt,
    extract(year from age(s.start_on, p.birth_date))::integer as age,
    case when s.start_on is not null then 'YEARS' end as ageu,
    case p.sex when 'female' then 'F' when 'male' then 'M' end as sex,
    p.diagnosis,
    case when s.start_on is null then 'N' else 'Y' end as saffl,
    case when s.eligible then 'Y' else 'N' end as fasfl,
    s.reason,
    s.start_on as trtsdt,
    i.last_on as trtedt,
    i.last_on - s.start_on + 1 as trtdurd,
    i.infusions,
    case when o.end_reason is not null then
        case o.end_reason when 'data_cut' then 'ONGOING' else 'DISCONTINUED' end
    end as eosstt,
    o.end_on as eosdt,
    nullif(o.end_reason, 'data_cut') as dcsreas,
    case when e.ended_on is not null then 'Y' end as dthfl,
    e.ended_on as dthdt,
    f.location,
    f.upper_gi as upper_gi_location,
    f.behaviour,
    f.perianal,
    f.growth,
    s.baseline_on,
    s.baseline_pcdai,
    s.week14_on,
    s.week14_pcdai,
    s.induction_outcome,
    s.state
from lor_status s
join definition d on d.name = s.definition
join patient p using (patient_id)
join patient_number n using (patient_id)
left join observation o on o.patient_id = s.patient_id and o.definition = s.definition
left join follow_up_end e
    on e.patient_id = s.patient_id and e.reason = 'died' and e.ended_on <= d.cut_on
cross join lateral (
    select max(g.infused_on) as last_on, count(*) as infusions
    from infusion g
    where g.patient_id = s.patient_id and g.infused_on <= o.end_on
) i
left join lateral (
    select t.location, t.upper_gi, t.behaviour, t.perianal, t.growth
    from phenotype t
    where t.patient_id = s.patient_id and t.assessed_on <= s.start_on
    order by t.assessed_on desc
    limit 1
) f on true
where s.reason is distinct from 'no_research_consent';
