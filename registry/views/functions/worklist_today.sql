-- The day on which the worklist is judged: that of the session's setting registry.today, or else
-- the day of today.
create function worklist_today() returns date
language sql stable parallel safe as $$
    select coalesce(nullif(current_setting('registry.today', true), '')::date, current_date)
$$;
