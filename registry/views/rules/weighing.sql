-- One row per weight of a child, measured or taken at an infusion.
-- Source: anthropometry and infusions.
-- @place: table of the record: anthropometry or infusion
-- @weighed_on: day of the weight
create view weighing as
select patient_id, record_id, 'anthropometry' as place, measured_on as weighed_on, weight_kg
from anthropometry
where weight_kg is not null
union all
select patient_id, record_id, 'infusion', infused_on, weight_kg
from infusion;
