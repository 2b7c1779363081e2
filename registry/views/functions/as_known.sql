-- A date as far as it is known, to the day, the month or the year: 2021-03-05, 2021-03 or 2021.
create function as_known(day date, known_to text) returns text
language sql immutable parallel safe as $$
    select left(day::text, case known_to when 'year' then 4 when 'month' then 7 else 10 end)
$$;
