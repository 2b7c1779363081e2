"""Releases of one series keep the ids of their children."""

from __future__ import annotations

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

SERIES = """
alter table reference.data_release add column series text,
    add constraint ck_data_release_series check (series ~ '^[a-z][a-z0-9_]{0,39}$')
"""
# An id is one child's in each release of a series.
IDS = """
alter table derived.release_child drop constraint uq_release_child_child_id,
    add constraint uq_release_child_release_child_id unique (release, child_id)
"""


def upgrade() -> None:
    """Names the series of a release, in which an id may stand again."""
    op.execute(SERIES)
    op.execute(IDS)


def downgrade() -> None:
    """Takes it away; Refused by the database where an id stands in two releases."""
    op.execute(
        "alter table derived.release_child drop constraint uq_release_child_release_child_id, "
        "add constraint uq_release_child_child_id unique (child_id)"
    )
    op.execute("alter table reference.data_release drop column series")
