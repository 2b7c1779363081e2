-- One row per eligible patient and definition: days on immunomodulator and on glucocorticoid
-- between t0 and the end of observation.
-- Stop minus start, courses that overlap each other counted once, an open course running to the
-- end of observation, a course begun before t0 counting from t0. No course means no drug.
-- Source: the study's concomitant treatment; acquired after t0, so as fixed covariates these carry
-- immortal-time bias.
-- @immunomodulator_days: days on azathioprine, mercaptopurine or methotrexate
-- @glucocorticoid_days: days on a glucocorticoid
create view concomitant_medication as
select
    s.definition,
    n.study_id as patient_id,
    coalesce(c.immunomodulator_days, 0) as immunomodulator_days,
    coalesce(c.glucocorticoid_days, 0) as glucocorticoid_days
from lor_status s
join patient_number n using (patient_id)
left join lateral (
    with taken as (
        select
            g.drug_class,
            greatest(m.started_on, s.start_on) as from_on,
            least(m.stopped_on, s.end_on) as to_on
        from medication m
        join drug g on g.code = m.drug
        where
            m.patient_id = s.patient_id
            and g.drug_class in ('immunomodulator', 'glucocorticoid')
    ),
    spell as (
        select drug_class, unnest(range_agg(daterange(from_on, to_on))) as days
        from taken
        where from_on < to_on
        group by drug_class
    )
    select
        sum(upper(days) - lower(days)) filter (where drug_class = 'immunomodulator')
            as immunomodulator_days,
        sum(upper(days) - lower(days)) filter (where drug_class = 'glucocorticoid')
            as glucocorticoid_days
    from spell
) c on true
where s.eligible;
