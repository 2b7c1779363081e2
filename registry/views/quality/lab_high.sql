-- One row per laboratory value of an analyte that has a usual range; failed when it lies above the
-- range and no slip explains it.
-- @says: {analyte} of {value} {unit} is above the usual {low} to {high} {own_unit}.
-- @do: Correct the value, or confirm it.
-- @category: plausibleValueHigh
-- @from: usual ranges are this registry's choice
create view lab_high as
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
    outside is not distinct from 'high' and likely_value is null as failed,
    facts
from lab_against_usual;
