-- The words with each {name} replaced by the fact of that name; a fact without a value by nothing.
-- A fact of 1 has its noun in the singular.
create function filled(words text, facts jsonb) returns text
language plpgsql immutable parallel safe as $$
declare
    fact record;
begin
    for fact in select key, value from jsonb_each_text(facts) loop
        if fact.value = '1' then
            words := replace(words, '{' || fact.key || '} records are', '1 record is');
            words := regexp_replace(words, '\{' || fact.key || '\} (day|level|year)s\M', '1 \1', 'g');
        end if;
        words := replace(words, '{' || fact.key || '}', coalesce(fact.value, ''));
    end loop;
    return words;
end
$$;
