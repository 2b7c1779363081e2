-- A study id without what people write in several ways: case, hyphens and the like, leading zeros.
create function plain_id(study_id text) returns text
language sql immutable parallel safe as $$
    select regexp_replace(
        regexp_replace(lower(study_id), '[^[:alnum:]]', '', 'g'), '(^|[^0-9])0+(?=[0-9])', '\1', 'g'
    )
$$;
