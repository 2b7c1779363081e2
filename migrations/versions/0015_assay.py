"""What an assay can be."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

CHECKS = {
    "name": "btrim(name) <> ''",
    "ada_positive_from": "ada_positive_from > 0 and ada_positive_from < 'Infinity'",
    "ada_high_from": "ada_high_from > 0 and ada_high_from < 'Infinity'",
    "high_above_positive": "ada_high_from > ada_positive_from",
}


def upgrade() -> None:
    for name, rule in CHECKS.items():
        op.create_check_constraint(op.f(f"ck_assay_{name}"), "assay", rule, schema="reference")


def downgrade() -> None:
    for name in CHECKS:
        op.drop_constraint(op.f(f"ck_assay_{name}"), "assay", schema="reference")
