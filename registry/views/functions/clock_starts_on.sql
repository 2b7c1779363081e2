-- The day on which the clock of a definition starts: t0, or the day of the week-14 PCDAI.
create function clock_starts_on(time_zero text, start_on date, week14_on date) returns date
language sql immutable parallel safe as $$
    select case time_zero when 'week14_visit' then week14_on else start_on end
$$;
