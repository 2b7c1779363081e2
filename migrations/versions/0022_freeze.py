"""Freezes: a row each, which is audited and stays when the freeze is dropped."""

from __future__ import annotations

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

FREEZE = """
create table reference.data_freeze (
    name text not null,
    as_of timestamp with time zone not null,
    day date not null,
    commit_number bigint not null,
    sha256 text not null,
    content jsonb not null,
    rules_hash text not null,
    program_version text not null,
    note text,
    dropped boolean not null,
    constraint pk_data_freeze primary key (name),
    constraint ck_data_freeze_name check (name ~ '^[a-z][a-z0-9_]{0,39}$'),
    constraint ck_data_freeze_sha256 check (sha256 ~ '^[0-9a-f]{64}$')
)
"""


def upgrade() -> None:
    """Goes there."""
    op.execute(FREEZE)
    op.execute("select audit.watch_reference('reference.data_freeze')")


DROP = """
do $$
declare
    found text;
begin
    for found in
        select n.nspname
        from pg_namespace n
        join reference.data_freeze f on n.nspname = 'freeze_' || f.name
            or n.nspname ~ ('^frozen_[a-z]+_' || f.name || '$')
    loop
        execute format('drop schema if exists %I cascade', found);
    end loop;
end
$$
"""


def downgrade() -> None:
    """Goes back; the freezes are gone, what the audit knows of them stays."""
    op.execute(DROP)
    op.execute("drop table reference.data_freeze")
