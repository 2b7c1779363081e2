-- The day a date stands for: itself when known to the day, else the middle of its month or year,
-- never before the birth or after t0.
create function date_in_period(first_day date, known_to text, birth_date date, start_on date)
returns date
language sql immutable parallel safe as $$
    select case known_to
        when 'day' then first_day
        when 'month' then least(greatest(first_day + 14, birth_date), start_on)
        when 'year' then
            least(greatest((first_day + interval '6 months')::date, birth_date), start_on)
    end
$$;
