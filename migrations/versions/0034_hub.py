"""A hub: records that leave a hospital by replication, and the children that a hub has gathered."""

from __future__ import annotations

from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

SETTING = """
alter table reference.registry_setting
    add column hub_hospital text,
    add constraint ck_registry_setting_hub_hospital
        check (hub_hospital ~ '^[A-Z][A-Z0-9]{1,9}$')
"""
TABLES = """
create table derived.hub_record (
    hospital text not null,
    file text not null,
    record bigint not null,
    number bigint not null,
    study_id text not null,
    cells jsonb not null,
    constraint pk_hub_record primary key (hospital, file, record),
    constraint ck_hub_record_hospital check (hospital ~ '^[A-Z][A-Z0-9]{1,9}$')
);
create table derived.hub_leaving (
    hospital text not null,
    number bigint not null,
    why text not null,
    left_at timestamp with time zone default now() not null,
    constraint pk_hub_leaving primary key (hospital, number),
    constraint ck_hub_leaving_why check (why in ('erased', 'withdrawn', 'gone'))
);
create table derived.hub_child (
    hospital text not null,
    number bigint not null,
    here bigint not null,
    constraint pk_hub_child primary key (hospital, number),
    constraint uq_hub_child_here unique (here)
)
"""
# An erasure is not left to the next night: what the hospital sent of the child goes with it, and
# the hub is told by the number alone; at a hub what came of the child goes.
LEAVE = """
create function derived.leave_hub() returns trigger language plpgsql security definer
set search_path = pg_catalog, pg_temp as $$
begin
    with sent as (
        delete from derived.hub_record r using reference.registry_setting s
        where r.hospital = s.hub_hospital and r.number = new.patient_id
        returning r.hospital, r.number
    ), before as (
        select l.hospital, l.number from derived.hub_leaving l
        join reference.registry_setting s on s.hub_hospital = l.hospital
        where l.number = new.patient_id
    )
    insert into derived.hub_leaving (hospital, number, why)
    select hospital, number, 'erased' from sent union select hospital, number, 'erased' from before
    on conflict (hospital, number) do update set why = 'erased', left_at = now();
    delete from derived.hub_record r using derived.hub_child c
    where c.here = new.patient_id and r.hospital = c.hospital and r.number = c.number;
    return null;
end
$$
"""


def upgrade() -> None:
    op.execute(SETTING)
    op.execute(TABLES)
    op.execute(LEAVE)
    op.execute(
        "create trigger leave_hub after insert on audit.erasure "
        "for each row execute function derived.leave_hub()"
    )


def downgrade() -> None:
    op.execute("drop trigger leave_hub on audit.erasure")
    op.execute("drop function derived.leave_hub")
    op.execute("drop table derived.hub_record, derived.hub_leaving, derived.hub_child")
    op.execute("alter table reference.registry_setting drop column hub_hospital")
