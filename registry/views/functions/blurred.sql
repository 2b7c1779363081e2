-- Days from one date to another, as coarse as the less known of them: of a date known to the month or
-- year the day that stands for it is no secret, so the days to it would give the other date away.
create function blurred(days integer, known_to text) returns integer
language sql immutable parallel safe as $$
    select case coalesce(known_to, 'day')
        when 'day' then days
        when 'month' then round(round(days / 30.4375) * 30.4375)::integer
        else round(round(days / 365.25) * 365.25)::integer
    end
$$;
