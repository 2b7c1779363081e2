-- One row per weight, measured or taken at an infusion; failed when it is not plausible at the
-- child's age.
-- @says: A weight of {weight} kg on {on} is implausible for a child born on {born_on}: the median
-- of that age is {median} kg.
-- @do: Correct the weight, its date or the birth.
-- @category: plausibleValue
-- @from: WHO Anthro and AnthroPlus: flags of implausible Z-scores; past ten years, where there is
-- none, this registry's choice
create view weight_for_age as
select
    patient_id,
    place as from_table,
    record_id,
    weighed_on as record_on,
    null::text as about,
    'weight_kg' as column_name,
    trim_scale(weight_kg)::text as value,
    null::text as with_table,
    null::bigint as with_record_id,
    off_age as failed,
    jsonb_build_object(
        'weight',
        trim_scale(weight_kg),
        'on',
        weighed_on,
        'born_on',
        born_on,
        'median',
        trim_scale(round(median_kg, 1))
    ) as facts
from weight_at_age;
