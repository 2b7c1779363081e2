-- A child who leaves: every value goes, that there were rows stays, and the seals still hold.

-- From which registry something is: its first change set, whichever server it has moved to since.
create function audit.registry_mark() returns text language sql stable as $$
    select encode(sha256(convert_to(jsonb_build_array(c.change_id, extract(epoch from c.made_at),
        c.transaction_id, c.server)::text, 'UTF8')), 'hex')
    from reference.change_set c order by c.change_id limit 1
$$;

create function audit.id_hash(salt bytea, study_id text) returns bytea language sql stable as $$
    select sha256(salt || convert_to(study_id, 'UTF8'))
$$;

-- What is only ever added is taken out by the database's own triggers alone, where a child leaves.
create or replace function derived.refuse_change() returns trigger language plpgsql as $$
begin
    if pg_trigger_depth() > 1 and tg_op <> 'TRUNCATE' then
        return null;
    end if;
    raise exception using
        errcode = 'restrict_violation',
        message = format('rows of %s.%s are only ever added', tg_table_schema, tg_table_name);
end
$$;

-- Of a row of the audit its values may go, and nothing else.
create function audit.refuse_but_emptying() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and pg_trigger_depth() > 1
        and to_jsonb(new) - array['old_values', 'new_values']
            = to_jsonb(old) - array['old_values', 'new_values']
        and coalesce(new.old_values, '{}') = '{}' and coalesce(new.new_values, '{}') = '{}'
    then
        return new;
    end if;
    raise exception using
        errcode = 'restrict_violation',
        message = format('rows of %s.%s are only ever added', tg_table_schema, tg_table_name);
end
$$;

create trigger only_emptied before update or delete on audit.record_change
for each row execute function audit.refuse_but_emptying();

create or replace function reference.complete_change_set() returns trigger language plpgsql as $$
begin
    if pg_trigger_depth() > 1
        and to_jsonb(new) - array['reason', 'summary'] = to_jsonb(old) - array['reason', 'summary']
        and coalesce(new.reason, 'erased') = 'erased' and coalesce(new.summary, 'erased') = 'erased'
    then
        return new;
    end if;
    if old.summary is not null
        or old.transaction_id is distinct from pg_current_xact_id()::text::bigint
        or to_jsonb(new) - 'summary' <> to_jsonb(old) - 'summary'
    then
        raise exception using
            errcode = 'restrict_violation',
            message = 'rows of reference.change_set are only ever added';
    end if;
    return new;
end
$$;

-- An erased child does not come back with the next file: the id is known by its hash.
create function reference.refuse_erased() returns trigger language plpgsql security definer as $$
declare
    found text;
begin
    select n.study_id into found from new_rows n
    join audit.erasure e on e.id_hash = audit.id_hash(e.id_salt, n.study_id) limit 1;
    if found is not null then
        raise exception using
            errcode = 'check_violation',
            message = format('the patient %s was erased', found),
            schema = 'reference', table = 'patient_number', column = 'study_id',
            constraint = 'patient_not_erased';
    end if;
    return null;
end
$$;

create trigger refuse_erased_insert after insert on reference.patient_number
referencing new table as new_rows for each statement execute function reference.refuse_erased();
create trigger refuse_erased_update after update on reference.patient_number
referencing new table as new_rows for each statement execute function reference.refuse_erased();

-- A child who left is in no state of any day.
create or replace function audit.replay(of_table text, until_commit bigint default null)
returns table (patient_id bigint, record_id bigint, audit_id bigint, row_values jsonb)
language sql stable as $$
    select l.patient_id, l.record_id, l.audit_id, l.new_values
    from (
        select distinct on (c.patient_id, c.record_id) c.*
        from audit.record_change c
        where c.table_name = of_table
            and (until_commit is null or c.change_id in (
                select m.change_id from audit.committed_change m
                where m.commit_number <= until_commit
            ))
        order by c.patient_id, c.record_id, c.audit_id desc
    ) l
    where l.operation <> 'delete' and l.new_values <> '{}'
$$;

-- Everything with a child's number in it, wherever it stands: a freeze's tables too. Those that others
-- refer to come last.
create function audit.tables_of_patients()
returns table (schema_name text, table_name text, is_frozen boolean, place integer)
language sql stable as $$
    select n.nspname::text, c.relname::text,
        n.nspname not in ('clinical', 'derived', 'reference'),
        case when c.relname = 'patient_number' then 3 when c.relname = 'patient' then 2
            else 1 end
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attname = 'patient_id' and not a.attisdropped
    where c.relkind in ('r', 'p') and not c.relispartition and c.relpersistence <> 't'
        and a.atttypid in ('bigint'::regtype, 'integer'::regtype)
        and (n.nspname in ('clinical', 'derived', 'reference') or n.nspname ~ '^(freeze|frozen)_')
$$;

-- Of a document what names one of the ids: an item of a list, or a text, is taken out.
create function audit.without_ids(document jsonb, ids text[]) returns jsonb
language plpgsql immutable as $$
begin
    case jsonb_typeof(document)
        when 'array' then
            return (
                select coalesce(jsonb_agg(audit.without_ids(i.item, ids) order by i.place), '[]')
                from jsonb_array_elements(document) with ordinality as i (item, place)
                where not coalesce(i.item ->> 'patient_id' = any(ids), false)
            );
        when 'object' then
            return (
                select coalesce(jsonb_object_agg(p.key, audit.without_ids(p.value, ids)), '{}')
                from jsonb_each(document) p
            );
        when 'string' then
            return case when audit.names_one(document #>> '{}', ids) then to_jsonb('erased'::text)
                else document end;
        else
            return document;
    end case;
end
$$;

create function audit.names_one(words text, ids text[]) returns boolean language sql immutable as $$
    select coalesce(words ~* ('\m(' || array_to_string(ids, '|') || ')\M'), false)
$$;

create function audit.count_values(row_values jsonb) returns bigint language sql immutable as $$
    select count(*) from jsonb_each(jsonb_strip_nulls(
        row_values
            - array['patient_id', 'record_id', 'row_version', 'mark_id', 'marked_at'])) v
$$;

-- Whatever is inserted here is carried out: the child's number says who; salt and hash of the id are
-- those of a list, where one has them.
create function audit.erase_patient() returns trigger
language plpgsql security definer as $$
declare
    child bigint := new.patient_id;
    ids text[];
    place record;
    gone bigint;
    frozen text;
    of_freezes text[] := '{}';
begin
    -- This change is not among what is sealed before it.
    set constraints all deferred;
    new.change_id := audit.current_change(true);
    perform from clinical.patient where patient_id = child for update;
    perform from reference.patient_number where patient_id = child for update;
    select array_agg(distinct v.id) into ids
    from audit.record_change r
    cross join lateral (values (r.old_values ->> 'study_id'), (r.new_values ->> 'study_id')) v (id)
    where r.patient_id = child and r.table_name = 'patient_number' and v.id is not null;
    if ids is null then
        raise exception using errcode = 'no_data_found', message = 'there is no such patient';
    end if;
    if exists (select from reference.change_set c where c.change_id = new.change_id
        and audit.names_one(c.reason, ids)) then
        raise exception using
            errcode = 'check_violation',
            message = 'the reason stays, so it must not name the patient',
            constraint = 'reason_without_patient';
    end if;
    insert into audit.seal default values;
    select max(seal_number) into new.sealed_before from audit.seal;
    new.id_salt := coalesce(
        new.id_salt, uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
    new.id_hash := coalesce(new.id_hash, audit.id_hash(new.id_salt, coalesce(
        (select study_id from reference.patient_number where patient_id = child),
        (select coalesce(new_values, old_values) ->> 'study_id' from audit.record_change
            where patient_id = child and table_name = 'patient_number'
            order by audit_id desc limit 1))));

    -- Words of changes that are this child's alone, or that name the child.
    new.changes := array(
        select c.change_id from reference.change_set c
        where c.change_id <> new.change_id and coalesce(c.reason, c.summary) is not null
            and c.command <> 'db upgrade'
            and (audit.names_one(c.reason, ids) or audit.names_one(c.summary, ids)
                or exists (select from audit.record_change r
                    where r.change_id = c.change_id and r.patient_id = child)
                and not exists (select from audit.record_change r
                    where r.change_id = c.change_id and r.patient_id <> child)
                and not exists (select from audit.reference_change r
                    where r.change_id = c.change_id))
        order by c.change_id
    );
    update audit.sealed_row k set commitment = l.commitment
    from audit.leaves(0, (select max(last_commit) from audit.seal)) l
    where l.patient_id = child and l.source = 'record_change'
        and k.source = l.source and k.row_number = l.row_number;
    update audit.sealed_row k set commitment = l.commitment
    from audit.leaves(0, (select max(last_commit) from audit.seal)) l
    where l.source = 'change_set' and l.row_number = any(new.changes)
        and k.source = l.source and k.row_number = l.row_number;

    new.removed := '{}';
    for place in select * from audit.tables_of_patients() t order by t.place, 1, 2 loop
        execute format(
            'select coalesce(sum(audit.count_values(to_jsonb(t))), 0) from %I.%I t'
            ' where patient_id = $1', place.schema_name, place.table_name
        ) into gone using child;
        if place.is_frozen then
            execute format('alter table %I.%I disable trigger user',
                place.schema_name, place.table_name);
        end if;
        execute format('delete from %I.%I where patient_id = $1',
            place.schema_name, place.table_name) using child;
        if place.is_frozen then
            execute format('alter table %I.%I enable trigger user',
                place.schema_name, place.table_name);
            if gone > 0 then
                of_freezes := of_freezes || place.schema_name;
            end if;
        end if;
        if gone > 0 then
            new.removed := new.removed
                || jsonb_build_object(place.schema_name || '.' || place.table_name, gone);
        end if;
    end loop;

    select sum(audit.count_values(coalesce(old_values, '{}'))
            + audit.count_values(coalesce(new_values, '{}'))), count(*)
    into gone, new.audit_rows
    from audit.record_change where patient_id = child;
    new.removed := new.removed || jsonb_build_object('audit.record_change', gone);
    update audit.record_change
    set old_values = case when old_values is not null then '{}'::jsonb end,
        new_values = case when new_values is not null then '{}'::jsonb end
    where patient_id = child;

    update reference.change_set
    set reason = case when reason is not null then 'erased' end,
        summary = case when summary is not null then 'erased' end
    where change_id = any(new.changes);
    for frozen in
        select format('%I.%I', n.nspname, c.relname) from pg_class c
        join pg_namespace n on n.oid = c.relnamespace
        where c.relname = 'change_set' and c.relkind = 'r' and n.nspname ~ '^(freeze|frozen)_'
    loop
        execute format('alter table %s disable trigger user', frozen);
        execute format('update %s set reason = case when reason is not null then ''erased'' end,'
            ' summary = case when summary is not null then ''erased'' end'
            ' where change_id = any($1)', frozen) using new.changes;
        execute format('alter table %s enable trigger user', frozen);
    end loop;
    -- A freeze says that it is no longer what its hash was made of; its table came later.
    if cardinality(of_freezes) > 0 then
        execute 'update reference.data_freeze set note = concat_ws(''; '', note, $1) where exists ('
            'select from unnest($2) as s (name)'
            ' where s.name ~ (''^(freeze|frozen_[a-z]+)_'' || data_freeze.name || ''$''))'
            using format('a child was erased on %s', current_date), of_freezes;
    end if;
    if cardinality(new.changes) > 0 then
        new.removed := new.removed
            || jsonb_build_object('reference.change_set', cardinality(new.changes));
    end if;

    -- A report that named the child waits to be written anew.
    with anew as (
        select night_id, audit.without_ids(report, ids) as report,
            audit.without_ids(steps, ids) as steps,
            array(select k from unnest(worklist_keys) k where not audit.names_one(k, ids)) as keys
        from derived.scheduled_run
    )
    update derived.scheduled_run s
    set report = a.report, steps = a.steps,
        worklist_keys = case when s.worklist_keys is not null then a.keys end,
        report_file = case when a.report is distinct from s.report then null
            else s.report_file end
    from anew a
    where a.night_id = s.night_id and (a.report, a.steps, a.keys)
        is distinct from (s.report, s.steps, coalesce(s.worklist_keys, '{}'));
    get diagnostics gone = row_count;
    if gone > 0 then
        new.removed := new.removed || jsonb_build_object('derived.scheduled_run', gone);
    end if;

    -- Nothing is left to derive.
    delete from derived.changed_patient where patient_id = child;
    delete from audit.secret where holder = 'patient' and number = child
        or holder = 'change' and number = any(new.changes);
    select sum(value::bigint) into new.values_removed from jsonb_each_text(new.removed);
    return new;
end
$$;

create trigger erase_patient before insert on audit.erasure
for each row execute function audit.erase_patient();
