-- What is known of the least known of several dates: day, month, year or unknown; null for none.
create function coarsest(known_to text[]) returns text
language sql immutable parallel safe as $$
    select p.known
    from unnest(array['unknown', 'year', 'month', 'day']) with ordinality as p (known, place)
    where p.known = any(known_to)
    order by p.place
    limit 1
$$;
