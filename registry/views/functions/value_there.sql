-- A value of a record as it stands now, as text; without one empty text, without the record null. A
-- number is without the zeros that it may end with, behind its operator; a date is with what is known
-- of it.
create function value_there(
    from_table text,
    patient_id bigint,
    record_id bigint,
    column_name text
) returns text
language plpgsql stable as $$
declare
    there jsonb;
    found jsonb;
begin
    execute format(
        'select to_jsonb(t) from clinical.%I t where t.patient_id = $1'
        ' and (to_jsonb(t) ->> ''record_id'')::bigint is not distinct from $2', from_table
    ) into there using patient_id, record_id;
    found := there -> column_name;
    if jsonb_typeof(found) = 'null' then
        return '';
    end if;
    return coalesce(there ->> (column_name || '_comparator'), '')
        || case jsonb_typeof(found)
            when 'number' then trim_scale((found #>> '{}')::numeric)::text
            else found #>> '{}'
        end
        || coalesce(' ' || nullif(there ->> (column_name || '_precision'), 'day'), '');
end
$$;
