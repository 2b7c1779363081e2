-- One row per definition and patient who started infliximab: when and why the observation ends.
-- It ends at the first of the recorded end, the tail after the last infusion, and the data cut;
-- on the same day the recorded end beats the tail and the tail beats the cut.
-- Source: the study's methods; the tail is this registry's choice.
-- @end_reason: why the observation ends there
-- @end_table: table of the record that ends the observation; empty for the data cut
-- @end_record_id: number of that record
create view observation as
with candidate as (
    select
        c.*,
        f.ended_on,
        f.reason as ended_reason,
        f.record_id as ended_id,
        c.last_infusion_on + d.exposure_tail_days as tail_on,
        d.data_cut
    from course c
    join definition d on d.name = c.definition
    left join follow_up_end f on f.patient_id = c.patient_id and f.ended_on <= d.data_cut
),
ended as (
    -- least() passes over nulls: no recorded end, no tail.
    select *, least(ended_on, tail_on, data_cut) as end_on
    from candidate
)
select
    definition,
    patient_id,
    start_on,
    infusion_1_id,
    infusion_2_on,
    infusion_2_id,
    infusion_3_on,
    infusion_3_id,
    infusion_4_on,
    infusion_4_id,
    infusions,
    end_on,
    case end_on
        when ended_on then ended_reason
        when tail_on then 'exposure_ended'
        else 'data_cut'
    end as end_reason,
    case end_on when ended_on then 'follow_up_end' when tail_on then 'infusion' end as end_table,
    case end_on when ended_on then ended_id when tail_on then last_infusion_id end
        as end_record_id
from ended;
