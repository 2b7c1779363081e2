"""Who sees which centre: roles and centres of a login, that of a child; the login as the person."""

from __future__ import annotations

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

LOGIN_ROLE = """
create table reference.login_role (
    login text not null,
    role text not null,
    centres text[] not null default '{}',
    constraint pk_login_role primary key (login, role)
);
select audit.watch_reference('reference.login_role')
"""
# By it rows are shown to who sees some centres only, also of a child who was taken out, and of an
# id that has been given in this transaction and has no child yet.
CHILD_CENTRE = """
create table audit.child_centre (
    patient_id bigint not null,
    centre text,
    login text,
    constraint pk_child_centre primary key (patient_id)
);
create index ix_child_centre_centre on audit.child_centre (centre);
insert into audit.child_centre (patient_id, centre)
select n.patient_id, coalesce(p.centre, (
    select coalesce(r.new_values, r.old_values) ->> 'centre' from audit.record_change r
    where r.patient_id = n.patient_id and r.table_name = 'patient'
    order by r.audit_id desc limit 1
))
from reference.patient_number n left join clinical.patient p on p.patient_id = n.patient_id
"""
NUMBERED = """
create function audit.note_child() returns trigger language plpgsql security definer
set search_path = pg_catalog, pg_temp as $$
begin
    insert into audit.child_centre (patient_id, login)
    select n.patient_id, session_user from new_rows n on conflict do nothing;
    return null;
end
$$
"""
PLACED = """
create function audit.note_centre() returns trigger language plpgsql security definer
set search_path = pg_catalog, pg_temp as $$
begin
    insert into audit.child_centre (patient_id, centre)
    select n.patient_id, n.centre from new_rows n
    on conflict (patient_id) do update set centre = excluded.centre
    where child_centre.centre is distinct from excluded.centre;
    return null;
end
$$
"""
# Who is erased leaves no centre; a study id is taken away by nothing else.
FORGOTTEN = """
create function audit.forget_child() returns trigger language plpgsql security definer
set search_path = pg_catalog, pg_temp as $$
begin
    delete from audit.child_centre c using old_rows o where c.patient_id = o.patient_id;
    return null;
end
$$
"""
# On the embedded server a login that is made for `--role registry_entry` bears its centres.
OWN_CENTRES = """
create function audit.own_centres() returns setof text
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select unnest(l.centres) from reference.login_role l
    where l.login = session_user and l.role = 'registry_entry'
    union all
    select c.code from reference.centre c
    where starts_with(session_user::text, 'registry_entry@')
        and c.code = any(string_to_array(substr(session_user::text, 16), ','))
$$
"""
SUMMARISE = """
create function audit.summarise_change(words text) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
    update reference.change_set set summary = words
    where change_id = nullif(current_setting('registry.change', true), '')::bigint
$$
"""
# A name that is given counts for the owner, and on the embedded server, where nobody but its own
# account logs in as a group role.
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
PERSON = """if split_part(session_user, '@', 1) <> all (array['registry_manager', 'registry_entry',
            'registry_identity', 'registry_derivation', 'registry_analyst', 'registry_inspector'])
        and session_user <> (select pg_get_userbyid(relowner) from pg_class where oid = tg_relid)
        and not (select rolsuper from pg_roles where rolname = session_user)
    then
        new.made_by := session_user;
    end if;
    """
# What writes where the login itself need have no right.
FOR_WRITERS = (
    "derived.mark_changed",
    "derived.mark_touched",
    "derived.mark_touched_status",
    "reference.add_centre",
    "reference.add_assay",
)
COMMENTS = {
    "table reference.login_role": "One row per login of the server and role that it was granted",
    "column reference.login_role.login": "name of the login on the server",
    "column reference.login_role.role": "name of the group role",
    "column reference.login_role.centres": "centres whose children it sees; of registry_entry",
    "table audit.child_centre": (
        "One row per study id ever given: the centre by which its rows are shown"
    ),
    "column audit.child_centre.patient_id": "number of the patient in the registry",
    "column audit.child_centre.centre": "centre of the child, or the last one it had",
    "column audit.child_centre.login": "who gave the study id, while it has no child yet",
}


def upgrade() -> None:
    for statement in (
        LOGIN_ROLE,
        CHILD_CENTRE,
        NUMBERED,
        PLACED,
        FORGOTTEN,
        OWN_CENTRES,
        SUMMARISE,
    ):
        op.execute(statement)
    op.execute(STAMP.format(person=PERSON))
    for event, table, name in (
        ("insert", "reference.patient_number", "note_child"),
        ("insert", "clinical.patient", "note_centre"),
        ("update", "clinical.patient", "note_centre"),
    ):
        op.execute(
            f"create trigger {name}_{event} after {event} on {table} "
            "referencing new table as new_rows for each statement "
            f"execute function audit.{name}()"
        )
    op.execute(
        "create trigger forget_child_delete after delete on reference.patient_number "
        "referencing old table as old_rows for each statement "
        "execute function audit.forget_child()"
    )
    op.execute(
        "create trigger not_truncated before truncate on audit.child_centre "
        "for each statement execute function audit.refuse_truncation()"
    )
    for function in FOR_WRITERS:
        op.execute(f"alter function {function}() security definer")
    for what, words in COMMENTS.items():
        op.execute(f"comment on {what} is '{words}'")


def downgrade() -> None:
    for function in FOR_WRITERS:
        op.execute(f"alter function {function}() security invoker")
    # A right or a policy of what goes would stand in its way; the next upgrade gives them anew.
    op.execute(
        """
        do $$
        declare
            one record;
        begin
            for one in select schemaname, tablename, policyname from pg_policies
                where policyname in ('own_centres', 'granted', 'added')
            loop
                execute format('drop policy %I on %I.%I',
                    one.policyname, one.schemaname, one.tablename);
                execute format('alter table %I.%I disable row level security',
                    one.schemaname, one.tablename);
            end loop;
        end
        $$
        """
    )
    op.execute(
        "drop trigger note_child_insert on reference.patient_number; "
        "drop trigger forget_child_delete on reference.patient_number; "
        "drop trigger note_centre_insert on clinical.patient; "
        "drop trigger note_centre_update on clinical.patient; "
        "drop function audit.note_child(), audit.forget_child(), audit.note_centre(), "
        "audit.summarise_change(text), audit.own_centres(); "
        "drop table audit.child_centre"
    )
    op.execute(STAMP.format(person=""))
    op.execute("drop table reference.login_role")
