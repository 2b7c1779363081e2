-- The day that the registry takes for today: that of the session's setting registry.today, or else
-- the day as the database sees it.
create function today() returns date
language sql stable parallel safe as $$
    select coalesce(nullif(current_setting('registry.today', true), '')::date, current_date)
$$;
