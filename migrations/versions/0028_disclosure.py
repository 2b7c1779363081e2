"""For whom results are made unless told otherwise, and the limits of what is published."""

from __future__ import annotations

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        alter table reference.registry_setting
            add column disclosure text not null default 'none'
                constraint ck_registry_setting_disclosure
                    check (disclosure in ('none', 'publish')),
            add column disclosure_limit integer not null default 5
                constraint ck_registry_setting_disclosure_limit check (disclosure_limit >= 2),
            add column disclosure_events_per_term integer not null default 5
                constraint ck_registry_setting_disclosure_events_per_term
                    check (disclosure_events_per_term >= 1)
        """
    )
    for column, words in COMMENTS.items():
        op.execute(f"comment on column reference.registry_setting.{column} is '{words}'")


def downgrade() -> None:
    for column in COMMENTS:
        op.execute(f"alter table reference.registry_setting drop column {column}")


COMMENTS = {
    "disclosure": "for whom results are made unless told otherwise",
    "disclosure_limit": "the least number of children that a published result tells of",
    "disclosure_events_per_term": "the least losses for each term of a model that is published",
}
