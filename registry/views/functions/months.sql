-- Days as months of 30.4375 days (a year of 365.25 days in twelve), exact.
create function months(days numeric) returns numeric
language sql immutable parallel safe as $$ select days / 30.4375 $$;
