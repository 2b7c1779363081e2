-- One row per centre and quarter of a year: children with a record of it, and the records of it that
-- fail a rule of plausibility today and are not answered for. Children whose use was withdrawn are
-- left out.
-- Source: the clinical tables and the rules of plausibility.
-- @quarter_on: first day of the quarter
-- @children: with a record dated in it
-- @children_with_deficits: with a record dated in it that fails a rule
-- @deficits: records dated in it that fail a rule of plausibility and are not answered for
create view centre_quarter as
with seen as (
    select distinct patient_id, date_trunc('quarter', dated_on)::date as quarter_on
    from dated_record
),
deficit as (
    select patient_id, date_trunc('quarter', record_on)::date as quarter_on, count(*) as deficits
    from finding
    where not answered and record_on is not null
    group by patient_id, date_trunc('quarter', record_on)
)
select
    p.centre,
    quarter_on,
    count(*) as children,
    count(*) filter (where d.deficits > 0) as children_with_deficits,
    coalesce(sum(d.deficits), 0)::bigint as deficits
from seen s
full join deficit d using (patient_id, quarter_on)
join patient p using (patient_id)
where patient_id not in (select patient_id from withdrawn_use)
group by p.centre, quarter_on;
