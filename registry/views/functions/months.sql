-- What a month is, here and in `variables.DAYS_PER_MONTH`: a twelfth of a year of 365.25 days, exact
-- in binary. Days as months; and days from one date to another, as coarse as the less known of them:
-- of a date known to the month or year the day that stands for it is no secret, so the days to it
-- would give the other date away.
create function days_per_month() returns numeric
language sql immutable parallel safe as $$ select 30.4375 $$;

create function months(days numeric) returns numeric
language sql immutable parallel safe return days / days_per_month();

create function blurred(days integer, known_to text) returns integer
language sql immutable parallel safe return case coalesce(known_to, 'day')
    when 'day' then days
    when 'month' then (round(days / days_per_month()) * days_per_month())::integer
    else (round(days / (12 * days_per_month())) * 12 * days_per_month())::integer
end;
