-- What the database itself knows of a change, and the audit of what gives results their meaning.

alter table reference.change_set
    alter column change_id set generated always,
    alter column made_at set default clock_timestamp(),
    add column transaction_id bigint,
    add column server bigint,
    add column database_role text,
    add column program_version text;

-- Audit rows are made by the change set's own transaction, and neither is ever taken away.
alter table audit.record_change
    drop constraint fk_record_change_change_id,
    alter column audit_id set generated always;

create table audit.committed_change (
    commit_number bigint generated always as identity not null,
    change_id bigint not null,
    committed_at timestamp with time zone not null,
    constraint pk_committed_change primary key (commit_number),
    constraint uq_committed_change_change_id unique (change_id)
);

create table audit.reference_change (
    audit_id bigint generated always as identity not null,
    change_id bigint not null,
    table_name text not null,
    key jsonb not null,
    operation text not null,
    old_values jsonb,
    new_values jsonb,
    constraint pk_reference_change primary key (audit_id),
    constraint ck_reference_change_operation check (
        operation = 'insert' and old_values is null and new_values is not null
        or operation = 'update' and old_values is not null and new_values is not null
        or operation = 'delete' and old_values is not null and new_values is null
    )
);

create index ix_reference_change_table_name_key on audit.reference_change (table_name, key);

-- What nobody writes: the moment, the transaction, the server, the login.
create function audit.stamp_change_set() returns trigger language plpgsql as $$
begin
    new.made_at := clock_timestamp();
    new.transaction_id := pg_current_xact_id()::text::bigint;
    new.server := (pg_control_system()).system_identifier;
    new.database_role := session_user;
    return new;
end
$$;

create trigger stamp before insert on reference.change_set
for each row execute function audit.stamp_change_set();

-- A transaction has one change set: the program's, or the first statement makes one. The setting
-- is a note that anybody can write, so it counts for a change set of this very transaction only.
create or replace function audit.current_change(needs_reason boolean) returns bigint
language plpgsql security definer as $$
declare
    current bigint;
    why text;
begin
    select c.change_id, nullif(btrim(c.reason), '') into current, why
    from reference.change_set c
    where c.change_id = nullif(current_setting('registry.change', true), '')::bigint
        and c.transaction_id = pg_current_xact_id()::text::bigint
        and c.server = (pg_control_system()).system_identifier;
    if current is null then
        why := nullif(btrim(current_setting('registry.reason', true)), '');
        insert into reference.change_set (made_by, command, reason, program_version)
        values (
            coalesce(nullif(current_setting('registry.user', true), ''), session_user),
            coalesce(nullif(current_setting('registry.command', true), ''), 'sql'),
            why,
            nullif(current_setting('registry.version', true), '')
        )
        returning change_id into current;
        perform set_config('registry.change', current::text, true);
    end if;
    if needs_reason and why is null then
        raise exception using
            errcode = 'check_violation',
            message = 'a record is changed or taken out only for a reason',
            hint = 'Before it, in the same transaction: set local registry.reason = ''why''',
            constraint = 'reason_for_change';
    end if;
    return current;
end
$$;

-- The order of commits: numbers are given one transaction after the other, from here to the end of
-- its commit, so that whoever sees a number sees all before it. The lock is on a table that nobody
-- but the registry's own role may lock.
create function audit.number_commit() returns trigger language plpgsql security definer as $$
begin
    lock table audit.committed_change in share row exclusive mode;
    insert into audit.committed_change (change_id, committed_at)
    values (new.change_id, clock_timestamp());
    return null;
end
$$;

insert into audit.committed_change (change_id, committed_at)
select change_id, made_at from reference.change_set order by change_id;

create constraint trigger number_commit after insert on reference.change_set
deferrable initially deferred for each row execute function audit.number_commit();

-- The change's number and each row's values are made once. What moves from one patient to another
-- is taken out there and entered here.
create or replace function audit.record_rows() returns trigger
language plpgsql security definer as $$
declare
    change bigint;
begin
    if tg_op = 'INSERT' then
        if not exists (select from new_rows) then
            return null;
        end if;
        change := audit.current_change(false);
        insert into audit.record_change
            (patient_id, change_id, table_name, record_id, operation, row_version, new_values)
        select n.patient_id, change, tg_table_name, (v.row_values ->> 'record_id')::bigint,
            'insert', n.row_version, v.row_values
        from new_rows n
        cross join lateral (select to_jsonb(n) as row_values offset 0) v;
    elsif tg_op = 'DELETE' then
        if not exists (select from old_rows) then
            return null;
        end if;
        change := audit.current_change(true);
        insert into audit.record_change
            (patient_id, change_id, table_name, record_id, operation, row_version, old_values)
        select o.patient_id, change, tg_table_name, (v.row_values ->> 'record_id')::bigint,
            'delete', o.row_version, v.row_values
        from old_rows o
        cross join lateral (select to_jsonb(o) as row_values offset 0) v;
    else
        if not exists (select from new_rows) then
            return null;
        end if;
        change := audit.current_change(true);
        insert into audit.record_change
            (patient_id, change_id, table_name, record_id, operation, row_version,
             old_values, new_values)
        select coalesce(n.patient_id, o.patient_id), change, tg_table_name,
            nullif(coalesce(n.record_id, o.record_id), 0),
            case when o.patient_id is null then 'insert'
                 when n.patient_id is null then 'delete' else 'update' end,
            coalesce(n.row_version, o.row_version), o.row_values, n.row_values
        from (
            select r.patient_id, r.row_version, v.row_values,
                coalesce((v.row_values ->> 'record_id')::bigint, 0) as record_id
            from old_rows r
            cross join lateral (select to_jsonb(r) as row_values offset 0) v
        ) o full join (
            select r.patient_id, r.row_version, v.row_values,
                coalesce((v.row_values ->> 'record_id')::bigint, 0) as record_id
            from new_rows r
            cross join lateral (select to_jsonb(r) as row_values offset 0) v
        ) n on n.patient_id = o.patient_id and n.record_id = o.record_id;
    end if;
    return null;
end
$$;

-- Tables of reference are few and short: one function for all, told the columns that are no part of
-- a row's meaning, such as how far it was derived, and after them those of the key.
create function audit.record_reference() returns trigger
language plpgsql security definer as $$
declare
    change bigint;
    apart text[] := string_to_array(tg_argv[0], ',');
    keys text[] := tg_argv[1:];
begin
    if tg_op = 'INSERT' then
        if not exists (select from new_rows) then
            return null;
        end if;
        change := audit.current_change(false);
        insert into audit.reference_change (change_id, table_name, key, operation, new_values)
        select change, tg_table_name, audit.picked(to_jsonb(n), keys), 'insert', to_jsonb(n) - apart
        from new_rows n;
    elsif tg_op = 'DELETE' then
        if not exists (select from old_rows) then
            return null;
        end if;
        change := audit.current_change(true);
        insert into audit.reference_change (change_id, table_name, key, operation, old_values)
        select change, tg_table_name, audit.picked(to_jsonb(o), keys), 'delete', to_jsonb(o) - apart
        from old_rows o;
    else
        if not exists (
            select to_jsonb(n) - apart from new_rows n
            except all select to_jsonb(o) - apart from old_rows o
        ) then
            return null;
        end if;
        change := audit.current_change(true);
        insert into audit.reference_change
            (change_id, table_name, key, operation, old_values, new_values)
        select change, tg_table_name, coalesce(n.key, o.key),
            case when o.key is null then 'insert' when n.key is null then 'delete'
                 else 'update' end,
            o.row_values, n.row_values
        from (
            select audit.picked(to_jsonb(r), keys) as key, to_jsonb(r) - apart as row_values
            from old_rows r
        ) o full join (
            select audit.picked(to_jsonb(r), keys) as key, to_jsonb(r) - apart as row_values
            from new_rows r
        ) n on n.key = o.key
        where n.row_values is distinct from o.row_values;
    end if;
    return null;
end
$$;

create function audit.picked(row_values jsonb, names text[]) returns jsonb
language sql immutable as $$
    select jsonb_object_agg(name, row_values -> name) from unnest(names) as n (name)
$$;

-- A void is a delete: the audit then has the row, and a row that another transaction has committed
-- meanwhile is not swept away unseen.
create function audit.refuse_truncation() returns trigger language plpgsql as $$
begin
    raise exception using
        errcode = 'restrict_violation',
        message = format('rows of %s.%s are taken out by delete, for a reason',
            tg_table_schema, tg_table_name);
end
$$;

-- Rows of the audit come from the audit's own triggers: a statement by hand is the first trigger's.
create function audit.refuse_by_hand() returns trigger language plpgsql as $$
begin
    if pg_trigger_depth() < 2 then
        raise exception using
            errcode = 'restrict_violation',
            message = format('rows of %s.%s are written by the database itself',
                tg_table_schema, tg_table_name);
    end if;
    return null;
end
$$;

-- Rows that carry their change carry their own.
create function audit.own_change() returns trigger language plpgsql as $$
begin
    new.change_id := audit.current_change(true);
    return new;
end
$$;

-- Marks the children whose records of a table have one of the changed rows' values: arguments are
-- the clinical table and, in pairs, its column and that of the changed row; none are all of them.
create function derived.mark_touched() returns trigger language plpgsql as $$
declare
    seen text;
    joined text := '';
begin
    for place in 1 .. tg_nargs - 2 by 2 loop
        joined := joined || format(' and r.%I = c.%I', tg_argv[place], tg_argv[place + 1]);
    end loop;
    foreach seen in array case tg_op
        when 'INSERT' then array['new_rows'] when 'DELETE' then array['old_rows']
        else array['old_rows', 'new_rows'] end
    loop
        execute format(
            'insert into derived.changed_patient (patient_id) select distinct r.patient_id'
            ' from clinical.%I r join %I c on true%s', tg_argv[0], seen, joined);
    end loop;
    return null;
end
$$;

-- Makes a table of reference audited, in the one call that its migration makes before it is filled;
-- `apart` names columns that are no part of a row's meaning.
create function audit.watch_reference(watched regclass, variadic apart text[] default '{}')
returns void language plpgsql as $$
declare
    key text := (
        select string_agg(quote_literal(a.attname), ', ' order by k.place)
        from pg_index i
        cross join unnest(i.indkey) with ordinality as k (number, place)
        join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number
        where i.indrelid = watched and i.indisprimary
    );
    is_known boolean;
    is_filled boolean;
    event text;
begin
    select exists (select from audit.reference_change r
        join pg_class c on c.relname = r.table_name where c.oid = watched) into is_known;
    execute format('select exists (select from %s)', watched) into is_filled;
    if is_filled and not is_known then
        raise exception '% is filled before it is audited', watched;
    end if;
    foreach event in array array['insert', 'update', 'delete'] loop
        execute format(
            'create trigger audit_%s after %1$s on %s referencing %s'
            ' for each statement execute function audit.record_reference(%L, %s)',
            event, watched,
            case event when 'insert' then 'new table as new_rows'
                when 'delete' then 'old table as old_rows'
                else 'old table as old_rows new table as new_rows' end,
            array_to_string(apart, ','), key);
    end loop;
    execute format('create trigger audit_truncate before truncate on %s'
        ' for each statement execute function audit.refuse_truncation()', watched);
end
$$;

-- Every table of the registry as the audit has it: now, or as of a number of audit.committed_change.
create function audit.replay(of_table text, until_commit bigint default null)
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
    where l.operation <> 'delete'
$$;

create function audit.replay_reference(of_table text, until_commit bigint default null)
returns table (key jsonb, audit_id bigint, row_values jsonb)
language sql stable as $$
    select l.key, l.audit_id, l.new_values
    from (
        select distinct on (c.key) c.*
        from audit.reference_change c
        where c.table_name = of_table
            and (until_commit is null or c.change_id in (
                select m.change_id from audit.committed_change m
                where m.commit_number <= until_commit
            ))
        order by c.key, c.audit_id desc
    ) l
    where l.operation <> 'delete'
$$;

-- The last commit that was done by a moment, by the server's clock; 0 before the first. A clock
-- that was put back moves no commit before another.
create function audit.commit_at(moment timestamp with time zone) returns bigint
language sql stable as $$
    select coalesce(max(commit_number), 0) from audit.committed_change where committed_at <= moment
$$;

-- A status says by its hash what it said when a run wrote it, and the run what it had seen.
alter table derived.derivation_run add column seen_commit bigint;
alter table derived.lor_status add column row_hash text;

update derived.lor_status set row_hash = encode(sha256(convert_to(cast(row(
    patient_id, definition, eligible, reason, start_on, baseline_on, baseline_pcdai, week14_on,
    week14_pcdai, induction_outcome, event, event_on, event_pcdai, end_on, time_days,
    censor_reason, last_negative_on, deciding_table, deciding_record_id, deciding_on,
    definition_hash, run_id) as text), 'UTF8')), 'hex');

alter table derived.lor_status alter column row_hash set not null;

-- A run gives a row its own number; whoever else changes one has the child derived anew.
create function derived.mark_touched_status() returns trigger language plpgsql as $$
begin
    insert into derived.changed_patient (patient_id)
    values (old.patient_id), (new.patient_id);
    return null;
end
$$;

create trigger touched after update on derived.lor_status
for each row when (new.run_id = old.run_id) execute function derived.mark_touched_status();

create trigger taken_out after delete on derived.lor_status
referencing old table as old_rows for each statement execute function derived.mark_changed();
