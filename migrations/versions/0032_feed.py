"""Feeds of laboratories: what their own codes mean, and what became of each result."""

from __future__ import annotations

from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

CODE = """
create table reference.lab_code (
    system text not null,
    code text not null,
    analyte text,
    assay text,
    name text not null,
    source text not null,
    constraint pk_lab_code primary key (system, code),
    constraint ck_lab_code_analyte check (analyte in (
        'CRP', 'ESR', 'WBC', 'HGB', 'HCT', 'PLT', 'ALB', 'FCAL', 'IFX', 'ADA'))
)
"""
RESULT = """
create table derived.feed_result (
    result_id bigint generated always as identity not null,
    message_sha256 text not null,
    place integer not null,
    patient_id bigint,
    form text not null,
    sender text not null,
    control_id text not null,
    sent_at timestamp with time zone,
    result_key text,
    what text,
    fate text not null,
    reason text,
    facts jsonb not null,
    table_name text,
    record_id bigint,
    row_version integer,
    file text not null,
    first_read_at timestamp with time zone default now() not null,
    last_read_at timestamp with time zone default now() not null,
    times integer default 1 not null,
    constraint pk_feed_result primary key (result_id),
    constraint uq_feed_result_message_sha256_place unique (message_sha256, place),
    constraint ck_feed_result_fate check (fate in ('stored', 'amended', 'voided', 'duplicate',
        'superseded', 'ignored', 'set_aside', 'refused'))
);
create index ix_feed_result_result_key on derived.feed_result (result_key);
create index ix_feed_result_patient_id on derived.feed_result (patient_id)
"""


def upgrade() -> None:
    op.execute(CODE)
    op.execute("select audit.watch_reference('reference.lab_code')")
    op.execute(RESULT)
    op.execute(
        "create trigger not_truncated before truncate on derived.feed_result "
        "for each statement execute function audit.refuse_truncation()"
    )


def downgrade() -> None:
    op.execute("drop table derived.feed_result")
    op.execute("drop table reference.lab_code")
