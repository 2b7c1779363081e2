-- Whether two weights of a child lie further apart than growing or losing weight explains: by more
-- than a share of the earlier one, a larger share the longer they are apart. `limits` are the days
-- and the per cent of near ones, those of far ones, and the per cent beyond. Beyond the far ones,
-- and before 24 months, the growth of the WHO's median between the two ages comes on top.
-- Null where there is no second weight.
-- Each is one expression, which the server writes into the query in place of a call a row.
create function weight_share(days integer, limits numeric []) returns numeric
language sql immutable parallel safe
return case
    when days <= limits[1] then limits[2]
    when days <= limits[3] then limits[4]
    else limits[5]
end;

create function weights_disagree(
    earlier_kg numeric,
    earlier_on date,
    earlier_median numeric,
    earlier_age integer,
    later_kg numeric,
    later_on date,
    later_median numeric,
    later_age integer,
    limits numeric []
) returns boolean
language sql immutable parallel safe
return
    later_kg * 100 > earlier_kg * (100 + weight_share(later_on - earlier_on, limits)) * case
        when later_on - earlier_on > limits[3] or earlier_age < 24
            then greatest(1, later_median / earlier_median)
        else 1
    end
    or later_kg * 100 < earlier_kg * (100 - weight_share(later_on - earlier_on, limits));
