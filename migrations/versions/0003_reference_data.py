"""Reference data: drug classes, units, trough thresholds, growth reference, two definitions."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

GROWTH = Path(__file__).parents[1] / "data" / "0003_growth_reference.csv"
GROWTH_ROWS = """
insert into reference.growth_reference
select * from jsonb_populate_recordset(
    cast(null as reference.growth_reference), cast(:rows as jsonb))
"""

DRUG_CLASSES = {
    "immunomodulator": ("azathioprine", "mercaptopurine", "methotrexate"),
    "glucocorticoid": (
        "prednisone",
        "prednisolone",
        "methylprednisolone",
        "budesonide",
        "hydrocortisone",
    ),
    "nutrition": ("EEN",),
    "biologic": (
        "adalimumab",
        "certolizumab",
        "golimumab",
        "vedolizumab",
        "ustekinumab",
        "risankizumab",
    ),
    "small_molecule": ("tofacitinib", "upadacitinib"),
    "other": ("thalidomide", "mesalazine"),
}

# (analyte, unit, own unit, factor)
UNITS = (
    ("CRP", "mg/L", "mg/L", 1),
    ("CRP", "mg/dL", "mg/L", 10),
    ("ESR", "mm/h", "mm/h", 1),
    ("WBC", "10^9/L", "10^9/L", 1),
    ("HGB", "g/L", "g/L", 1),
    ("HGB", "g/dL", "g/L", 10),
    ("HCT", "%", "%", 1),
    ("PLT", "10^9/L", "10^9/L", 1),
    ("ALB", "g/L", "g/L", 1),
    ("ALB", "g/dL", "g/L", 10),
    ("FCAL", "ug/g", "ug/g", 1),
)

# (timepoint, phenotype, purpose, ug/mL, source)
THRESHOLDS = (
    ("week_2", "any", "therapeutic", "29", "NASPGHAN 2025"),
    ("week_6", "any", "therapeutic", "18", "NASPGHAN 2025"),
    ("week_6", "remission_week_14", "remission at week 14", "8.3", "published cohort"),
    ("week_14", "any", "therapeutic", "5", "NASPGHAN 2025"),
    ("week_14", "perianal_fistulising", "therapeutic", "12.7", "published cohort"),
    ("maintenance", "any", "therapeutic", "5", "NASPGHAN 2025"),
)

PAPER = {
    "data_cut": "2023-12-31",
    "time_zero": "first_infusion",
    "exposure_tail_days": None,
    "baseline_window_days": 28,
    "week14_target_day": 98,
    "week14_from_day": 84,
    "week14_to_day": 112,
    "response_drop": "15",
    "remission_below": "10",
    "remission_overrides_drop": False,
    "lor_above": "15",
    "lor_requires_rise": False,
    "lor_confirmations": 1,
    "age_limit_years": 18,
    "required_infusions": 4,
    "induction_day_2": 14,
    "induction_day_3": 42,
    "induction_day_4": 98,
    "induction_tolerance_2": 7,
    "induction_tolerance_3": 14,
    "induction_tolerance_4": 28,
    "duration_origin": "onset",
    "duration_from_months": "6",
    "veo_before_years": 6,
    "dose_from_mg_per_kg": "7",
    "covariate_window_days": 30,
    "bmi_z_at_most": "-1",
    "severity_mild_from": "10",
    "severity_moderate_from": "30",
    "severity_severe_from": "40",
    "crp_above": "12",
    "esr_above": "20",
    "wbc_above": "10",
    "hb_below": "110",
    "plt_above": "400",
    "alb_below": "35",
    "im_min_days": 183,
    "trough_days_before": 2,
    "intensification_dose_mg_per_kg": "1",
    "intensification_interval_days": 7,
}

RECOMMENDED = PAPER | {
    "remission_overrides_drop": True,
    "lor_requires_rise": True,
    "exposure_tail_days": 56,
}


def table(name: str, *columns: str) -> sa.TableClause:
    """A table of the reference schema, for inserting."""
    return sa.table(name, *(sa.column(column) for column in columns), schema="reference")


def upgrade() -> None:
    op.bulk_insert(
        table("drug", "code", "drug_class"),
        [
            {"code": drug, "drug_class": drug_class}
            for drug_class, drugs in DRUG_CLASSES.items()
            for drug in drugs
        ],
    )
    op.bulk_insert(
        table("analyte_unit", "analyte", "unit", "own_unit", "factor"),
        [dict(zip(("analyte", "unit", "own_unit", "factor"), row, strict=True)) for row in UNITS],
    )
    op.bulk_insert(
        table(
            "tdm_threshold", "version", "timepoint", "phenotype", "purpose", "ifx_ug_ml", "source"
        ),
        [
            {
                "version": "2025",
                "timepoint": timepoint,
                "phenotype": phenotype,
                "purpose": purpose,
                "ifx_ug_ml": Decimal(limit),
                "source": source,
            }
            for timepoint, phenotype, purpose, limit, source in THRESHOLDS
        ],
    )
    with GROWTH.open(encoding="utf-8", newline="") as file:
        rows = json.dumps(list(csv.DictReader(file)))
    # In one statement: a thousand take as long as all the tables.
    op.get_bind().execute(sa.text(GROWTH_ROWS), {"rows": rows})
    definition("paper", "The rules as the published study states them", None, PAPER)
    definition(
        "recommended",
        "The rules of the study with its ambiguities resolved",
        "paper",
        RECOMMENDED,
    )


def definition(
    name: str, description: str, based_on: str | None, values: dict[str, object]
) -> None:
    """Inserts one definition; the server reads each value by the type of its column."""
    row = {"name": name, "description": description, "based_on": based_on} | values
    literals = ", ".join("null" if v is None else "'" + str(v) + "'" for v in row.values())
    op.execute(f"insert into reference.definition ({', '.join(row)}) values ({literals})")


def downgrade() -> None:
    for name in ("definition", "growth_reference", "tdm_threshold", "analyte_unit", "drug"):
        op.execute(f"delete from reference.{name}")
