-- The seal: a chain of hashes over the audit, a Merkle root for each of its links.

-- Of whom the values of a row of the audit are: a secret that is destroyed with the child, or with the
-- words of a change, leaves a hash of them that nobody can guess a value by.
create table audit.secret (
    holder text not null,
    number bigint not null,
    secret bytea default uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) not null,
    constraint pk_secret primary key (holder, number),
    constraint ck_secret_holder check (holder in ('change', 'patient')),
    constraint ck_secret_secret check (octet_length(secret) = 32)
);

create table audit.seal (
    seal_number integer not null,
    first_commit bigint not null,
    last_commit bigint not null,
    leaves integer not null,
    root text not null,
    sealed_at timestamp with time zone not null,
    sealed_by text not null,
    hash_before text not null,
    hash text not null,
    constraint pk_seal primary key (seal_number)
);

create table audit.sealed_row (
    seal_number integer not null,
    place integer not null,
    row_number bigint not null,
    patient_id bigint,
    source text not null,
    leaf bytea not null,
    commitment bytea,
    constraint pk_sealed_row primary key (seal_number, place)
);

-- The rows of which only a hash is left are few.
create index ix_sealed_row_commitment on audit.sealed_row (source, row_number)
where commitment is not null;

-- A child who left. The study id is kept as a hash with a salt of its own: it tells nobody the id, and knows it again.
create table audit.erasure (
    patient_id bigint not null,
    change_id bigint not null,
    id_salt bytea not null,
    id_hash bytea not null,
    sealed_before integer not null,
    removed jsonb not null,
    values_removed bigint not null,
    audit_rows integer not null,
    changes bigint[] not null,
    constraint pk_erasure primary key (patient_id)
);

-- Every row of the audit whose change was committed after one number and up to another, with its leaf
-- as the row now gives it. A leaf is the SHA-256 of a zero byte, of what the row is (an array in JSON)
-- and of a hash of what it says, its commitment: SHA-256 of the secret, the row's number and its values.
-- Of what an erasure has emptied the commitment is kept.
-- Moments are seconds since 1970, so that no setting of a session has a part in it.
create function audit.leaves(after_commit bigint, until_commit bigint)
returns table (
    commit_number bigint, source text, row_number bigint, patient_id bigint, table_name text,
    commitment bytea, leaf bytea
)
language sql stable as $$
    with change as not materialized (
        select m.commit_number, m.committed_at, c.*
        from audit.committed_change m
        join reference.change_set c on c.change_id = m.change_id
        where m.commit_number > after_commit and m.commit_number <= until_commit
    ),
    entry as (
        select c.commit_number, 'change_set' as source, c.change_id as row_number,
            null::bigint as patient_id, 'change_set' as table_name,
            jsonb_build_array(c.commit_number, extract(epoch from c.committed_at),
                extract(epoch from c.made_at), c.made_by, c.database_role, c.program_version,
                c.transaction_id, c.server) as is_what,
            jsonb_build_array(c.command, c.reason, c.summary)::text as says,
            'change' as holder, c.change_id as holder_number,
            coalesce(c.reason, 'erased') = 'erased' and coalesce(c.summary, 'erased') = 'erased'
                and c.change_id in (select unnest(e.changes) from audit.erasure e) as is_emptied
        from change c
        union all
        select c.commit_number, 'record_change', r.audit_id, r.patient_id, r.table_name,
            jsonb_build_array(r.change_id, r.patient_id, r.table_name, r.record_id, r.operation,
                r.row_version),
            concat_ws(E'\n', coalesce(r.old_values::text, '-'), coalesce(r.new_values::text, '-')),
            'patient', r.patient_id,
            coalesce(r.old_values, '{}') = '{}' and coalesce(r.new_values, '{}') = '{}'
                and r.patient_id in (select e.patient_id from audit.erasure e)
        from audit.record_change r join change c on c.change_id = r.change_id
        union all
        select c.commit_number, 'reference_change', r.audit_id, null, r.table_name,
            jsonb_build_array(r.change_id, r.table_name, r.key, r.operation),
            concat_ws(E'\n', coalesce(r.old_values::text, '-'), coalesce(r.new_values::text, '-')),
            'nobody', null, false
        from audit.reference_change r join change c on c.change_id = r.change_id
        union all
        select c.commit_number, 'erasure', r.patient_id, null, 'erasure',
            jsonb_build_array(r.change_id, encode(r.id_salt, 'hex'), encode(r.id_hash, 'hex'),
                r.sealed_before),
            jsonb_build_array(r.removed, r.values_removed, r.audit_rows, to_jsonb(r.changes))::text,
            'nobody', null, false
        from audit.erasure r join change c on c.change_id = r.change_id
        union all
        select c.commit_number, 'query_step', r.step_id, r.patient_id, 'query_step',
            jsonb_build_array(r.change_id, r.patient_id),
            jsonb_strip_nulls(to_jsonb(r))::text, 'patient', r.patient_id, false
        from reference.query_step r join change c on c.change_id = r.change_id
        union all
        select c.commit_number, 'worklist_dismissal', r.dismissal_id, r.patient_id,
            'worklist_dismissal', jsonb_build_array(r.change_id, r.patient_id),
            jsonb_strip_nulls(to_jsonb(r))::text, 'patient', r.patient_id, false
        from reference.worklist_dismissal r join change c on c.change_id = r.change_id
    )
    select h.commit_number, h.source, h.row_number, h.patient_id, h.table_name, h.commitment,
        sha256('\x00'::bytea
            || convert_to(jsonb_build_array(h.source, h.row_number, h.is_what)::text, 'UTF8')
            || h.commitment)
    from (
        select e.*, coalesce(k.commitment, sha256(coalesce(s.secret, ''::bytea)
            || int8send(e.row_number) || convert_to(e.says, 'UTF8'))) as commitment
        from entry e
        left join audit.secret s on s.holder = e.holder and s.number = e.holder_number
        left join audit.sealed_row k on k.source = e.source and k.row_number = e.row_number
            and k.commitment is not null and e.is_emptied
    ) h
$$;

-- The root of each seal's leaves, of one or of all, as RFC 6962 has it: a node is the SHA-256 of a one
-- byte and the two below it; a last one without a neighbour goes up as it is.
create function audit.merkle_roots(of_seal integer default null)
returns table (seal_number integer, root text) language sql stable as $$
    with recursive node as (
        select s.seal_number, 0 as level, s.place, s.leaf as hash,
            count(*) over (partition by s.seal_number) as width
        from audit.sealed_row s
        where of_seal is null or s.seal_number = of_seal
        union all
        select p.seal_number, p.level + 1, p.place / 2,
            case when p.right_hash is null then p.hash
                else sha256('\x01'::bytea || p.hash || p.right_hash) end,
            (p.width + 1) / 2
        from (
            select n.*, lead(n.hash) over (partition by n.seal_number order by n.place) as right_hash
            from node n
            where n.width > 1
        ) p
        where p.place % 2 = 0
    )
    select n.seal_number, encode(n.hash, 'hex') from node n where n.width = 1
$$;

create function audit.seal_hash(of_seal audit.seal) returns text language sql stable as $$
    select encode(sha256(convert_to(jsonb_build_array(
        'registry seal 1', of_seal.seal_number, of_seal.first_commit, of_seal.last_commit,
        of_seal.leaves, of_seal.root, extract(epoch from of_seal.sealed_at), of_seal.sealed_by,
        of_seal.hash_before)::text, 'UTF8')), 'hex')
$$;

-- Whatever is inserted as a seal is made here: of all that was committed since the last one, or
-- nothing where nothing was. Two at once follow each other.
create function audit.make_seal() returns trigger
language plpgsql security definer as $$
declare
    last audit.seal;
begin
    lock table audit.sealed_row in share row exclusive mode;
    select * into last from audit.seal order by seal_number desc limit 1;
    new.seal_number := coalesce(last.seal_number, 0) + 1;
    new.first_commit := coalesce(last.last_commit, 0) + 1;
    select max(commit_number) into new.last_commit from audit.committed_change;
    if new.last_commit is null or new.last_commit < new.first_commit then
        return null;
    end if;
    insert into audit.secret (holder, number)
    select 'change', m.change_id from audit.committed_change m
    where m.commit_number between new.first_commit and new.last_commit
    on conflict do nothing;
    insert into audit.secret (holder, number)
    select distinct 'patient', r.patient_id
    from audit.record_change r
    join audit.committed_change m on m.change_id = r.change_id
    where m.commit_number between new.first_commit and new.last_commit
        and r.patient_id not in (select e.patient_id from audit.erasure e)
    on conflict do nothing;
    insert into audit.sealed_row (seal_number, place, row_number, patient_id, source, leaf)
    select new.seal_number,
        row_number() over (order by l.commit_number, l.source, l.row_number) - 1,
        l.row_number, l.patient_id, l.source, l.leaf
    from audit.leaves(new.first_commit - 1, new.last_commit) l
    order by l.commit_number, l.source, l.row_number;
    get diagnostics new.leaves = row_count;
    select r.root into new.root from audit.merkle_roots(new.seal_number) r;
    new.sealed_at := clock_timestamp();
    new.sealed_by := session_user;
    new.hash_before := coalesce(last.hash, '');
    new.hash := audit.seal_hash(new);
    return new;
end
$$;

create trigger make_seal before insert on audit.seal
for each row execute function audit.make_seal();
