-- One row per anthropometry record: its Z-scores, of which an entered one wins over a computed one,
-- and where they come from.
-- Source: the Z-scores of the growth references.
-- @height_z_source: where height_z comes from: entered or computed; empty without a Z-score
-- @bmi_z_source: where bmi_z comes from: entered or computed; empty without a Z-score
-- @once: read by the rules of Z-scores
create view anthropometry_z as
-- "with" has each score computed once, however often a reader names it.
with scored as (
    select * from z_score
)
select
    patient_id,
    record_id,
    measured_on,
    height_z,
    case
        when entered_height_z is not null then 'entered'
        when computed_height_z is not null then 'computed'
    end as height_z_source,
    bmi_z,
    case
        when entered_bmi_z is not null then 'entered'
        when computed_bmi_z is not null then 'computed'
    end as bmi_z_source,
    computed_height_z,
    computed_bmi_z
from scored;
