-- The window around a loss of response, this registry's choice: a drug level drawn at most so many
-- days before or after the loss can tell its mechanism.
create function mechanism_days_before() returns integer
language sql immutable parallel safe as $$ select 56 $$;

create function mechanism_days_after() returns integer
language sql immutable parallel safe as $$ select 28 $$;
