-- Severity of a PCDAI by the bands of a definition: remission, mild, moderate or severe.
create function pcdai_severity(
    score numeric, mild_from numeric, moderate_from numeric, severe_from numeric
) returns text
language sql immutable parallel safe as $$
    select case
        when score >= severe_from then 'severe'
        when score >= moderate_from then 'moderate'
        when score >= mild_from then 'mild'
        when score is not null then 'remission'
    end
$$;
