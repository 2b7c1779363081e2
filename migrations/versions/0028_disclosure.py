"""For whom results are made unless told otherwise."""

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
                    check (disclosure in ('none', 'publish'))
        """
    )
    for column, words in COMMENTS.items():
        op.execute(f"comment on column reference.registry_setting.{column} is '{words}'")


def downgrade() -> None:
    for column in COMMENTS:
        op.execute(f"alter table reference.registry_setting drop column {column}")


COMMENTS = {
    "disclosure": "for whom results are made unless told otherwise",
}
