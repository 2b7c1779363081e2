"""Studies over several hospitals: what left this one, and from which children it was made."""

from __future__ import annotations

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

SETTING = """
alter table reference.registry_setting
    add column study_rounds integer default 20 not null,
    add column studies_of_definition integer default 5 not null,
    add constraint ck_registry_setting_study_rounds check (study_rounds between 1 and 100),
    add constraint ck_registry_setting_studies_of_definition
        check (studies_of_definition between 1 and 1000)
"""
ANSWER = """
create table reference.study_answer (
    answer_sha256 text not null,
    study_sha256 text not null,
    round integer not null,
    envelope_sha256 text not null,
    study text not null,
    coordinator text not null,
    definition_hash text not null,
    children integer not null,
    parts jsonb not null,
    content jsonb not null,
    freeze_name text,
    as_of timestamp with time zone not null,
    program_version text not null,
    constraint pk_study_answer primary key (answer_sha256),
    constraint uq_study_answer_study_sha256_round unique (study_sha256, round),
    constraint fk_study_answer_freeze_name foreign key (freeze_name)
        references reference.data_freeze (name)
)
"""
CHILD = """
create table derived.study_child (
    patient_id bigint not null,
    answer_sha256 text not null,
    part text not null,
    fingerprint text not null,
    constraint pk_study_child primary key (patient_id, answer_sha256, part),
    constraint fk_study_child_answer_sha256 foreign key (answer_sha256)
        references reference.study_answer (answer_sha256)
)
"""


def upgrade() -> None:
    op.execute(SETTING)
    op.execute(ANSWER)
    op.execute("select audit.watch_reference('reference.study_answer')")
    op.execute(CHILD)
    op.execute(
        "create trigger append_only before update or delete or truncate on derived.study_child "
        "for each statement execute function derived.refuse_change()"
    )


def downgrade() -> None:
    op.execute("drop table derived.study_child")
    op.execute("drop table reference.study_answer")
    op.execute(
        "alter table reference.registry_setting "
        "drop column study_rounds, drop column studies_of_definition"
    )
