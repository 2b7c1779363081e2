"""Releases of de-identified data: a row each, and the ids of their children."""

from __future__ import annotations

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

SETTING = """
alter table reference.registry_setting
    add column smallest_group integer default 5 not null,
    add constraint ck_registry_setting_smallest_group check (smallest_group between 2 and 1000)
"""
RELEASE = """
create table reference.data_release (
    name text not null,
    freeze_name text,
    as_of timestamp with time zone not null,
    recipient text,
    smallest_group integer not null,
    content jsonb not null,
    program_version text not null,
    dropped boolean not null,
    constraint pk_data_release primary key (name),
    constraint fk_data_release_freeze_name foreign key (freeze_name)
        references reference.data_freeze (name),
    constraint ck_data_release_name check (name ~ '^[a-z][a-z0-9_]{0,39}$')
)
"""
CHILD = """
create table derived.release_child (
    patient_id bigint not null,
    release text not null,
    child_id text not null,
    given_up text[] not null,
    smallest_group integer not null,
    constraint pk_release_child primary key (patient_id, release),
    constraint uq_release_child_child_id unique (child_id),
    constraint fk_release_child_release foreign key (release)
        references reference.data_release (name) deferrable initially deferred
)
"""
LEFT_OUT = """
create table derived.release_left_out (
    patient_id bigint not null,
    release text not null,
    reason text not null,
    constraint pk_release_left_out primary key (patient_id, release),
    constraint fk_release_left_out_release foreign key (release)
        references reference.data_release (name) deferrable initially deferred,
    constraint ck_release_left_out_reason check (reason in (
        'no_infliximab', 'no_research_consent', 'no_sharing_consent', 'too_few_alike'))
)
"""
ERASED = """
create table derived.release_erased (
    release text not null,
    child_id text not null,
    erased_at timestamp with time zone default now() not null,
    constraint pk_release_erased primary key (release, child_id),
    constraint fk_release_erased_release foreign key (release)
        references reference.data_release (name) deferrable initially deferred
)
"""
# What goes with an erasure stays as an id of nobody, so that recipients can be asked to remove it.
KEEP = """
create function derived.keep_erased_id() returns trigger language plpgsql security definer
set search_path = pg_catalog, pg_temp as $$
begin
    insert into derived.release_erased (release, child_id)
    select o.release, o.child_id from old_rows o
    join reference.data_release r on r.name = o.release and not r.dropped;
    return null;
end
$$
"""
# A release that is dropped cannot be led back to its children any more.
FORGET = """
create function reference.forget_release() returns trigger language plpgsql security definer
set search_path = pg_catalog, pg_temp as $$
begin
    delete from derived.release_child c using new_rows n where n.dropped and c.release = n.name;
    delete from derived.release_left_out l using new_rows n where n.dropped and l.release = n.name;
    return null;
end
$$
"""
TABLES = ("release_child", "release_left_out", "release_erased")


def upgrade() -> None:
    op.execute(SETTING)
    op.execute(RELEASE)
    op.execute("select audit.watch_reference('reference.data_release')")
    for statement in (CHILD, LEFT_OUT, ERASED, KEEP, FORGET):
        op.execute(statement)
    for table in TABLES:
        op.execute(
            f"create trigger append_only before update or delete or truncate on derived.{table} "
            "for each statement execute function derived.refuse_change()"
        )
    op.execute(
        "create trigger keep_erased_id after delete on derived.release_child referencing old table "
        "as old_rows for each statement execute function derived.keep_erased_id()"
    )
    op.execute(
        "create trigger forget_release after update on reference.data_release referencing new "
        "table as new_rows for each statement execute function reference.forget_release()"
    )


def downgrade() -> None:
    for table in TABLES:
        # Views of freezes stand on them.
        op.execute(f"drop table derived.{table} cascade")
    op.execute("drop table reference.data_release")
    op.execute("drop function derived.keep_erased_id, reference.forget_release")
    op.execute("alter table reference.registry_setting drop column smallest_group")
