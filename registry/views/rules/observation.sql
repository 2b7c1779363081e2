-- One row per definition and patient who started infliximab: when and why the observation ends.
-- It ends at the first of the recorded end, the tail after the last infusion, and the data cut;
-- on the same day the recorded end beats the tail and the tail beats the cut.
-- Source: the study's methods; the tail is this registry's choice.
-- @methods loss: Observation ends with the stop of infliximab, transfer to adult care, loss to
-- follow-up or death, whichever comes first.
-- @methods loss if exposure_tail_days: It ends at the latest {exposure_tail_days:day|days} after the
-- last infusion.
-- @methods loss if data_cut: The data cut is {data_cut}: observation ends there at the latest, and
-- nothing dated later is seen.
-- @methods loss unless data_cut: There is no data cut: observation ends at the latest on {cut_on}, the
-- day up to which the rules see.
-- @parameters: exposure_tail_days, data_cut
-- @rule end_of_observation: End of observation
-- @found: {end_on}: {ending}
-- @limit: first of recorded end{tail} and data cut {cut}
-- @record: {end_table} end_record_on
-- @part tail if exposure_tail_days: ", {exposure_tail_days:day|days} after the last infusion"
-- @part ending if recorded_end: {recorded_end}
-- @part ending if end_reason=exposure_ended: no infusion for longer than the tail of exposure
-- @part ending if data_cut: the data cut
-- @part ending: nothing has ended it, and the derivation was of that day
-- @part censoring: censored at the first of stop of infliximab, transfer to adult care, loss to
-- follow-up, death{after_last}, {end_of_data}
-- @part competing: censored at the first of loss to follow-up{after_last}, {end_of_data}; stop of
-- infliximab, transfer to adult care and death are events that compete with the loss and censor nothing
-- @part after_last if exposure_tail_days: ", {exposure_tail_days} days after the last infusion"
-- @part end_of_data if data_cut: the data cut on {data_cut}
-- @part end_of_data: the day of the derivation, {cut_on}
-- @value recorded_end: case when end_table = 'follow_up_end' then end_reason end
-- @end_reason: why the observation ends there
-- @end_table: table of the record that ends the observation; empty for the data cut
-- @end_record_id: number of that record
-- @end_record_on: day of that record: of the recorded end, or of the last infusion
create view observation as
select
    c.*,
    e.end_on,
    case e.end_on
        when f.ended_on then f.reason
        when t.tail_on then 'exposure_ended'
        else 'data_cut'
    end as end_reason,
    case e.end_on when f.ended_on then 'follow_up_end' when t.tail_on then 'infusion' end
        as end_table,
    case e.end_on when f.ended_on then f.record_id when t.tail_on then c.last_infusion_id end
        as end_record_id,
    case e.end_on when f.ended_on then f.ended_on when t.tail_on then c.last_infusion_on end
        as end_record_on
from course c
join definition d on d.name = c.definition
left join follow_up_end f on f.patient_id = c.patient_id and f.ended_on <= d.cut_on
cross join lateral (select c.last_infusion_on + d.exposure_tail_days as tail_on) t
-- least() passes over nulls: no recorded end, no tail.
-- "offset 0" makes one value of the end, for all that the rules after it hold to it.
cross join lateral (select least(f.ended_on, t.tail_on, d.cut_on) as end_on offset 0) e;
