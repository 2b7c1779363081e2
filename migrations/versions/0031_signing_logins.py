"""Who signs without owning the registry; what of a change another centre has."""

from __future__ import annotations

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

# A name that is given counts for the owner, and on the embedded server, where nobody but its own
# account logs in as a group role.
IS_A_PERSON = """split_part(session_user, '@', 1) <> all (array[
            'registry_manager', 'registry_entry', 'registry_identity',
            'registry_derivation', 'registry_analyst', 'registry_inspector'])
        and session_user <> (select pg_get_userbyid(relowner) from pg_class where oid = {table})
        and not (select rolsuper from pg_roles where rolname = session_user)"""
WORKING_AS = f"""
create function audit.working_as(given text) returns text
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select case when {IS_A_PERSON.format(table="'reference.change_set'::regclass")}
        then session_user::text else given end
$$
"""
STAMP = """
create or replace function audit.stamp_change_set() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    new.made_at := clock_timestamp();
    new.transaction_id := pg_current_xact_id()::text::bigint;
    new.server := (pg_control_system()).system_identifier;
    new.database_role := session_user;
    {person}return new;
end
$$
"""
PERSON = "new.made_by := audit.working_as(new.made_by);\n    "
PERSON_BEFORE = f"""if {IS_A_PERSON.format(table="tg_relid")}
    then
        new.made_by := session_user;
    end if;
    """
# Whoever signs is asked for the own password, by functions that know no other person's: the tables
# of passwords and of signatures are open to nobody.
SALT = """
create function reference.signing_salt(person text)
returns table (salt bytea, is_as_set boolean)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select p.salt, p.fingerprint = (
        select r.new_values ->> 'fingerprint' from audit.reference_change r
        where r.table_name = 'signing_password' and r.key ->> 'person' = p.person
        order by r.audit_id desc limit 1
    )
    from reference.signing_password p
    where p.person = audit.working_as(signing_salt.person)
$$
"""
IS = """
create function reference.signing_password_is(person text, entered bytea) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select exists (
        select from reference.signing_password p
        where p.person = audit.working_as(signing_password_is.person) and p.hash = entered
    )
$$
"""
SET = """
create function reference.set_signing_password(person text, new_salt bytea, new_hash bytea)
returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
    insert into reference.signing_password (person, salt, hash)
    values (audit.working_as(set_signing_password.person), new_salt, new_hash)
    on conflict (person) do update set salt = excluded.salt, hash = excluded.hash
$$
"""
# Of the centre's own children whoever enters there signs the records; the rest is for who sees all.
SIGN = """
create function reference.sign(person text, entered bytea, of_patient bigint, of_freeze text,
    of_file text, digest text, means text) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    who text := audit.working_as(person);
    owner oid := (select relowner from pg_class where oid = 'reference.signature'::regclass);
    is_let_in boolean := true;
    number bigint;
begin
    if not pg_has_role(session_user, owner, 'member')
        and not coalesce(pg_has_role(session_user, to_regrole('registry_manager'), 'member'), false)
        and not exists (select from audit.child_centre c where c.patient_id = of_patient
            and c.centre in (select audit.own_centres()))
    then
        raise insufficient_privilege using message = 'permission denied for table signature';
    end if;
    -- Without a password the server has asked for it when it let the login in, which it knows of
    -- itself from PostgreSQL 16 on.
    if current_setting('server_version_num')::integer >= 160000 then
        execute 'select system_user is not null' into is_let_in;
    end if;
    if entered is null and (who <> session_user or not is_let_in)
        or entered is not null and not reference.signing_password_is(person, entered)
    then
        raise insufficient_privilege using message = 'permission denied for table signing_password';
    end if;
    insert into reference.signature
        (patient_id, freeze_name, file_name, sha256, meaning, signed_by, authentication)
    values (of_patient, of_freeze, of_file, digest, means, who,
        case when entered is null then 'database_password' else 'signing_password' end)
    returning signature_id into number;
    return number;
end
$$
"""
# Of a change of which this login sees something: whether it sees all of it.
IS_ALL_SEEN = """
create function audit.is_all_seen(change bigint) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select coalesce(bool_and(o.is_own) or not bool_or(o.is_own), true)
    from audit.record_change r
    left join audit.child_centre c using (patient_id)
    cross join lateral (
        select coalesce(c.centre in (select audit.own_centres()), false) as is_own
    ) o
    where r.change_id = change
$$
"""
FUNCTIONS = (WORKING_AS, SALT, IS, SET, SIGN, IS_ALL_SEEN)


def upgrade() -> None:
    for function in FUNCTIONS:
        op.execute(function)
        name = function.split("create function ", 1)[1].split("(", 1)[0]
        op.execute(f"revoke all on function {name} from public")
    op.execute(STAMP.format(person=PERSON))


def downgrade() -> None:
    op.execute(STAMP.format(person=PERSON_BEFORE))
    for function in reversed(FUNCTIONS):
        name = function.split("create function ", 1)[1].split("(", 1)[0]
        op.execute(f"drop function {name}")
