"""Rules of plausibility: their category, the usual ranges they are held to, the runs that count."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

OURS = "this registry's choice"

# Analyte -> lower and upper end in its own unit: what lies outside is a slip rather than a child's.
USUAL_RANGES = {
    "CRP": ("0", "500", "mg/L"),
    "ESR": ("0", "150", "mm/h"),
    "WBC": ("0.5", "60", "10^9/L"),
    "HGB": ("30", "220", "g/L"),
    "HCT": ("10", "65", "%"),
    "PLT": ("40", "2000", "10^9/L"),
    "ALB": ("10", "60", "g/L"),
    "FCAL": ("0", "20000", "ug/g"),
}

# (key, value, unit, meaning, source)
LIMITS = (
    *(
        (f"usual_{end}_{analyte}", value, unit, f"{analyte} is usual {words}", OURS)
        for analyte, (low, high, unit) in USUAL_RANGES.items()
        for end, words, value in (("low", "from", low), ("high", "up to", high))
    ),
    # Haemoglobin and its like do not move tenfold from one sample to the next.
    *(
        (
            f"lab_fold_{analyte}",
            fold,
            "",
            f"The unit of {analyte} is doubted when it is so many times more or less than the last",
            OURS,
        )
        for analyte, fold in (("HGB", "3"), ("HCT", "3"), ("PLT", "7"), ("ALB", "3"))
    ),
    (
        "weight_jump_long",
        "50",
        "%",
        "A weight jumps beyond that when it differs by more than",
        OURS,
    ),
    (
        "weight_of_median_low",
        "30",
        "%",
        "Past ten years of age a weight is implausible below so much of the median",
        OURS,
    ),
    (
        "weight_of_median_high",
        "300",
        "%",
        "Past ten years of age a weight is implausible above so much of the median",
        OURS,
    ),
    ("dose_rounding", "10", "%", "A dose may be off the usual by rounding to vials by", OURS),
    ("oldest_years", "25", "years", "No child is older at any record than", OURS),
)


def upgrade() -> None:
    op.add_column("worklist_rule", sa.Column("category", sa.Text), schema="reference")
    # The rules of plausibility share a place.
    op.drop_constraint("uq_worklist_rule_place", "worklist_rule", schema="reference")
    limit = sa.table(
        "entry_limit",
        *(sa.column(name) for name in ("key", "value", "unit", "meaning", "source")),
        schema="reference",
    )
    names = [column.name for column in limit.columns]
    op.bulk_insert(limit, [dict(zip(names, row, strict=True)) for row in LIMITS])
    op.create_table(
        "quality_run",
        sa.Column("run_on", sa.Date, nullable=False),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("tried", sa.BigInteger, nullable=False),
        sa.Column("failed", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("run_on", "rule", name="pk_quality_run"),
        schema="derived",
    )


def downgrade() -> None:
    op.drop_table("quality_run", schema="derived")
    keys = ", ".join(f"'{key}'" for key, *_ in LIMITS)
    op.execute(f"delete from reference.entry_limit where key in ({keys})")
    # What the program wrote of its rules; the words of 0007 stay for the rules that it had.
    op.execute(
        "delete from reference.worklist_rule where category is not null and place = 110 "
        "and rule <> 'records_after_death'"
    )
    op.create_unique_constraint(
        "uq_worklist_rule_place", "worklist_rule", ["place"], schema="reference"
    )
    op.drop_column("worklist_rule", "category", schema="reference")
