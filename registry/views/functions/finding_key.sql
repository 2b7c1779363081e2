-- The name of a finding, which stays the same for as long as what was found does: the values that the
-- rule's sentence tells.
create function finding_key(
    rule text,
    study_id text,
    from_table text,
    record_id bigint,
    column_name text,
    facts jsonb
) returns text
language sql immutable parallel safe as $$
    select concat_ws(
        ':', study_id, rule, from_table, record_id, column_name, left(md5(coalesce(facts::text, '')), 8)
    )
$$;
