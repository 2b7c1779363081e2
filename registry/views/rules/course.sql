-- One row per definition and patient who started infliximab: t0 and the infusions of induction.
-- What is dated after the data cut is not seen.
-- Source: the study's methods; weeks 0, 2, 6 and 14 are the four infusions of induction.
-- @rule no_infliximab: Started infliximab
-- @found unless start_on: no infusion up to the data cut
-- @found: first infusion on {start_on} (t0)
-- @limit: data cut {cut}
-- @record if start_on: infusion start_on
-- @excluded: No infliximab
-- @part cut if data_cut: {data_cut}
-- @part cut: none, seen up to {cut_on}
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
-- @once of_one: read by the rules of a loss and the window of week 14
create view course as
select
    d.name as definition,
    i.patient_id,
    i.days[1] as start_on,
    i.days[2] as infusion_2_on,
    i.days[3] as infusion_3_on,
    i.days[4] as infusion_4_on,
    i.records[1] as infusion_1_id,
    i.records[2] as infusion_2_id,
    i.records[3] as infusion_3_id,
    i.records[4] as infusion_4_id,
    i.infusions,
    i.days[i.infusions] as last_infusion_on,
    i.records[i.infusions] as last_infusion_id
from definition d
cross join lateral (
    select
        patient_id,
        count(*) as infusions,
        array_agg(infused_on order by infused_on) as days,
        array_agg(record_id order by infused_on) as records
    from infusion
    where infused_on <= d.cut_on
    group by patient_id
) i;
