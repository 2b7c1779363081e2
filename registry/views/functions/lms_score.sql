-- The LMS method: Z-score of a value by the power (l), median (m) and variation (s) of its age, the
-- value of a Z-score, and WHO's restricted score of weight and BMI, for which the distance from 2
-- to 3 SD is the unit beyond 3 SD.
-- Source: WHO Child Growth Standards 2006, WHO Growth Reference 2007.
create function lms_score(
    value double precision, l double precision, m double precision, s double precision
) returns double precision
language sql immutable parallel safe as $$
    select case when l = 0 then ln(value / m) / s else (power(value / m, l) - 1) / (l * s) end
$$;

create function lms_value(
    score double precision, l double precision, m double precision, s double precision
) returns double precision
language sql immutable parallel safe as $$
    select case when l = 0 then m * exp(score * s) else m * power(1 + score * l * s, 1 / l) end
$$;

-- Written with "return", so that the functions it calls are found wherever it is called from.
create function restricted_score(
    value double precision, l double precision, m double precision, s double precision
) returns double precision
language sql immutable parallel safe
return case
    when lms_score(value, l, m, s) > 3 then
        3 + (value - lms_value(3, l, m, s)) / (lms_value(3, l, m, s) - lms_value(2, l, m, s))
    when lms_score(value, l, m, s) < -3 then
        -3 + (value - lms_value(-3, l, m, s)) / (lms_value(-2, l, m, s) - lms_value(-3, l, m, s))
    else lms_score(value, l, m, s)
end;
