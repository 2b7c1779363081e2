-- One row per definition and patient who started infliximab: t0 and the infusions of induction.
-- What is dated after the data cut is not seen.
-- Source: the study's methods; weeks 0, 2, 6 and 14 are the four infusions of induction.
-- @infusion_1_id: number of the record of the first infusion
-- @infusion_2_id: number of the record of the second infusion
-- @infusion_3_id: number of the record of the third infusion
-- @infusion_4_id: number of the record of the fourth infusion
-- @infusion_2_on: day of the second infusion
-- @infusion_3_on: day of the third infusion
-- @infusion_4_on: day of the fourth infusion
-- @infusions: infusions up to the data cut
-- @last_infusion_on: day of the last infusion up to the data cut
-- @last_infusion_id: number of the record of the last infusion up to the data cut
create view course as
with numbered as (
    select
        d.name as definition,
        i.patient_id,
        i.record_id,
        i.infused_on,
        row_number() over infusions as number,
        last_value(i.record_id) over (
            infusions rows between unbounded preceding and unbounded following
        ) as last_id
    from infusion i
    join definition d on i.infused_on <= d.data_cut
    window infusions as (partition by d.name, i.patient_id order by i.infused_on)
)
select
    definition,
    patient_id,
    min(infused_on) as start_on,
    max(infused_on) filter (where number = 2) as infusion_2_on,
    max(infused_on) filter (where number = 3) as infusion_3_on,
    max(infused_on) filter (where number = 4) as infusion_4_on,
    max(record_id) filter (where number = 1) as infusion_1_id,
    max(record_id) filter (where number = 2) as infusion_2_id,
    max(record_id) filter (where number = 3) as infusion_3_id,
    max(record_id) filter (where number = 4) as infusion_4_id,
    count(*) as infusions,
    max(infused_on) as last_infusion_on,
    max(last_id) as last_infusion_id
from numbered
group by definition, patient_id;
