"""Adverse events."""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

COLUMNS = """
    started_on date not null
        constraint ck_adverse_event_started_on check (started_on <= current_date),
    term text not null constraint ck_adverse_event_term check (btrim(term) <> ''),
    severity text not null constraint ck_adverse_event_severity check (
        severity in ('mild', 'moderate', 'severe', 'life_threatening', 'fatal')
    ),
    serious boolean not null,
    resolved_on date
        constraint ck_adverse_event_resolved_on check (resolved_on <= current_date),
    constraint ck_adverse_event_resolved_not_before_start check (resolved_on >= started_on)
"""


def upgrade() -> None:
    op.execute(
        "select clinical.make_table('adverse_event', "
        f"$${COLUMNS}$$, key => '{{started_on,term}}', dates => '{{started_on}}')"
    )


def downgrade() -> None:
    op.execute("drop table clinical.adverse_event")
