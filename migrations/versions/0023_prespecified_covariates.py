"""The covariates of a definition's Cox model, chosen before its data are seen."""

from __future__ import annotations

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

TERMS = (
    "sex_female", "veo_cd", "duration_ge_6_months", "initial_dose_ge_7", "bmi_z_low", "perianal",
    "severity_moderate_severe", "location_l2", "upper_gi", "behaviour_b2_b3", "growth_delay",
    "crp_high", "esr_high", "wbc_high", "hb_low", "plt_high", "alb_low",
    "response_without_remission", "ifx_monotherapy", "ifx_with_glucocorticoid",
    "im_over_6_months", "immunomodulator", "glucocorticoid", "intensified", "combination_months",
    "dose_mg_per_kg",
)  # fmt: skip
# Perianal disease needs a higher trough by the guideline, infliximab is cleared faster the lower
# the albumin, and whoever begins with more activity has less far to go to a loss.
PRESPECIFIED = "perianal,severity_moderate_severe,alb_low"


def upgrade() -> None:
    listed = ", ".join(f"'{term}'" for term in TERMS)
    op.execute(
        "alter table reference.definition add column covariates text "
        "constraint ck_definition_covariates check (covariates <> '' "
        f"and string_to_array(covariates, ',') <@ array[{listed}])"
    )
    # Only the published study chose them by their P.
    op.execute(
        f"update reference.definition set covariates = '{PRESPECIFIED}' where name <> 'paper'"
    )
    op.execute("update reference.definition set derived_hash = derived_hash where name = 'paper'")
    op.execute("update reference.definition set version = version - 1")


def downgrade() -> None:
    op.execute("alter table reference.definition drop column covariates")
    op.execute("update reference.definition set derived_hash = derived_hash")
    op.execute("update reference.definition set version = version - 1")
