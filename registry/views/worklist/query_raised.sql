-- One row per query that a person raised about a value which still stands as it was; whoever closes
-- the query sets the item aside.
-- Source: the steps of queries.
-- @rule query_raised: Somebody asked about {column} of {table}; the last word is of {on}.
-- @do: Mend the value, or answer and close the query: registry query show {query}
-- @from: this registry's choice
-- @place: 109
-- @after_end: yes
create view query_raised as
select
    q.patient_id,
    'query_raised'::text as rule,
    null::date as record_on,
    concat_ws(':', q.from_table, q.record_id, q.column_name) as about,
    null::date as due_on,
    q.from_table,
    q.record_id as from_record_id,
    jsonb_build_object(
        'column', q.column_name,
        'table', q.from_table,
        'on', c.made_at::date,
        'query', q.query
    ) as facts
from last_step q
join change_set c using (change_id)
where q.rule is null and not q.mended;
