-- One row per laboratory value of an analyte that has a usual range; failed when it lies outside
-- the range and another unit of the analyte would bring it inside.
-- @says: {analyte} of {value} {unit} is outside the usual {low} to {high} {own_unit}; in
-- {likely_unit} it would be usual ({likely} {own_unit}). Is the unit right?
-- @do: Correct the unit or the value.
-- @category: plausibleUnitConceptIds
-- @from: usual ranges are this registry's choice
create view lab_unit as
select
    patient_id,
    'lab_result' as from_table,
    record_id,
    collected_on as record_on,
    analyte as about,
    'unit' as column_name,
    unit as value,
    null::text as with_table,
    null::bigint as with_record_id,
    outside is not null and likely_unit is not null as failed,
    facts
from lab_against_usual;
