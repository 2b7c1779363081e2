-- What is known of the least known of several dates: day, month, year or unknown; null for none.
create function coarsest(known_to text[]) returns text
language sql immutable parallel safe as $$
    select case
        when 'unknown' = any(known_to) then 'unknown'
        when 'year' = any(known_to) then 'year'
        when 'month' = any(known_to) then 'month'
        when 'day' = any(known_to) then 'day'
    end
$$;
