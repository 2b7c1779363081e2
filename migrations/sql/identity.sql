-- Who the children are, apart from everything else. Nothing here refers to another schema, so that
-- it can be made in another database as well: a migration runs this file, and the program does where
-- REGISTRY_IDENTITY_URL names one. No CHECK and no unique key is there to be broken by a value, since
-- the server's log would repeat it: the functions look before they write.

create schema identity;
comment on schema identity is 'Who the children are; read by functions that write down who read whom and why';

create table identity.person (
    study_id text not null,
    name text,
    birth_name text,
    contact text,
    identity_number text,
    row_version integer not null default 1,
    constraint pk_person primary key (study_id)
);
comment on table identity.person is 'One row per child whose identity is kept here';

create table identity.hospital_number (
    study_id text not null,
    centre text not null,
    number text not null,
    number_key text not null,
    used_until date,
    row_version integer not null default 1,
    constraint pk_hospital_number primary key (centre, number_key, study_id)
);
comment on table identity.hospital_number is
    'One row per number that a hospital ever gave a child; compared by number_key';
create unique index uq_hospital_number_in_use on identity.hospital_number (centre, number_key)
where used_until is null;
create index ix_hospital_number_study_id on identity.hospital_number (study_id);

create table identity.change (
    change_id bigint generated always as identity,
    made_at timestamptz not null default statement_timestamp(),
    made_by text not null,
    login text not null,
    command text,
    reason text,
    study_id text,
    table_name text not null,
    operation text not null,
    old_values jsonb,
    new_values jsonb,
    constraint pk_change primary key (change_id)
);
comment on table identity.change is 'One row per change of an identity, with its values';
create index ix_change_study_id on identity.change (study_id);

create table identity.access (
    access_id bigint generated always as identity,
    made_at timestamptz not null default statement_timestamp(),
    made_by text not null,
    login text not null,
    command text,
    reason text not null,
    study_ids text[] not null,
    constraint pk_access primary key (access_id)
);
comment on table identity.access is 'One row per reading of identities: who, of which children, why';
create index ix_access_study_ids on identity.access using gin (study_ids);

create table identity.erasure (
    erasure_id bigint generated always as identity,
    made_at timestamptz not null default statement_timestamp(),
    study_id text,
    removed jsonb not null default '{}',
    constraint pk_erasure primary key (erasure_id)
);
comment on table identity.erasure is
    'One row per child whose identity was erased: inserting a study id erases, and does not keep it';

create function identity.told(setting text) returns text language sql stable as $$
    select nullif(btrim(current_setting('registry.' || setting, true)), '')
$$;

create function identity.record_change() returns trigger language plpgsql security definer as $$
begin
    if tg_op <> 'INSERT' and identity.told('reason') is null and pg_trigger_depth() = 1 then
        raise exception using
            errcode = 'restrict_violation',
            message = 'an identity is changed or taken out only with a reason';
    end if;
    if pg_trigger_depth() = 1 then
        insert into identity.change (made_by, login, command, reason, study_id, table_name,
            operation, old_values, new_values)
        values (coalesce(identity.told('user'), session_user), session_user,
            identity.told('command'), identity.told('reason'),
            case when tg_op = 'DELETE' then old.study_id else new.study_id end,
            tg_table_name, lower(tg_op),
            case when tg_op <> 'INSERT' then to_jsonb(old) end,
            case when tg_op <> 'DELETE' then to_jsonb(new) end);
    end if;
    return null;
end
$$;

create function identity.next_row_version() returns trigger language plpgsql as $$
begin
    new.row_version := old.row_version + 1;
    return new;
end
$$;

-- Rows go, or lose what they say of a child, where a child is erased, and nowhere else.
create function identity.refuse_change() returns trigger language plpgsql as $$
begin
    if tg_op <> 'TRUNCATE' and pg_trigger_depth() > 1 then
        return null;
    end if;
    raise exception using
        errcode = 'restrict_violation',
        message = format('rows of %s.%s are only ever added', tg_table_schema, tg_table_name);
end
$$;

create function identity.erase() returns trigger language plpgsql security definer as $$
declare
    child text := new.study_id;
    gone bigint;
begin
    new.removed := '{}';
    new.study_id := null;
    select sum(num_nonnulls(name, birth_name, contact, identity_number)) into gone
    from identity.person where study_id = child;
    new.removed := new.removed || jsonb_build_object('identity.person', gone);
    delete from identity.person where study_id = child;
    delete from identity.hospital_number where study_id = child;
    get diagnostics gone = row_count;
    new.removed := new.removed || jsonb_build_object('identity.hospital_number', gone);
    update identity.change
    set study_id = null, reason = case when reason is not null then 'erased' end,
        old_values = case when old_values is not null then '{}'::jsonb end,
        new_values = case when new_values is not null then '{}'::jsonb end
    where study_id = child;
    get diagnostics gone = row_count;
    new.removed := new.removed || jsonb_build_object('identity.change', gone);
    -- That somebody read stays, without whom.
    update identity.access
    set study_ids = array_remove(study_ids, child),
        reason = case when study_ids = array[child] then 'erased' else reason end
    where study_ids @> array[child];
    get diagnostics gone = row_count;
    new.removed := new.removed || jsonb_build_object('identity.access', gone);
    select coalesce(jsonb_object_agg(key, value), '{}') into new.removed
    from jsonb_each(new.removed) where value::text not in ('0', 'null');
    return new;
end
$$;

create trigger erase before insert on identity.erasure
for each row execute function identity.erase();

-- What reads calls this: no identity is seen without a reason, nor by anybody unseen.
create function identity.seen(ids text[]) returns void language plpgsql security definer as $$
begin
    if identity.told('reason') is null then
        raise exception using
            errcode = 'restrict_violation',
            message = 'an identity is read only with a reason';
    end if;
    insert into identity.access (made_by, login, command, reason, study_ids)
    values (coalesce(identity.told('user'), session_user), session_user,
        identity.told('command'), identity.told('reason'), ids);
end
$$;

-- Whose identity is kept, and nothing of it.
create function identity.kept() returns table (study_id text, has_name boolean, centres text[])
language sql stable security definer as $$
    select study_id, coalesce(p.name is not null, false),
        coalesce(array_agg(distinct n.centre) filter (where n.centre is not null
            and n.used_until is null), '{}')
    from identity.person p full join identity.hospital_number n using (study_id)
    group by study_id, p.name order by study_id
$$;

create function identity.read(ids text[]) returns table (
    study_id text, name text, birth_name text, contact text, identity_number text, numbers jsonb
) language plpgsql security definer as $$
#variable_conflict use_column
begin
    perform identity.seen(array(
        select k.study_id from identity.kept() k where k.study_id = any(ids)));
    return query
    select study_id, p.name, p.birth_name, p.contact, p.identity_number,
        coalesce(jsonb_agg(jsonb_build_object(
            'centre', n.centre, 'number', n.number, 'used_until', n.used_until
        ) order by n.centre, n.used_until nulls first, n.number) filter (where n.number is not null),
            '[]')
    from identity.person p full join identity.hospital_number n using (study_id)
    where study_id = any(ids)
    group by study_id, p.name, p.birth_name, p.contact, p.identity_number
    order by study_id;
end
$$;

-- Whom all that is given fits; a name fits where a part of it does.
create function identity.find(of_centre text, key text, called text, of_state text)
returns setof text language plpgsql security definer as $$
declare
    found text[];
begin
    found := array(
        select distinct study_id
        from identity.person p full join identity.hospital_number n using (study_id)
        where (of_centre is null or n.centre = of_centre)
            and (key is null or n.number_key = key)
            and (called is null or position(lower(called) in lower(p.name)) > 0
                or position(lower(called) in lower(p.birth_name)) > 0)
            and (of_state is null or p.identity_number = of_state)
        order by 1);
    perform identity.seen(found);
    return query select unnest(found);
end
$$;

-- Of many numbers at once whose they are; where a number was ever two children's, nobody's.
create function identity.translate(of_centre text, keys text[])
returns table (number_key text, study_id text, holders bigint)
language plpgsql security definer as $$
#variable_conflict use_column
begin
    perform identity.seen(array(
        select distinct n.study_id from identity.hospital_number n
        where n.centre = of_centre and n.number_key = any(keys)));
    return query
    select n.number_key, case when count(*) = 1 then min(n.study_id) end, count(*)
    from unnest(keys) k (number_key)
    join identity.hospital_number n on n.centre = of_centre and n.number_key = k.number_key
    group by n.number_key;
end
$$;

-- New values of a child: what is not given stays, null empties.
create function identity.put(child text, given jsonb) returns void
language plpgsql security definer as $$
begin
    insert into identity.person (study_id, name, birth_name, contact, identity_number)
    select child, r.name, r.birth_name, r.contact, r.identity_number
    from jsonb_populate_record(null::identity.person, given) r
    on conflict (study_id) do nothing;
    update identity.person p
    set name = r.name, birth_name = r.birth_name, contact = r.contact,
        identity_number = r.identity_number
    from (
        select (jsonb_populate_record(q, given)).* from identity.person q where q.study_id = child
    ) r
    where p.study_id = child and (p.name, p.birth_name, p.contact, p.identity_number)
        is distinct from (r.name, r.birth_name, r.contact, r.identity_number);
end
$$;

-- Numbers of children, as {centre, number, number_key, study_id}; the keys of those that another
-- child has in use, of which none is written.
create function identity.link(given jsonb) returns setof text
language plpgsql security definer as $$
begin
    lock table identity.hospital_number in share row exclusive mode;
    return query
    select g.number_key from jsonb_to_recordset(given)
        as g (centre text, number text, number_key text, study_id text)
    join identity.hospital_number n on n.centre = g.centre and n.number_key = g.number_key
    where n.used_until is null and n.study_id <> g.study_id;
    if not found then
        insert into identity.hospital_number (centre, number, number_key, study_id)
        select g.centre, g.number, g.number_key, g.study_id from jsonb_to_recordset(given)
            as g (centre text, number text, number_key text, study_id text)
        on conflict (centre, number_key, study_id) do update set used_until = null
        where hospital_number.used_until is not null;
    end if;
end
$$;

-- Ends the use of a number from a day on, or takes it out where no day is given; whether it was there.
create function identity.unlink(child text, of_centre text, key text, until date) returns boolean
language plpgsql security definer as $$
begin
    if until is null then
        delete from identity.hospital_number
        where study_id = child and centre = of_centre and number_key = key;
    else
        update identity.hospital_number set used_until = until
        where study_id = child and centre = of_centre and number_key = key;
    end if;
    return found;
end
$$;

-- Takes the whole of an identity out; whether there was one. Its audit keeps it.
create function identity.void(child text) returns boolean
language plpgsql security definer as $$
declare
    gone bigint;
    more bigint;
begin
    delete from identity.hospital_number where study_id = child;
    get diagnostics gone = row_count;
    delete from identity.person where study_id = child;
    get diagnostics more = row_count;
    return gone + more > 0;
end
$$;

-- Who read whom and who changed what, of a child or of all; itself a reading.
create function identity.audited(child text) returns table (
    made_at timestamptz, made_by text, login text, command text, reason text, study_ids text[],
    what text, old_values jsonb, new_values jsonb
) language plpgsql security definer as $$
#variable_conflict use_column
begin
    perform identity.seen(case when child is null then '{}' else array[child] end);
    return query
    select a.made_at, a.made_by, a.login, a.command, a.reason, a.study_ids, 'read', null::jsonb,
        null::jsonb
    from identity.access a where child is null or a.study_ids @> array[child]
    union all
    select c.made_at, c.made_by, c.login, c.command, c.reason, array_remove(array[c.study_id], null),
        c.operation || ' ' || c.table_name, c.old_values, c.new_values
    from identity.change c where child is null or c.study_id = child
    order by 1;
end
$$;

do $$
declare
    place text;
    made regprocedure;
begin
    foreach place in array array['person', 'hospital_number'] loop
        execute format('create trigger next_row_version before update on identity.%I'
            ' for each row execute function identity.next_row_version()', place);
        execute format('create trigger record_change after insert or update or delete'
            ' on identity.%I for each row execute function identity.record_change()', place);
        execute format('create trigger refuse_truncation before truncate on identity.%I'
            ' for each statement execute function identity.refuse_change()', place);
    end loop;
    foreach place in array array['change', 'access', 'erasure'] loop
        execute format('create trigger append_only before update or delete or truncate'
            ' on identity.%I for each statement execute function identity.refuse_change()', place);
    end loop;
    for made in
        select p.oid::regprocedure from pg_proc p where p.pronamespace = 'identity'::regnamespace
    loop
        execute format('alter function %s set search_path = pg_catalog, pg_temp', made);
        execute format('revoke all on function %s from public', made);
    end loop;
end
$$;
