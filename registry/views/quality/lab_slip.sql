-- One row per laboratory value of an analyte that has a usual range; failed when it lies outside
-- the range and a decimal point or a prefix of the unit explains it.
-- @says: {analyte} of {value} {unit} is outside the usual {low} to {high} {own_unit}; {likely}
-- {own_unit} would be usual. Is the decimal point right, or the unit?
-- @do: Correct the value.
-- @category: plausibleValue
-- @from: usual ranges are this registry's choice
create view lab_slip as
select
    patient_id,
    'lab_result' as from_table,
    record_id,
    collected_on as record_on,
    analyte as about,
    'value' as column_name,
    as_entered as value,
    null::text as with_table,
    null::bigint as with_record_id,
    outside is not null and likely_unit is null and likely_value is not null as failed,
    facts
from lab_against_usual;
