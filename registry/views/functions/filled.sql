-- The words with each {name} replaced by the fact of that name; a fact without a value by nothing.
create function filled(words text, facts jsonb) returns text
language plpgsql immutable parallel safe as $$
declare
    fact record;
begin
    for fact in select key, value from jsonb_each_text(facts) loop
        words := replace(words, '{' || fact.key || '}', coalesce(fact.value, ''));
    end loop;
    return words;
end
$$;
