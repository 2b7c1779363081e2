-- Whether one of two values is more than so many times the other; null where one is missing.
create function far_apart(one numeric, other numeric, fold numeric) returns boolean
language sql immutable parallel safe as $$ select one > other * fold or other > one * fold $$;
