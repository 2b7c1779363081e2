-- Whether the value that a step of a query is about is no longer what it was. With the rights of who made
-- it, so that who may read queries and no records is told this much; but not over one's own centres.
create function was_mended(step_id bigint) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select rules.value_there(q.from_table, q.patient_id, q.record_id, q.column_name)
        is distinct from coalesce(q.value, '')
    from reference.query_step q
    where q.step_id = was_mended.step_id
$$;
