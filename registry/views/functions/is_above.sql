-- Whether a measured value lies above a limit: a censored value only when its own limit proves it,
-- null when it does not.
create function is_above(value numeric, comparator text, cut numeric) returns boolean
language sql immutable parallel safe as $$
    select case comparator
        when '>' then case when value >= cut then true end
        when '<' then case when value <= cut then false end
        else value > cut
    end
$$;
