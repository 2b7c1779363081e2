"""What an assay reports as a limit, and who shares a birth date, is found without reading all."""

from __future__ import annotations

from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

MEASURED = ("ifx_ug_ml", "ada_au_ml")


def upgrade() -> None:
    """Goes there."""
    op.execute("create index ix_patient_birth_date_sex on clinical.patient (birth_date, sex)")
    for measured in MEASURED:
        op.execute(
            f"create index ix_tdm_level_assay_{measured}_comparator_{measured} "
            f"on clinical.tdm_level (assay, {measured}_comparator, {measured}) "
            f"where {measured}_comparator is not null"
        )


def downgrade() -> None:
    """Goes back."""
    op.execute("drop index clinical.ix_patient_birth_date_sex")
    for measured in MEASURED:
        op.execute(f"drop index clinical.ix_tdm_level_assay_{measured}_comparator_{measured}")
